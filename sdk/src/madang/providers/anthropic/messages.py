"""OpenAI's messages as Anthropic's system blocks and turns of content blocks.

Source: Anthropic's API reference, "Create a Message", and the `…_param` types of its Python client 2.8. What Anthropic
knows and OpenAI does not goes in as extra fields: `cache_control` on parts, messages and tool results, `is_error` on tool
results, `thinking_blocks` and `anthropic_content` on the assistant's messages, as our answers carry them. Parts of a
type that is not OpenAI's are taken for the vendor's own blocks. System messages go to the front, wherever they stood:
most models take none in between.
"""

import base64
import binascii
import re
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from madang.providers.openai_fields import refused

_Block = dict[str, Any]
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
_PDF = "application/pdf"
_THINKING = ("thinking", "redacted_thinking")
_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})
_OPENAI_ONLY = {
    "input_audio": "Anthropic's models do not take audio; send text, images or PDF, or ask a model that hears.",
    "input_file": "'input_file' is a part of the Responses API; in chat completions it is 'file'.",
}


class Conversation(NamedTuple):
    """`system` blocks, and `turns`: messages of alternating roles."""

    system: list[_Block]
    turns: list[_Block]


def conversation_of(messages: Any) -> Conversation:
    """The messages in Anthropic's words. Raises CallFailed for what it has none for."""
    if not isinstance(messages, list):
        raise refused("'messages' must be a list of messages.", "messages")
    system: list[_Block] = []
    turns: list[_Block] = []
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise refused(f"Message {index} must be an object with a role and content.", "messages")
        role = message.get("role")
        if role == "user":
            _add(turns, "user", _marked(message, _blocks(message.get("content"), index)))
        elif role == "assistant":
            _add(turns, "assistant", _marked(message, _said(message, index)))
        elif role == "tool":
            _add(turns, "user", [_tool_result(message, index)])
        elif role in ("system", "developer"):
            system += _marked(message, _blocks(message.get("content"), index))
        else:
            raise refused(
                f"Message {index} has the role {role!r}; known: system, developer, user, assistant, tool.", "messages"
            )
    return Conversation(system, turns)


def calls_tools_without_thinking(turns: list[_Block]) -> bool:
    """Whether the last turn of the assistant called tools and comes without its thinking.

    A model with a thinking budget refuses to go on from such a turn; callers who speak OpenAI's API rarely keep it.
    """
    last = next((turn["content"] for turn in reversed(turns) if turn["role"] == "assistant"), ())
    kinds = {block.get("type") for block in last}
    return "tool_use" in kinds and not kinds & set(_THINKING)


def _add(turns: list[_Block], role: str, blocks: list[_Block]) -> None:
    """Joins messages of one side into one turn, so that the results of parallel calls come together."""
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"].extend(blocks)
    elif blocks:
        turns.append({"role": role, "content": blocks})


def _marked(message: _Block, blocks: list[_Block]) -> list[_Block]:
    """The blocks with the message's own cache mark, which is that of its last block."""
    if blocks and message.get("cache_control"):
        blocks[-1] = {**blocks[-1], "cache_control": message["cache_control"]}
    return blocks


