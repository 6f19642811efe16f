"""What the SDK asks for with its one key: the project's models with their routing, and vendor credentials on lease.

A lease ends after a quarter of an hour, so a revoked key stops working in an application soon after. Vendors that only
know long-lived keys get no protection beyond that: the lease is then the key itself, kept in memory only.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from madang.calls.target import AMOUNTS, Price, Route, Target
from madang_server.gateway.asgi import JSON, Headers
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import Project

LEASE_S = 900

_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode = msgspec.json.Decoder().decode


def sdk_config(project: Project, if_none_match: bytes) -> tuple[int, Headers, bytes]:
    """The project's models as JSON with an ETag; 304 without a body when the caller has this version already."""
    body = _encode({"project_id": project.project_id, "models": _models(project)})
    tag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    headers: Headers = [JSON, (b"etag", tag), (b"cache-control", b"no-store")]
    return (304, headers, b"") if if_none_match == tag else (200, headers, body)


def described_models(project: Project | None) -> list[dict[str, Any]]:
    """The project's models as plain JSON values; none for a project that the Gateway does not know."""
    found: list[dict[str, Any]] = [] if project is None else _decode(_encode(_models(project)))
    return found


def lease_credentials(project: Project, raw: bytes, now: datetime) -> tuple[int, Headers, bytes]:
    """Keys for the credentials asked for, with the time until which they may be used. Raises Refused."""
    try:
        asked = _decode(raw)
        ids = asked["credential_ids"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        raise Refused(400, "Send {'credential_ids': [...]} as JSON.", code="invalid_json") from None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Refused(400, "'credential_ids' must be a list of ids.", code="invalid_type", param="credential_ids")
    expires_at = (now + timedelta(seconds=LEASE_S)).isoformat().replace("+00:00", "Z")
    leases: dict[str, Any] = {}
    for credential_id in ids:
        credential = project.credentials.get(credential_id)
        if credential is None:
            raise Refused(
                404, "There is no such credential in this project.", code="credential_not_found", param="credential_ids"
            )
        leases[credential_id] = {"api_key": credential.api_key or "", "expires_at": expires_at}
    return 200, [JSON, (b"cache-control", b"no-store")], _encode({"credentials": leases})


def _models(project: Project) -> list[dict[str, Any]]:
    return [_model(project.routes[alias]) for alias in project.aliases]


def _model(route: Route) -> dict[str, Any]:
    return {
        "name": route.model,
        "retries": route.retries,
        "timeout_s": route.timeout_s,
        "connect_timeout_s": route.connect_timeout_s,
        "first_token_timeout_s": route.first_token_timeout_s,
        "answer_timeout_s": route.answer_timeout_s,
        "idle_timeout_s": route.idle_timeout_s,
        "cache_ttl_s": route.cache_ttl_s,
        "fallbacks": [fallback.model for fallback in route.fallbacks],
        "after": {kind: [fallback.model for fallback in routes] for kind, routes in route.after.items()},
        "policy": route.policy,
        "targets": [_target(target) for target in route.targets],
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "vendor": target.vendor,
        "vendor_model": target.vendor_model,
        "base_url": target.base_url,
        "api_version": target.api_version,
        "region": target.region,
        "weight": target.weight,
        "order": target.order,
        "price": None if target.price is None else _price(target.price),
        "is_simulated": target.is_simulated,
        "credential_id": target.credential_id,
        "context_window": target.context_window,
        "max_output_tokens": target.max_output_tokens,
        "supports": None if target.supports is None else sorted(target.supports),
    }


def _price(price: Price) -> dict[str, Any]:
    described: dict[str, Any] = {"input": None, "output": None, "cached_input": None}  # always there, as SDKs expect
    described.update({name: amount for name in AMOUNTS if (amount := getattr(price, name)) is not None})
    described["source"] = price.source
    described["tiers"] = [{"above_input_tokens": above} | _price(tier) for above, tier in price.tiers]
    return described
