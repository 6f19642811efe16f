"""Keeps responses that a translated vendor gave, and goes on with them where a call names one as its previous response.

OpenAI and Azure keep their responses themselves: what is theirs passes untouched, and is not kept here.
"""

import asyncio
import logging
from typing import Any, Protocol

import msgspec

from madang.calls.event import Event, Extra
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.providers.dialects.call import OUR_RESPONSE, is_native
from madang_server.gateway.asgi import JSON, Headers
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import KeyHolder
from madang_server.responses.store import KeptResponse

LARGEST_KEPT = 8 * 2**20  # bytes of conversation and answer together
_KEEPS_WITHIN_S = 5.0

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
Json = dict[str, Any]


class ResponseKeeper(Protocol):
    """Where responses are kept, by project."""

    async def keep(self, project_id: str, response_id: str, kept: KeptResponse) -> None: ...

    async def find(self, project_id: str, response_id: str) -> KeptResponse | None: ...

    async def forget(self, project_id: str, response_id: str) -> bool: ...


def with_memory(call: Call, keeper: ResponseKeeper) -> Call:
    """`call` for responses. The conversation of a previous response of ours is put before the input."""

    async def remembered(request: Request) -> Reply:
        request = await _continued(request, keeper)
        reply = await call(request)
        if request.body.get("store") is False or is_native("responses", reply.target):
            return reply
        return reply.with_events(_kept(reply.events, request, keeper))

    return remembered


async def _continued(request: Request, keeper: ResponseKeeper) -> Request:
    """The request with the whole conversation as its input, where we keep it. Raises CallFailed for one that is gone."""
    previous = request.body.get("previous_response_id")
    if not isinstance(previous, str) or not previous.startswith(OUR_RESPONSE):
        return msgspec.structs.replace(request, continues="")
    try:
        kept = await keeper.find(request.caller.project_id, previous)
    except Exception as error:  # noqa: BLE001 - the database is away: the caller is told what still works
        _log.warning("A kept response could not be read: %s", type(error).__name__)
        raise CallFailed(
            "Kept responses cannot be read at the moment. Send the conversation as input, or try again later.",
            reason="server_error",
            status=503,
            trace_id=request.caller.trace_id,
        ) from None
    if kept is None:
        raise CallFailed(
            f"There is no response {previous[:80]!r} in this project; it was deleted, is older than 30 days, or was not "
            "stored. Send the conversation as input.",
            reason="invalid_request",
            status=400,
            code="previous_response_not_found",
            param="previous_response_id",
            trace_id=request.caller.trace_id,
        )
    said = _decode(kept.response)["output"]
    body = {**request.body, "input": [*_decode(kept.input), *said, *_items(request.body.get("input"))]}
    del body["previous_response_id"]
    return msgspec.structs.replace(request, body=body, continues=previous)


async def _kept(events: Events, request: Request, keeper: ResponseKeeper) -> Events:
    try:
        async for event in events:
            response = _response_in(event, is_stream=request.is_stream)
            if response is not None:
                await _keep(response, request, keeper)
            yield event
    finally:
        await events.aclose()


def _response_in(event: Event, *, is_stream: bool) -> Json | None:
    """The whole response, where this event has it."""
    if not is_stream:
        found = _decode(event.raw)
        return found if isinstance(found, dict) else None
    for part in event.parts:
        if isinstance(part, Extra) and "response" in part.fields:
            response: Json = part.fields["response"]
            return response
    return None


async def _keep(response: Json, request: Request, keeper: ResponseKeeper) -> None:
    given = _encode(_items(request.body.get("input")))
    answer = _encode(response)
    if len(given) + len(answer) > LARGEST_KEPT:
        _log.warning("A response of more than %d MB was not kept", LARGEST_KEPT >> 20)
        return
    try:
        async with asyncio.timeout(_KEEPS_WITHIN_S):
            await keeper.keep(request.caller.project_id, str(response["id"]), KeptResponse(given, answer))
    except Exception as error:  # noqa: BLE001 - the answer is there and goes out; only going on with it will be refused
        _log.warning("A response was not kept: %s", type(error).__name__)


def _items(given: Any) -> list[Any]:
    """Input as a list of items."""
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}]
    return given if isinstance(given, list) else []


async def serve_kept(method: str, path: str, holder: KeyHolder, keeper: ResponseKeeper) -> tuple[int, Headers, bytes]:
    """GET and DELETE of /v1/responses/{id}, GET of its /input_items. Raises Refused(404, 405)."""
    response_id, _, below = path.removeprefix("/v1/responses/").partition("/")
    if below not in ("", "input_items") or (below and method != "GET"):
        raise Refused(404, f"There is no {method} {path[:200]} here.", code="unknown_url")
    if method not in ("GET", "DELETE"):
        raise Refused(405, f"{method} is not allowed on {path[:200]}; use GET or DELETE.", code="method_not_allowed")
    project_id = holder.project.project_id
    if method == "DELETE":
        if not await keeper.forget(project_id, response_id):
            raise _gone(response_id)
        return 200, [JSON], _encode({"id": response_id, "object": "response", "deleted": True})
    kept = await keeper.find(project_id, response_id)
    if kept is None:
        raise _gone(response_id)
    if not below:
        return 200, [JSON], kept.response
    items = [_named(item, response_id, number) for number, item in enumerate(_decode(kept.input))][::-1]
    ends = {"first_id": items[0]["id"], "last_id": items[-1]["id"]} if items else {"first_id": None, "last_id": None}
    return 200, [JSON], _encode({"object": "list", "data": items, "has_more": False, **ends})


def _named(item: Json, response_id: str, number: int) -> Json:
    """An item as OpenAI lists it: with an id, and its content as parts."""
    kind = item.get("type") or "message"
    name = item.get("id") or f"item_{response_id.removeprefix('resp_')}_{number}"
    content = item.get("content")
    if kind == "message" and isinstance(content, str):
        piece = "output_text" if item.get("role") == "assistant" else "input_text"
        item = {**item, "content": [{"type": piece, "text": content}]}
    return {**item, "type": kind, "id": name}


def _gone(response_id: str) -> Refused:
    return Refused(
        404,
        f"There is no response {response_id[:80]!r} kept here. Responses that OpenAI or Azure answered are kept by them; "
        "others for 30 days, unless 'store' was false.",
        code="response_not_found",
    )