def _blocks(content: Any, index: int) -> list[_Block]:
    """Content blocks; empty text is left out, because the vendor refuses it."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if isinstance(content, list):
        return [block for part in content if (block := _block(part, index)) is not None]
    raise refused(f"The content of message {index} must be text or a list of parts.", "messages")


def _block(part: Any, index: int) -> _Block | None:
    if isinstance(part, str):
        part = {"type": "text", "text": part}
    kind = part.get("type") if isinstance(part, dict) else None
    if not kind or not isinstance(kind, str):
        raise refused(f"Every part of message {index} must be an object with a type.", "messages")
    if kind == "text":
        return part if part.get("text") else None
    if kind == "image_url":
        return {**_image(part.get("image_url"), index), **_rest(part, "image_url")}
    if kind == "file":
        return {**_file(part.get("file"), index), **_rest(part, "file")}
    if kind == "refusal":
        return {"type": "text", "text": part["refusal"]} if part.get("refusal") else None
    if kind in _OPENAI_ONLY:
        raise refused(_OPENAI_ONLY[kind], "messages")
    return dict(part)


def _rest(part: _Block, name: str) -> _Block:
    return {key: value for key, value in part.items() if key not in ("type", name)}


def _image(image: Any, index: int) -> _Block:
    url = image.get("url") if isinstance(image, dict) else image
    if not isinstance(url, str) or not url:
        raise refused(f"An image_url of message {index} has no url.", "messages")
    if url.startswith(("https://", "http://")):
        return {"type": "image", "source": {"type": "url", "url": url}}
    if not url.startswith("data:"):
        raise refused(f"An image_url of message {index} does not begin with https://, http:// or data:.", "messages")
    content_type, data = _data_url(url, index)
    return _base64_block("image", content_type, data)


def _file(file: Any, index: int) -> _Block:
    fields: _Block = file if isinstance(file, dict) else {}
    title = {"title": fields["filename"]} if fields.get("filename") else {}
    if fields.get("file_id"):
        return {"type": "document", "source": {"type": "file", "file_id": fields["file_id"]}, **title}
    data = fields.get("file_data")
    if not isinstance(data, str) or not data:
        raise refused(f"A file of message {index} has neither file_data nor file_id.", "messages")
    if data.startswith(("https://", "http://")):
        return {"type": "document", "source": {"type": "url", "url": data}, **title}
    content_type, content = _data_url(data, index) if data.startswith("data:") else (_PDF, data)
    if content_type.startswith("image/"):
        return _base64_block("image", content_type, content)
    if content_type == _PDF:
        return {**_base64_block("document", content_type, content), **title}
    if content_type.startswith("text/") or content_type in _TEXT_TYPES:
        source = {"type": "text", "media_type": "text/plain", "data": _as_text(content, index)}
        return {"type": "document", "source": source, **title}
    raise refused(f"A file of message {index} is {content_type!r}; Anthropic takes PDF, images and text.", "messages")


def _base64_block(kind: str, content_type: str, data: str) -> _Block:
    return {"type": kind, "source": {"type": "base64", "media_type": content_type, "data": data}}


def _data_url(url: str, index: int) -> tuple[str, str]:
    """The content type, and the content as base64."""
    head, comma, data = url[5:].partition(",")
    if not comma:
        raise refused(f"A data URL of message {index} has no comma before its data.", "messages")
    if not data:
        raise refused(f"A data URL of message {index} has no data.", "messages")
    content_type = head.partition(";")[0].strip().lower() or "text/plain"
    if head.endswith(";base64"):
        return content_type, data
    return content_type, base64.b64encode(unquote_to_bytes(data)).decode()


def _as_text(content: str, index: int) -> str:
    try:
        return base64.b64decode(content).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise refused(f"A text file of message {index} is not UTF-8 in base64.", "messages") from None


def _said(message: _Block, index: int) -> list[_Block]:
    """What the assistant said: its blocks as it said them where they were kept, or else in the order vendors ask for."""
    whole = message.get("anthropic_content")
    if isinstance(whole, list) and whole and all(_is_block(block) for block in whole):
        return _without_last_thoughts(whole)
    thinking = message.get("thinking_blocks")
    blocks = [block for block in thinking if _is_signed(block)] if isinstance(thinking, list) else []
    blocks += _blocks(message.get("content"), index)
    calls = message.get("tool_calls")
    blocks += [_tool_use(call, index) for call in calls] if isinstance(calls, list) else []
    return _without_last_thoughts(blocks)


def _without_last_thoughts(blocks: list[_Block]) -> list[_Block]:
    """The vendor refuses a turn that ends with thoughts, such as one that max_tokens ended while the model thought."""
    end = len(blocks)
    while end and blocks[end - 1].get("type") in _THINKING:
        end -= 1
    return blocks[:end]


def _is_signed(block: Any) -> bool:
    """Whether a thinking block is one that the vendor can verify; another vendor's would be refused."""
    return _is_block(block) and bool(block.get("signature") or block.get("data"))


def _is_block(block: Any) -> bool:
    return isinstance(block, dict) and isinstance(block.get("type"), str)


def _tool_use(call: Any, index: int) -> _Block:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not function.get("name"):
        raise refused(f"A tool call of message {index} has no function with a name.", "messages")
    extra = call.get("extra_content")
    own = extra.get("anthropic") if isinstance(extra, dict) else None
    block = {
        "type": "tool_use",
        "id": _id(call.get("id")),
        "name": function["name"],
        "input": _input(function.get("arguments")),
    }
    block |= own if isinstance(own, dict) else {}
    return {**block, "cache_control": call["cache_control"]} if call.get("cache_control") else block


def _input(arguments: Any) -> Any:
    """The arguments as an object. Models write broken JSON at times; the vendor has it wrapped under this very name."""
    if not arguments:
        return {}
    try:
        value = msgspec.json.decode(arguments) if isinstance(arguments, str) else arguments
    except (msgspec.DecodeError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": arguments}


def _id(given: Any) -> str:
    """An id in the letters that the vendor allows: a call may have been another vendor's before a fallback."""
    return _NOT_IN_IDS.sub("_", str(given or ""))


def _tool_result(message: _Block, index: int) -> _Block:
    content = message.get("content")
    result: _Block = {"type": "tool_result", "tool_use_id": _id(message.get("tool_call_id"))}
    result["content"] = content if isinstance(content, str) else _blocks(content, index)
    for name in ("is_error", "cache_control"):
        if message.get(name):
            result[name] = message[name]
    return result
