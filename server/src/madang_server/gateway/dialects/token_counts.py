"""How many tokens a prompt in Anthropic's shape has: as Anthropic counts them, or else nearly, by us.

An estimate asks nobody: it is no attempt, leaves no trace, and tells nothing of a deployment's health or speed.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.event import Event
from madang.calls.policy import CLASS_OF
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.text_size import BYTES_PER_TOKEN, text_bytes
from madang.errors import CallFailed
from madang.providers.dialects.call import is_native

ESTIMATED: Mapping[str, str] = {"x-madang-estimated": "true"}

# Anthropic counts (width x height) / 750, at most about 1,600 for a picture; a page of a PDF is of that order too.
_FILE_TOKENS = 1_600
_MESSAGE_TOKENS = 4  # around every message
_FILES = ("image", "document")


def with_estimates(call: Call) -> Call:
    """`call` for counting tokens: it is asked where a deployment's vendor counts, and we estimate where none does or can."""

    async def counted(request: Request) -> Reply:
        route = request.route
        counting = tuple(target for target in route.targets if is_native("count_tokens", target))
        if counting:
            asked = dataclasses.replace(route, targets=counting, fallbacks=(), after={})
            try:
                return await call(msgspec.structs.replace(request, route=asked))
            except CallFailed as failure:
                if failure.reason not in CLASS_OF:
                    raise
        elif not route.targets:
            return await call(request)  # which says what is missing
        return _estimate(request)

    return counted


def _estimate(request: Request) -> Reply:
    raw = msgspec.json.encode({"input_tokens": estimated_tokens(request.body)})

    async def events() -> Events:
        yield Event(raw)

    return Reply(200, ESTIMATED, "application/json", events(), request.route.targets[0])


def estimated_tokens(body: Mapping[str, Any]) -> int:
    """Of `system`, `messages` and `tools` together; files by a flat rate, because only their vendor can tell."""
    messages = body.get("messages")
    listed = messages if isinstance(messages, list) else []
    size, files = _sized([body.get("system"), listed])
    tools = body.get("tools")
    if tools:
        size += len(msgspec.json.encode(tools))
    return max(1, round(size / BYTES_PER_TOKEN) + files * _FILE_TOKENS + len(listed) * _MESSAGE_TOKENS)


def _sized(value: Any) -> tuple[int, int]:
    """Bytes of text, and how many files."""
    if isinstance(value, str):
        return text_bytes(value), 0
    if isinstance(value, dict):
        source = value.get("source")
        if value.get("type") in _FILES and isinstance(source, dict) and source.get("type") not in ("text", "content"):
            return 0, 1
        inner = [
            _sized(each) for name, each in value.items() if name not in ("type", "role", "signature", "cache_control")
        ]
    elif isinstance(value, list):
        inner = [_sized(each) for each in value]
    else:
        return 0, 0
    return sum(size for size, _ in inner), sum(files for _, files in inner)
