"""`POST /api/explain`: where a call with this key would go now, and why. Nobody is called."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from madang.calls.operation import OPERATIONS
from madang.calls.request import Request
from madang.calls.target import FEATURES
from madang.errors import ConfigError
from madang.routing.books import Books
from madang.routing.explain import explain
from madang.routing.needs import needs_of
from madang.routing.override import overridden
from madang.routing.rank import Sight
from madang_server.gateway.asgi import JSON, Headers
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import Project

_LONGEST_PROMPT = 10**9  # tokens; far above any model's


def explain_call(project: Project, books: Books, now: float, raw: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body. Raises Refused."""
    try:
        wish = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        wish = None
    if not isinstance(wish, dict):
        raise Refused(400, 'Send a JSON object such as {"model": "gpt-4o"}.', code="invalid_json")
    return 200, [JSON], msgspec.json.encode(explanation(project, books, now, wish))


def explanation(project: Project, books: Books, now: float, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Where a call would go, as JSON values.

    `wish`: `model`; optionally `operation`, `stream`, `messages`, `tools`, `response_format` as in the call itself,
    `features` (vision, tools, …) and `prompt_tokens` instead of messages, `session_id`, `user_id`, and `routing` as in
    `x-madang-routing`. Raises Refused.
    """
    model, operation = wish.get("model"), wish.get("operation", "chat")
    if not isinstance(model, str) or model not in project.routes:
        known = ", ".join(project.aliases[:20]) or "none yet"
        raise Refused(
            404, f"Model {str(model)[:200]!r} is not set up in this project. Known models: {known}.",
            code="model_not_found", param="model",
        )  # fmt: skip
    if operation not in OPERATIONS:
        raise Refused(
            400, f"'operation' must be one of {', '.join(OPERATIONS)}.", code="invalid_type", param="operation"
        )
    features, prompt_tokens = _needs(wish)
    route = project.routes[model]
    routing = wish.get("routing") or {}
    if not isinstance(routing, dict):
        raise Refused(400, "'routing' must be an object.", code="invalid_type", param="routing")
    try:
        route = overridden(route, routing, project.routes)
    except ConfigError as error:
        raise Refused(400, str(error), code="invalid_routing", param="routing") from None
    needs = needs_of(Request(operation, route, dict(wish), b"", deadline=0.0))
    needs = needs._replace(
        features=needs.features | features, prompt_tokens=prompt_tokens if prompt_tokens else needs.prompt_tokens
    )
    sticky_by = route.policy.sticky_by
    sticky_key = "" if sticky_by == "none" else str(wish.get(f"{sticky_by}_id") or "")
    sight = Sight(books, now, wish.get("stream") is True, needs, sticky_key)
    return asdict(explain(route, sight))


def _needs(wish: Mapping[str, Any]) -> tuple[frozenset[Any], int]:
    features, prompt_tokens = wish.get("features") or [], wish.get("prompt_tokens") or 0
    if not isinstance(features, list) or not all(feature in FEATURES for feature in features):
        raise Refused(
            400, f"'features' must be a list of {', '.join(FEATURES)}.", code="invalid_type", param="features"
        )
    if not isinstance(prompt_tokens, int) or not 0 <= prompt_tokens <= _LONGEST_PROMPT:
        raise Refused(400, "'prompt_tokens' must be a number of tokens.", code="invalid_type", param="prompt_tokens")
    return frozenset(features), prompt_tokens
