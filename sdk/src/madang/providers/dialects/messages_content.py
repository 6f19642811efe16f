"""Anthropic's content blocks as turns of OpenAI's chat.

Source: Anthropic's API reference, "Create a Message"; the `…_block_param` types of its Python client 2.8. What the
vendor's own tools did on its side (searches, code runs) is left out: no other vendor can take it up.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from madang.errors import CallFailed
from madang.providers.dialects.carried import Carried, opened
from madang.providers.dialects.chat_turns import ChatTurns, Json, function_call, image_part, text_part
from madang.providers.dialects.vendor_ways import Ways

_encode = msgspec.json.Encoder().encode
_MARKED_VENDORS = frozenset({"bedrock"})  # they know Anthropic's cache marks
_VENDORS_OWN = ("server_tool_use", "mcp_tool_use", "container_upload", "fallback")


def turns_of(body: Json, ways: Ways) -> list[Json]:
    """System blocks and messages. Raises CallFailed(invalid_request) for what cannot be told in chat."""
    turns = ChatTurns(ways)
    turns.system(_parts(body.get("system"), ways, "system"))
    messages = body.get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        where = f"messages.{index}"
        if not isinstance(message, dict):
            raise unreadable(f"{where} must be an object with a role and content.")
        role = message.get("role")
        if role == "user":
            _add_user(turns, message.get("content"), ways, where)
        elif role == "assistant":
            _add_assistant(turns, message.get("content"), ways, where)
        elif role == "system":
            turns.system(_parts(message.get("content"), ways, where))
        else:
            raise unreadable(f"{where}.role must be 'user' or 'assistant'.")
    return turns.end()


def unreadable(words: str) -> CallFailed:
    return CallFailed(words, reason="invalid_request", status=400, code="invalid_messages", param="messages")


def blocks_in(content: Any, where: str) -> Sequence[Json]:
    if isinstance(content, str):
        return ({"type": "text", "text": content},) if content else ()
    if content is None:
        return ()
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise unreadable(f"{where}.content must be a text or a list of content blocks.")
    return content


def _add_user(turns: ChatTurns, content: Any, ways: Ways, where: str) -> None:
    """Results of tools go first: they answer the calls right before them."""
    rest: list[Json] = []
    for block in blocks_in(content, where):
        if block.get("type") == "tool_result":
            parts = _parts(block.get("content"), ways, where)
            turns.result(str(block.get("tool_use_id") or ""), parts, is_error=block.get("is_error") is True)
        else:
            rest += _of_block(block, ways, where)
    turns.user(rest)


def _add_assistant(turns: ChatTurns, content: Any, ways: Ways, where: str) -> None:
    parts: list[Json] = []
    calls: list[Json] = []
    carried: list[Carried] = []
    thoughts: list[Json] = []
    for block in blocks_in(content, where):
        kind = block.get("type")
        if kind == "tool_use":
            arguments = _encode(block.get("input") or {}).decode()
            calls.append(function_call(str(block.get("id") or ""), str(block.get("name") or ""), arguments))
        elif kind in ("thinking", "redacted_thinking"):
            sealed = opened(block.get("signature" if kind == "thinking" else "data"))
            if sealed is None:
                thoughts.append(block)
            elif sealed.says_something():
                carried.append(sealed)
        else:
            parts += _of_block(block, ways, where)
    if thoughts:
        carried.append(Carried("anthropic", {"thinking_blocks": thoughts}))
    turns.assistant(parts, calls, carried)


def _parts(content: Any, ways: Ways, where: str) -> list[Json]:
    return [part for block in blocks_in(content, where) for part in _of_block(block, ways, where)]


def _of_block(block: Json, ways: Ways, where: str) -> list[Json]:
    kind = block.get("type")
    match kind:
        case "text":
            parts = [text_part(str(block["text"]))] if block.get("text") else []
        case "image":
            parts = [image_part(_address(block, ways, where))]
        case "document":
            parts = _document(block, ways, where)
        case "search_result":
            heads = [text_part(f"{block.get('title') or ''} ({block.get('source') or ''})")]
            parts = heads + _parts(block.get("content"), ways, where)
        case str() if kind in _VENDORS_OWN or kind.endswith("_tool_result"):
            parts = []
        case _:
            raise unreadable(f"{where} has a content block of a type that {ways.vendor} cannot be sent.")
    if parts and block.get("cache_control") and ways.vendor in _MARKED_VENDORS:
        parts[-1] = {**parts[-1], "cache_control": block["cache_control"]}
    return parts


def _address(block: Json, ways: Ways, where: str) -> str:
    """The URL, or the data as one."""
    source = block.get("source")
    match source:
        case {"type": "base64", "media_type": str(media_type), "data": str(data)}:
            return f"data:{media_type};base64,{data}"
        case {"type": "url", "url": str(url)}:
            return url
        case {"type": "file"}:
            raise unreadable(f"{where} names a file kept at Anthropic, which {ways.vendor} cannot read; send its data.")
    raise unreadable(f"{where} has a block whose source is neither base64 nor a URL.")


def _document(block: Json, ways: Ways, where: str) -> list[Json]:
    source = block.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    title = str(block.get("title") or "")
    if isinstance(source, dict) and kind in ("text", "content"):
        told = source.get("data") if kind == "text" else source.get("content")
        heads = [text_part(title)] if title else []
        return heads + _parts(told, ways, where)
    address = _address(block, ways, where)
    if address.startswith("data:"):
        return [{"type": "file", "file": {"filename": title or "document.pdf", "file_data": address}}]
    if not ways.takes_file_urls:
        raise unreadable(f"{where} names a document by its URL, and {ways.vendor} takes documents as data only.")
    return [{"type": "file", "file": {"file_url": address}}]
