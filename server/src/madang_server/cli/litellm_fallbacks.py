"""The fallbacks of a LiteLLM configuration in the form we keep them: per model, only to known ones, never in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Place = tuple[str | int, ...]
Said = tuple[Place, str]

_AFTER = {"context_window_fallbacks": "context_overflow", "content_policy_fallbacks": "policy_block"}
"""LiteLLM's lists for one kind of failure, and the class of failure that it is here."""


class Fallbacks(NamedTuple):
    """`plain` by alias, for every failure; `after` by class of failure and alias, in place of the plain ones; and what there
    is to say, each with its place."""

    plain: dict[str, list[str]]
    after: dict[str, dict[str, list[str]]]
    said: list[Said]


def fallbacks_of(sources: Sequence[tuple[Mapping[str, Any], str]], aliases: Sequence[str]) -> Fallbacks:
    """The fallbacks that are taken over. `sources`: settings and their section's name."""
    said: list[Said] = []
    plain = _kept(_wanted(sources, aliases, said), aliases, {}, said)
    after: dict[str, dict[str, list[str]]] = {}
    for key, kind in _AFTER.items():
        kept = _kept(_wanted_after(sources, key, said), aliases, plain, said)
        if kept:
            after[kind] = kept
    return Fallbacks(plain, after, said)


def _kept(
    wanted: Iterable[tuple[str, str, Place]],
    aliases: Sequence[str],
    otherwise: Mapping[str, Sequence[str]],
    said: list[Said],
) -> dict[str, list[str]]:
    """The wanted ones by alias, without those that go nowhere or back. `otherwise`: where models without any here lead."""
    chosen: dict[str, list[str]] = {}
    for alias, target, place in wanted:
        if alias not in aliases or target not in aliases:
            gone = alias if alias not in aliases else target
            said.append((place, f"fallback {alias!r} → {target!r} is left out: {gone!r} is not taken over"))
        elif target == alias or _leads_to(target, alias, {**otherwise, **chosen}):
            said.append(
                (place, f"fallback {alias!r} → {target!r} is left out: it would lead back to where it came from")
            )
        elif target not in chosen.setdefault(alias, []):
            chosen[alias].append(target)
    return chosen


def _wanted(
    sources: Sequence[tuple[Mapping[str, Any], str]], aliases: Sequence[str], said: list[Said]
) -> Iterator[tuple[str, str, Place]]:
    """Each fallback asked for, the models' own first, then the defaults for those that have none."""
    own: set[str] = set()
    defaults: list[tuple[str, Place]] = []
    for settings, section in sources:
        for alias, targets, index in _entries(settings.get("fallbacks")):
            place: Place = (section, "fallbacks", index)
            for target in targets:
                if not isinstance(target, str):
                    said.append((place, f"a fallback of {alias!r} with parameters of its own is left out"))
                elif alias == "*":
                    defaults.append((target, place))
                else:
                    own.add(alias)
                    yield alias, target, place
        given = settings.get("default_fallbacks")
        if isinstance(given, list):
            defaults += [(target, (section, "default_fallbacks")) for target in given if isinstance(target, str)]
    targets_of_defaults = {target for target, _ in defaults}
    for alias in aliases:
        if alias not in own and alias not in targets_of_defaults:
            for target, place in defaults:
                yield alias, target, place


def _wanted_after(
    sources: Sequence[tuple[Mapping[str, Any], str]], key: str, said: list[Said]
) -> Iterator[tuple[str, str, Place]]:
    """Each fallback of one of LiteLLM's lists for one kind of failure."""
    for settings, section in sources:
        for alias, targets, index in _entries(settings.get(key)):
            place: Place = (section, key, index)
            for target in targets:
                if isinstance(target, str) and alias != "*":
                    yield alias, target, place
                else:
                    said.append((place, f"a fallback of {alias!r} in {key} is left out: name two models"))


def _entries(value: Any) -> Iterator[tuple[str, list[Any], int]]:
    """(alias, targets, index) of a list such as [{"gpt-4o": ["gpt-4o-mini"]}]."""
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if isinstance(entry, dict):
            for alias, targets in entry.items():
                yield str(alias), targets if isinstance(targets, list) else [targets], index


def _leads_to(start: str, goal: str, chosen: Mapping[str, Sequence[str]]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        alias = waiting.pop()
        if alias == goal:
            return True
        if alias not in seen:
            seen.add(alias)
            waiting.extend(chosen.get(alias, ()))
    return False
