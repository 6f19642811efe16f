"""Takes a description of a project's credentials and models and makes the project match it, wholly or not at all; gives the
description of one that is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from madang.calls.operation import VENDORS, Vendor
from madang_server.accounts.problems import Invalid, Problem
from madang_server.accounts.randomness import new_id
from madang_server.credentials import store as credentials
from madang_server.credentials.cipher import WrongSecretKey
from madang_server.credentials.store import Credential, Wanted
from madang_server.http.access import ProjectKey
from madang_server.http.database import Reading, Transaction
from madang_server.http.surroundings import Around, Now, Surroundings
from madang_server.models import store as models
from madang_server.models.project_duplicates import DuplicateRules as StoredRules
from madang_server.models.project_duplicates import duplicate_rules, set_duplicate_rules
from madang_server.models.project_routing import policy_block_vendors, set_policy_block_vendors
from madang_server.models.routing_rules import check_fallbacks, tidy_block_vendors
from madang_server.models.rules import tidy_model
from madang_server.studio.apply_plan import Difference, compare, is_same_credential
from madang_server.studio.credentials import NewCredential, facts_of, sealing_of
from madang_server.studio.duplicates import DuplicateRulesInput
from madang_server.studio.models import ModelInput, shown, wanted
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(tags=["apply"])


class ApplyDocument(Sent):
    """What the project shall have. With `prune`, what is not named here is removed; with `dry_run`, nothing is changed.

    Without `policy_block_vendors` or `duplicates` the project's stay as they are; see `ProjectRouting` and `DuplicateRules`.
    """

    credentials: list[NewCredential] = Field(default=[], max_length=500)
    models: list[ModelInput] = Field(default=[], max_length=500)
    policy_block_vendors: list[Vendor] | None = None
    duplicates: DuplicateRulesInput | None = None
    prune: bool = False
    dry_run: bool = False


class ApplyReport(Shown):
    """Each entry reads like "model gpt-4o", "credential openai" or "setting policy_block_vendors"."""

    created: list[str]
    changed: list[str]
    unchanged: list[str]
    removed: list[str]


@router.post("/apply")
def apply(body: ApplyDocument, access: ProjectKey, around: Around, now: Now, writing: Transaction) -> ApplyReport:
    """Make the project match the document. Sent twice, the second time changes nothing."""
    _refuse_double([one.name.strip() for one in body.credentials], "credentials", "name")
    _refuse_double([one.alias for one in body.models], "models", "alias")
    savepoint = writing.begin_nested()
    of_credentials = _apply_credentials(body, access.project_id, around, now, writing)
    of_models = _apply_models(body, access.project_id, around, now, writing)
    _remove_credentials(of_credentials, access.project_id, writing)
    of_settings = _apply_settings(body, access.project_id, now, writing)
    if body.dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    return ApplyReport(
        created=_named(of_credentials.created, of_models.created, of_settings.created),
        changed=_named(of_credentials.changed, of_models.changed, of_settings.changed),
        unchanged=_named(of_credentials.unchanged, of_models.unchanged, of_settings.unchanged),
        removed=_named(of_credentials.removed, of_models.removed, of_settings.removed),
    )


@router.get("/apply", response_model_exclude_defaults=True)
def describe_project(access: ProjectKey, reading: Reading) -> ApplyDocument:
    """What the project has, as a document that changes nothing when it is applied. Keys are never in it."""
    known = credentials.credentials_of(reading, access.project_id)
    names = {one.id: one.name for one in known}
    allowed = policy_block_vendors(reading, access.project_id)
    return ApplyDocument(
        credentials=[
            NewCredential(name=one.name, vendor=one.vendor, base_url=one.base_url, api_version=one.api_version)
            for one in known
        ],
        models=[
            ModelInput.model_validate(shown(one, names, {}).model_dump())
            for one in models.models_of(reading, access.project_id)
        ],
        policy_block_vendors=[vendor for vendor in VENDORS if vendor in allowed],
        duplicates=DuplicateRulesInput.model_validate(asdict(duplicate_rules(reading, access.project_id))),
    )


def _apply_credentials(
    body: ApplyDocument, project_id: str, around: Surroundings, now: datetime, writing: Transaction
) -> Difference:
    before = {one.name: one for one in credentials.credentials_of(writing, project_id)}
    asked: dict[str, Wanted] = {}
    for index, sent in enumerate(body.credentials):
        has_key = sent.name.strip() in before and before[sent.name.strip()].has_key
        with _about(f"Credential {sent.name!r}", f"credentials.{index}"):
            ready = credentials.tidy(Wanted(**sent.model_dump()), has_key=has_key)
            asked[ready.name] = ready
    stored = {name: _as_wanted(one, around, writing) for name, one in before.items()}
    difference = compare(stored, asked, is_same_credential, prune=body.prune)
    for index, (name, ready) in enumerate(asked.items()):
        with _about(f"Credential {name!r}", f"credentials.{index}"):
            if name in difference.created:
                made_id = new_id(around.random_bytes)
                credentials.add_credential(
                    writing, project_id, ready, credential_id=made_id, sealing=sealing_of(around), now=now
                )
            elif name in difference.changed:
                credentials.change_credential(
                    writing, project_id, before[name].id, ready, sealing=sealing_of(around), now=now
                )
    return difference


def _as_wanted(one: Credential, around: Surroundings, writing: Transaction) -> Wanted:
    """A stored credential in the form it can be compared in."""
    try:
        api_key = credentials.opened(writing, one.project_id, one.id, around.cipher).api_key
    except WrongSecretKey:
        # Sending the key again is the way out of this, so it must count as different from any key.
        api_key = ""
    return Wanted(name=one.name, vendor=one.vendor, base_url=one.base_url, api_version=one.api_version, api_key=api_key)


def _apply_models(
    body: ApplyDocument, project_id: str, around: Surroundings, now: datetime, writing: Transaction
) -> Difference:
    known = credentials.credentials_of(writing, project_id)
    facts = facts_of(known)
    ids = {one.name: one.id for one in known}
    before = {one.alias: one for one in models.models_of(writing, project_id)}
    asked = {}
    for index, sent in enumerate(body.models):
        with _about(f"Model {sent.alias!r}", f"models.{index}"):
            asked[sent.alias] = tidy_model(wanted(sent, ids), facts)
    difference = compare(before, asked, lambda old, new: old == new, prune=body.prune)
    kept = [one for alias, one in before.items() if alias not in difference.removed and alias not in asked]
    check_fallbacks([*kept, *asked.values()])
    if difference.created or difference.changed or difference.removed:
        models.write_models(
            writing,
            project_id,
            changed=[asked[alias] for alias in difference.changed],
            added={new_id(around.random_bytes): asked[alias] for alias in difference.created},
            removed=difference.removed,
            now=now,
        )
    models.check_project(writing, project_id, facts)
    return difference


def _apply_settings(body: ApplyDocument, project_id: str, now: datetime, writing: Transaction) -> Difference:
    before: dict[str, object] = {
        "policy_block_vendors": policy_block_vendors(writing, project_id),
        "duplicates": duplicate_rules(writing, project_id),
    }
    asked: dict[str, object] = {}
    if body.policy_block_vendors is not None:
        asked["policy_block_vendors"] = tidy_block_vendors(body.policy_block_vendors)
    rules = None if body.duplicates is None else StoredRules(**body.duplicates.model_dump())
    if rules is not None:
        asked["duplicates"] = rules
    difference = compare(before, asked, lambda old, new: old == new, prune=False)
    if body.policy_block_vendors is not None and "policy_block_vendors" in difference.changed:
        set_policy_block_vendors(writing, project_id, body.policy_block_vendors, now=now)
    if rules is not None and "duplicates" in difference.changed:
        with _about("Setting 'duplicates'", "duplicates"):
            set_duplicate_rules(writing, project_id, rules, now=now)
    return difference


def _remove_credentials(difference: Difference, project_id: str, writing: Transaction) -> None:
    using = models.aliases_by_credential(writing, project_id)
    for one in credentials.credentials_of(writing, project_id):
        if one.name in difference.removed:
            credentials.remove_credential(writing, project_id, one.id, used_by=using.get(one.id, []))


@contextmanager
def _about(what: str, where: str) -> Iterator[None]:
    """Names the entry of the document in a problem that only knows the field."""
    try:
        yield
    except Problem as problem:
        param = where if problem.param is None else f"{where}.{problem.param}"
        raise type(problem)(f"{what}: {problem.message}", param=param, code=problem.code) from None


def _refuse_double(names: Sequence[str], where: str, param: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Invalid(f"{name!r} is described twice.", param=f"{where}.{index}.{param}")


def _named(of_credentials: Sequence[str], of_models: Sequence[str], of_settings: Sequence[str]) -> list[str]:
    return [
        *(f"credential {name}" for name in of_credentials),
        *(f"model {alias}" for alias in of_models),
        *(f"setting {name}" for name in of_settings),
    ]
