"""Takes out of a request what we put into an answer of another vendor, before it goes to one that speaks the language.

Such a vendor would refuse thoughts that it cannot verify. Everything else of the request stays as the caller wrote it.
"""

from typing import Any

import msgspec

from madang.calls.request import Request
from madang.providers.dialects.carried import MARK, Carried, opened
from madang.providers.dialects.responses_answer import OUR_REASONING

Json = dict[str, Any]
_MARK = MARK.encode()


def without_ours(request: Request) -> Request:
    """The same request where nothing of ours is in it."""
    match request.operation:
        case "responses":
            return _with(request, "input", _items)
        case "messages" | "count_tokens" if _MARK in request.raw:
            return _with(request, "messages", _messages)
        case _:
            return request


def _with(request: Request, name: str, cleaned: Any) -> Request:
    given = request.body.get(name)
    if not isinstance(given, list):
        return request
    kept = cleaned(given)
    return request if kept == given else msgspec.structs.replace(request, body={**request.body, name: kept})


def _items(items: list[Any]) -> list[Any]:
    return [item for item in items if not (isinstance(item, dict) and _is_our_reasoning(item))]


def _is_our_reasoning(item: Json) -> bool:
    return item.get("type") == "reasoning" and str(item.get("id") or "").startswith(OUR_REASONING)


def _messages(messages: list[Any]) -> list[Any]:
    cleaned = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, list) or message.get("role") != "assistant":
            cleaned.append(message)
            continue
        blocks = [block for block in content if _sealed_in(block) is None]
        if blocks or not content:
            cleaned.append({**message, "content": blocks})
    return cleaned


def _sealed_in(block: Any) -> Carried | None:
    if not isinstance(block, dict):
        return None
    match block.get("type"):
        case "thinking":
            return opened(block.get("signature"))
        case "redacted_thinking":
            return opened(block.get("data"))
    return None
