"""How many tokens a prompt in Anthropic's shape has, nearly, for vendors that are not asked."""

from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.text_size import BYTES_PER_TOKEN, text_bytes

# Anthropic counts (width x height) / 750, at most about 1,600 for a picture; a page of a PDF is of that order too.
_FILE_TOKENS = 1_600
_MESSAGE_TOKENS = 4  # around every message
_FILES = ("image", "document")


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
