"""Reads turns and their content blocks. What the vendor refuses in them is refused here, in its words."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from madang_simulator.asks import Attachment, Message
from madang_simulator.pictures import picture_size
from madang_simulator.refusals import Refusal
from madang_simulator.wires.anthropic import fields as read
from madang_simulator.wires.anthropic.fields import Fields, invalid, needed
from madang_simulator.wires.anthropic.thoughts import is_signed

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PIXELS_PER_TOKEN = 750
_MOST_PICTURE_TOKENS = 1600
_BYTES_PER_TOKEN = 40  # of a PDF; nobody reads it here
_WEB_DOCUMENT_TOKENS = 1500
_MOST_MARKS = 4

Part = str | Attachment


def system_message(fields: Fields) -> list[Message]:
    """The system prompt, text or blocks of text."""
    system = fields.get("system")
    if system is None:
        return []
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else read.objects(fields, "system")
    parts = [_text(block, f"system.{index}.") for index, block in enumerate(blocks)]
    return [Message("system", tuple(parts))]


def messages_of(fields: Fields) -> list[Message]:
    """The conversation; the results of tools stand in messages of their own, before what the user says with them."""
    turns = read.objects(fields, "messages") if needed(fields, "messages") else ()
    if not turns:
        raise invalid("messages", "at least one message is required")
    found: list[Message] = []
    for index, turn in enumerate(turns):
        path = f"messages.{index}."
        role = needed(turn, "role", path)
        if role not in ("user", "assistant", "system"):
            raise invalid(f"{path}role", "Input should be 'user', 'assistant' or 'system'")
        blocks = _blocks(turn, path)
        found += _turn(role, blocks, path)
        if role == "assistant" and blocks and blocks[-1]["type"] in ("thinking", "redacted_thinking"):
            raise invalid(
                f"messages.{index}", f"The final block in an assistant message cannot be `{blocks[-1]['type']}`."
            )
    _check_pairs(turns)
    return found


def check_marks(fields: Fields) -> None:
    """Raises Refusal for more marks of the prompt cache than the vendor keeps."""
    count = len(marks_in(fields))
    if count > _MOST_MARKS:
        raise invalid("", f"A maximum of {_MOST_MARKS} blocks with cache_control may be provided. Found {count}.")


def marks_in(value: object) -> list[Any]:
    """Every cache_control in a request, however deep."""
    if isinstance(value, list):
        return [mark for one in value for mark in marks_in(one)]
    if not isinstance(value, dict):
        return []
    own = [value["cache_control"]] if value.get("cache_control") else []
    return own + [mark for name, one in value.items() if name != "input_schema" for mark in marks_in(one)]


def _blocks(turn: Fields, path: str) -> Sequence[Fields]:
    content = needed(turn, "content", path)
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return read.objects(turn, "content", path)


def _turn(role: str, blocks: Sequence[Fields], path: str) -> list[Message]:
    results: list[Part] = []
    others: list[Part] = []
    for index, block in enumerate(blocks):
        place = f"{path}content.{index}."
        kind = needed(block, "type", place)
        if kind == "tool_result":
            results += _result(block, place)
        else:
            others += _parts(kind, block, place)
    found = [Message("tool", tuple(results))] if results else []
    return [*found, Message(role, tuple(others))] if others or not results else found


def _parts(kind: object, block: Fields, path: str) -> list[Part]:
    if kind == "text":
        return [_text(block, path)]
    if kind == "image":
        return [_picture(block, f"{path}image.")]
    if kind == "document":
        return [_document(block, f"{path}document.")]
    if kind == "tool_use":
        return [_call(block, f"{path}tool_use.")]
    if kind == "thinking":
        _check_thinking(block, f"{path}thinking.")
        return []
    if kind == "redacted_thinking":
        needed(block, "data", f"{path}redacted_thinking.")
        return []
    if isinstance(kind, str) and kind.endswith(("_tool_result", "_tool_use", "search_result", "container_upload")):
        return [msgspec.json.encode(block).decode()]
    raise invalid(
        path.removesuffix("."),
        f"Input tag '{str(kind)[:64]}' found using 'type' does not match any of the expected tags: 'document', 'image', "
        "'redacted_thinking', 'search_result', 'server_tool_use', 'text', 'thinking', 'tool_result', 'tool_use'",
    )


def _text(block: Fields, path: str) -> str:
    said = read.text(block, "text", f"{path}text.")
    if said is None:
        raise invalid(f"{path}text.text", "Field required")
    if not said.strip():
        raise invalid(
            "messages", f"text content blocks must {'be non-empty' if not said else 'contain non-whitespace text'}"
        )
    return said


def _picture(block: Fields, path: str) -> Attachment:
    source = _source(block, path)
    if source["type"] == "url":
        return Attachment(_MOST_PICTURE_TOKENS, str(needed(source, "url", f"{path}source.url.")))
    if source["type"] == "file":
        return Attachment(_MOST_PICTURE_TOKENS, str(needed(source, "file_id", f"{path}source.file.")))
    media_type, data = _base64(source, f"{path}source.base64.")
    if media_type not in _PICTURES:
        listed = "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        raise invalid(f"{path}source.base64.media_type", f"Input should be {listed}")
    url = f"data:{media_type};base64,{data}"
    size = picture_size(url)
    tokens = max(1, min(size.width * size.height // _PIXELS_PER_TOKEN, _MOST_PICTURE_TOKENS))
    return Attachment(tokens, url)


def _document(block: Fields, path: str) -> Part:
    source = _source(block, path)
    kind = source["type"]
    if kind == "text":
        return str(needed(source, "data", f"{path}source.text."))
    if kind in ("url", "file"):
        name = "url" if kind == "url" else "file_id"
        return Attachment(_WEB_DOCUMENT_TOKENS, str(needed(source, name, f"{path}source.{kind}.")), "file")
    if kind == "content":
        return msgspec.json.encode(source.get("content")).decode()
    media_type, data = _base64(source, f"{path}source.base64.")
    if media_type != "application/pdf":
        raise invalid(f"{path}source.base64.media_type", "Input should be 'application/pdf'")
    if not base64.b64decode(data).startswith(b"%PDF-"):
        raise invalid(f"{path}source.base64.data", "The PDF specified was not valid.")
    return Attachment(max(1, len(data) // _BYTES_PER_TOKEN), data, "file")


def _source(block: Fields, path: str) -> Fields:
    source = read.mapping(block, "source", path)
    if source is None:
        raise invalid(f"{path}source", "Field required")
    if source.get("type") not in ("base64", "url", "file", "text", "content"):
        raise invalid(f"{path}source", "Input tag found using 'type' does not match any of the expected tags")
    return source


def _base64(source: Fields, path: str) -> tuple[str, str]:
    media_type, data = str(needed(source, "media_type", path)), str(needed(source, "data", path))
    try:
        base64.b64decode(data, validate=True)
    except binascii.Error:
        raise invalid(f"{path}data", "Invalid base64 data") from None
    return media_type, data


def _call(block: Fields, path: str) -> str:
    _check_id(needed(block, "id", path), f"{path}id")
    arguments = needed(block, "input", path)
    if not isinstance(arguments, dict):
        raise invalid(f"{path}input", "Input should be an object")
    return f"{needed(block, 'name', path)} {msgspec.json.encode(arguments).decode()}"


def _result(block: Fields, path: str) -> list[Part]:
    _check_id(needed(block, "tool_use_id", f"{path}tool_result."), f"{path}tool_result.tool_use_id")
    content = block.get("content")
    if content is None or isinstance(content, str):
        return [content or ""]
    inner = read.objects(block, "content", f"{path}tool_result.")
    return [
        part
        for index, one in enumerate(inner)
        for part in _parts(needed(one, "type", path), one, f"{path}tool_result.content.{index}.")
    ]


def _check_id(id: object, path: str) -> None:
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise invalid(path, "String should match pattern '^[a-zA-Z0-9_-]+$'")


def _check_thinking(block: Fields, path: str) -> None:
    thinking = read.text(block, "thinking", path) or ""
    if not is_signed(thinking, str(needed(block, "signature", path))):
        raise Refusal(
            kind="invalid_request", message=f"{path.removesuffix('thinking.')}Invalid `signature` in `thinking` block"
        )


def _check_pairs(turns: Sequence[Fields]) -> None:
    """Every call has its result in the next turn, and every result its call in the one before."""
    called: list[str] = []
    for index, turn in enumerate(turns):
        blocks = turn["content"] if isinstance(turn["content"], list) else []
        answered = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
        lost = [id for id in called if id not in answered]
        if lost:
            raise invalid(
                f"messages.{index - 1}",
                f"`tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(lost)}. "
                "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
            )
        for place, block in enumerate(blocks):
            if block.get("type") == "tool_result" and block.get("tool_use_id") not in called:
                raise invalid(
                    f"messages.{index}.content.{place}",
                    f"unexpected `tool_use_id` found in `tool_result` blocks: {block.get('tool_use_id')}. Each "
                    "`tool_result` block must have a corresponding `tool_use` block in the previous message.",
                )
        called = [block["id"] for block in blocks if block.get("type") == "tool_use"]


def ends_with_unexplained_call(turns: Sequence[Mapping[str, Any]]) -> int | None:
    """The place of the last assistant turn, when it calls tools and does not begin with its thoughts; else None."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index]["role"] == "assistant":
            content = turns[index]["content"]
            kinds = [block.get("type") for block in content] if isinstance(content, list) else []
            begins = bool(kinds) and kinds[0] in ("thinking", "redacted_thinking")
            return index if "tool_use" in kinds and not begins else None
    return None
