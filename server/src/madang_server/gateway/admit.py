"""Letting a request in: whose key it is, what was asked, and in which context; everything wrong gets a clear refusal."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.clock import new_trace_id
from madang.calls.files import without_bytes
from madang.calls.operation import Operation, is_stream_asked
from madang.calls.request import Caller, Request, Upload
from madang.calls.target import Route
from madang.errors import ConfigError
from madang.routing.override import overridden
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import KeyHolder, Snapshot
from madang_server.models.rules import LONGEST_CACHE_TTL_S

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_ENVIRONMENT = re.compile(r"[a-z0-9_-]{1,40}")
_CACHE_TTL = re.compile(rb"ttl=(\d{1,9}(?:\.\d{1,3})?)")
_LONGEST_LABEL = 200
MODERATION_MODEL = "omni-moderation-latest"
"""What OpenAI takes where a request for moderation names none."""

_NO_TRACE = "0" * 32


def admitted(snapshot: Snapshot, headers: Mapping[bytes, bytes]) -> KeyHolder:
    """The holder of the request's key, given as Bearer secret, as Basic public:secret, as Azure's `api-key`
    or Anthropic's `x-api-key`.

    Raises Refused(401).
    """
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    public, secret = b"", headers.get(b"api-key") or headers.get(b"x-api-key", b"")
    if scheme.lower() == b"bearer":
        secret = given.strip()
    elif scheme.lower() == b"basic":
        public, secret = _basic(given)
    if not secret:
        raise Refused(401, "Send your project's secret key as 'Authorization: Bearer sk-md-…'.", code="missing_api_key")
    holder = snapshot.holder_of(secret)
    if holder is None or (public and public != holder.public_key.encode()):
        hint = " This is a public key; send the secret one (sk-md-…)." if secret.startswith(b"pk-") else ""
        raise Refused(
            401,
            f"This API key is unknown or was revoked.{hint} Create one on the API keys page.",
            code="invalid_api_key",
        )
    return holder


def _basic(given: bytes) -> tuple[bytes, bytes]:
    try:
        public, _, secret = base64.b64decode(given, validate=True).partition(b":")
    except binascii.Error:
        return b"", b""
    return public, secret


def read_request(
    operation: Operation,
    holder: KeyHolder,
    headers: Mapping[bytes, bytes],
    raw: bytes,
    now: float,
    form: dict[str, Any] | None = None,
) -> Request:
    """The call that was asked for; `form` has its fields where `raw` is not JSON. Raises Refused with what is wrong and
    what would be right.
    """
    body = _json_object(raw) if form is None else form
    if operation == "moderations":
        body.setdefault("model", MODERATION_MODEL)
    route = _route(holder, body.get("model"))
    wishes = headers.get(b"x-madang-routing")
    if wishes is not None:
        route = _overridden(route, wishes, holder)
    _check(operation, body)
    betas = headers.get(b"anthropic-beta")
    if betas is not None and operation in ("messages", "count_tokens"):
        body["betas"] = [beta.strip() for beta in betas.decode("latin-1").split(",") if beta.strip()]
    options = body.get("stream_options")
    return Request(
        operation=operation,
        route=route,
        body=body,
        raw=raw if form is None else _encode(without_bytes(form)),
        deadline=now + route.timeout_s,
        caller=caller_of(holder, headers, body),
        is_stream=is_stream_asked(operation, body),
        wants_usage=isinstance(options, dict) and options.get("include_usage") is True,
        cache_ttl_s=_cache_ttl_s(headers),
    )


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        body = _decode(raw)
    except RecursionError:
        raise Refused(400, "The request's JSON is nested too deeply.", code="invalid_json") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(400, "The request's body is not valid JSON in UTF-8.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise Refused(400, "The request's body must be a JSON object.", code="invalid_json")
    return body


def _route(holder: KeyHolder, model: Any) -> Route:
    if not isinstance(model, str) or not model:
        raise Refused(400, "Name a model: 'model' must be a string.", code="missing_model", param="model")
    route = holder.project.routes.get(model)
    if route is None:
        known = ", ".join(holder.project.aliases[:20]) or "none yet; add one on the Models page"
        raise Refused(
            404,
            f"Model {model[:_LONGEST_LABEL]!r} is not set up in this project. Known models: {known}.",
            code="model_not_found",
            param="model",
        )
    return route


def _overridden(route: Route, wishes: bytes, holder: KeyHolder) -> Route:
    """The route as this call wants it."""
    try:
        read = _decode(wishes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Refused(
            400, 'x-madang-routing must be a JSON object such as {"strategy": "latency"}.', code="invalid_routing"
        )
    try:
        return overridden(route, read, holder.project.routes)
    except ConfigError as error:
        raise Refused(400, str(error), code="invalid_routing") from None


def _cache_ttl_s(headers: Mapping[bytes, bytes]) -> float | None:
    """For how many seconds this call lets an answer be given again; None leaves it to the model."""
    if b"x-madang-no-cache" in headers:
        return 0.0
    given = headers.get(b"x-madang-cache")
    if given is None:
        return None
    found = _CACHE_TTL.fullmatch(given.strip())
    if found is None or not 0 < float(found[1]) <= LONGEST_CACHE_TTL_S:
        raise Refused(
            400,
            f"Send 'x-madang-cache: ttl=SECONDS', with up to {LONGEST_CACHE_TTL_S:.0f} seconds, or x-madang-no-cache.",
            code="invalid_cache",
        )
    return float(found[1])


def _check(operation: Operation, body: dict[str, Any]) -> None:
    match operation:
        case "chat" | "messages" | "count_tokens":
            messages = body.get("messages")
            if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
                raise _mistyped("messages", "must be a list of at least one message")
        case "responses":
            if not isinstance(body.get("input"), str | list | None):
                raise _mistyped("input", "must be a text or a list of items")
        case "rerank":
            if not isinstance(body.get("query"), str):
                raise _mistyped("query", "must be a text")
            documents = body.get("documents")
            if not isinstance(documents, list) or not documents:
                raise _mistyped("documents", "must be a list of at least one document")
            if not all(isinstance(document, str | dict) for document in documents):
                raise _mistyped("documents", "must be texts, or objects with a text each")
            top_n = body.get("top_n")
            if top_n is not None and (type(top_n) is not int or top_n < 1):  # a bool is an int too
                raise _mistyped("top_n", "must be a whole number of at least 1")
        case "embeddings" | "moderations":
            if not isinstance(body.get("input"), str | list):
                raise _mistyped("input", "must be a text or a list of texts")
        case "speech":
            if not isinstance(body.get("input"), str):
                raise _mistyped("input", "must be a text")
        case "images" | "image_edits":
            if not isinstance(body.get("prompt"), str):
                raise _mistyped("prompt", "must be a text")
        case "transcription" | "translation":
            if not isinstance(body.get("file"), Upload):
                raise _mistyped("file", "must be a file; send the request as multipart/form-data")
    if not isinstance(body.get("stream", False), bool | None):
        raise Refused(400, "'stream' must be true or false.", code="invalid_type", param="stream")
    options = body.get("stream_options")
    if not isinstance(options, dict | None):
        raise Refused(400, "'stream_options' must be an object.", code="invalid_type", param="stream_options")
    if options and not isinstance(options.get("include_usage"), bool | None):
        param = "stream_options.include_usage"
        raise Refused(400, f"{param!r} must be true or false.", code="invalid_type", param=param)


def _mistyped(param: str, right: str) -> Refused:
    return Refused(400, f"{param!r} {right}.", code="invalid_type", param=param)


def caller_of(holder: KeyHolder, headers: Mapping[bytes, bytes], body: dict[str, Any]) -> Caller:
    """Who calls, and in what context, as headers and body say."""
    trace_id, parent = _trace_of(headers)
    environment = _label(headers, b"x-madang-environment")
    tags = _label(headers, b"x-madang-tags")
    user = _label(headers, b"x-madang-user-id") or _text(body.get("user")) or _anthropic_user(body)
    return Caller(
        project_id=holder.project.project_id,
        key_id=holder.public_key,
        trace_id=trace_id,
        parent_span_id=parent,
        session_id=_label(headers, b"x-madang-session-id"),
        user_id=user,
        release=_label(headers, b"x-madang-release"),
        environment=environment if _ENVIRONMENT.fullmatch(environment) else "default",
        tags=tuple(tag.strip() for tag in tags.split(",") if tag.strip())[:50] if tags else (),
        client_retry=_client_retry(headers),
    )


def _client_retry(headers: Mapping[bytes, bytes]) -> int:
    """How many times the client says it has asked before, as the official clients of OpenAI and Anthropic do."""
    told = headers.get(b"x-stainless-retry-count", b"0")
    return int(told) if told.isdigit() and len(told) <= 3 else 0


def _anthropic_user(body: dict[str, Any]) -> str:
    metadata = body.get("metadata")
    return _text(metadata.get("user_id")) if isinstance(metadata, dict) else ""


def _trace_of(headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    """Trace id and parent span id: of W3C's `traceparent`, else of our own header, else new."""
    given = headers.get(b"traceparent")
    if given is not None:
        found = _TRACEPARENT.fullmatch(given.decode("latin-1").strip().lower())
        if found and found[1] != _NO_TRACE:
            return found[1], found[2]
    own = headers.get(b"x-madang-trace-id")
    if own is not None:
        wanted = own.decode("latin-1").replace("-", "").lower()
        if _TRACE_ID.fullmatch(wanted) and wanted != _NO_TRACE:
            return wanted, ""
    return new_trace_id(), ""


def _label(headers: Mapping[bytes, bytes], name: bytes) -> str:
    value = headers.get(name)
    return value.decode("utf-8", errors="replace").strip()[:_LONGEST_LABEL] if value else ""


def _text(value: Any) -> str:
    return value[:_LONGEST_LABEL] if isinstance(value, str) else ""
