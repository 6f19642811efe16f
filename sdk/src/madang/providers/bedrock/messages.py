"""OpenAI's messages as Converse's system blocks and turns.

Converse wants the roles to alternate, and all results of a turn's tool calls in one turn of the user: neighbours of one
role become one turn. Source: AWS's "Amazon Bedrock Runtime API reference", Message, ToolUseBlock and ToolResultBlock.
"""

import hashlib
import re
from typing import Any, NamedTuple

import msgspec

from madang.providers.bedrock.content import (
    Block,
    ContentReader,
    Files,
    cache_point,
    not_sendable,
    thinking_blocks,
)

_TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


class Conversation(NamedTuple):
    """`called_tools` are the names of tools that were called earlier, in order."""

    system: list[Block]
    turns: list[dict[str, Any]]
    called_tools: tuple[str, ...]


def conversation_of(messages: Any, files: Files) -> Conversation:
    """Raises CallFailed for messages that cannot be said to Converse."""
    if not isinstance(messages, list) or not messages:
        raise not_sendable("messages must be a list of at least one message.")
    reader = ContentReader(files)
    system: list[Block] = []
    turns: list[dict[str, Any]] = []
    called: dict[str, None] = {}
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            raise not_sendable(f"{where} must be an object with a role.")
        match message.get("role"):
            case "system" | "developer":
                system += _marked(message, reader.blocks(message.get("content"), where))
                continue
            case "user":
                role, blocks = "user", _marked(message, reader.blocks(message.get("content"), where))
            case "assistant":
                role, blocks = "assistant", _marked(message, _said(message, reader, where, called))
            case "tool":
                role, blocks = "user", _result(message, reader, where)
            case role:
                raise not_sendable(
                    f"{where} has role {role!r}; Bedrock takes system, developer, user, assistant and tool."
                )
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return Conversation(system, turns, tuple(called))


def _marked(message: dict[str, Any], blocks: list[Block]) -> list[Block]:
    """With a cache point behind, where the message as a whole asks for one."""
    control = message.get("cache_control")
    return [*blocks, *cache_point(control)] if control and blocks else blocks


def _said(message: dict[str, Any], reader: ContentReader, where: str, called: dict[str, None]) -> list[Block]:
    """An earlier answer: its thinking comes first, its tool calls last, as the vendor said them."""
    blocks = thinking_blocks(message.get("thinking_blocks"))
    blocks += reader.blocks(message.get("content"), where)
    if message.get("refusal") and isinstance(message["refusal"], str):
        blocks.append({"text": message["refusal"]})
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise not_sendable(f"{where}.tool_calls must be a list.")
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not function.get("name"):
            raise not_sendable(f"{where} has a tool call without a function's name.")
        name = str(function["name"])
        called[name] = None
        arguments = _arguments(function.get("arguments"), where, name)
        blocks.append({"toolUse": {"toolUseId": tool_use_id(call.get("id")), "name": name, "input": arguments}})
    return blocks


def _result(message: dict[str, Any], reader: ContentReader, where: str) -> list[Block]:
    blocks = reader.blocks(message.get("content"), where)
    points = [block for block in blocks if "cachePoint" in block]
    content = [block for block in blocks if "cachePoint" not in block]
    # A result without content is refused in some states, and an empty text in all.
    result: Block = {"toolUseId": tool_use_id(message.get("tool_call_id")), "content": content or [{"json": {}}]}
    if message.get("is_error") is True:
        result["status"] = "error"
    if not points and message.get("cache_control"):
        points = cache_point(message["cache_control"])
    return [{"toolResult": result}, *points]


def tool_use_id(call_id: Any) -> str:
    """The id as it is, or one made of it where it has more, or other, characters than Converse allows."""
    text = str(call_id or "")
    if _TOOL_USE_ID.fullmatch(text):
        return text
    return f"call_{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:32]}"


def _arguments(text: Any, where: str, name: str) -> Any:
    if isinstance(text, dict):
        return text
    try:
        arguments = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, TypeError, UnicodeError):
        arguments = None
    if not isinstance(arguments, dict):
        raise not_sendable(f"{where} calls {name!r} with arguments that are no JSON object.")
    return arguments
