"""Collects a conversation as messages of OpenAI's chat completions, whatever language it was told in."""

from collections.abc import Sequence
from typing import Any

from madang.providers.dialects.carried import Carried
from madang.providers.dialects.vendor_ways import Ways

Json = dict[str, Any]


class ChatTurns:
    """`messages` is the conversation so far."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._media: list[Json] = []  # of tool results, where those take text only
        self.messages: list[Json] = []

    def system(self, parts: Sequence[Json]) -> None:
        if parts:
            self.messages.append({"role": "system", "content": plain(parts)})

    def user(self, parts: Sequence[Json]) -> None:
        parts = [*self._media, *parts]
        self._media = []
        if parts:
            self.messages.append({"role": "user", "content": plain(parts)})

    def assistant(self, parts: Sequence[Json], calls: Sequence[Json], carried: Sequence[Carried] = ()) -> None:
        self.user(())
        fields: Json = {}
        extras: Json = {}
        for each in carried:
            if each.is_for(self._ways.vendor):
                fields |= each.message
                extras |= each.calls
        told = [{**call, "extra_content": extras[call["id"]]} if call["id"] in extras else call for call in calls]
        if not parts and not told and not fields:
            return
        message: Json = {**fields, "role": "assistant", "content": plain(parts) if parts else None}
        if told:
            message["tool_calls"] = told
        self.messages.append(message)

    def result(self, call_id: str, parts: Sequence[Json], *, is_error: bool = False) -> None:
        """What a tool gave back. Pictures follow in the user's next words where a result takes text only."""
        texts = [part for part in parts if part["type"] == "text"]
        if self._ways.is_strict:
            self._media += [part for part in parts if part["type"] != "text"]
            content: Any = "\n".join(part["text"] for part in texts)
            self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
            return
        message: Json = {"role": "tool", "tool_call_id": call_id, "content": plain(parts) if parts else ""}
        self.messages.append({**message, "is_error": True} if is_error else message)

    def end(self) -> list[Json]:
        self.user(())
        return self.messages


def plain(parts: Sequence[Json]) -> Any:
    """The parts; a single text without marks is a text, which every server understands."""
    return parts[0]["text"] if len(parts) == 1 and parts[0].keys() == {"type", "text"} else list(parts)


def function_call(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def text_part(text: str) -> Json:
    return {"type": "text", "text": text}


def image_part(url: str, detail: Any = None) -> Json:
    return {"type": "image_url", "image_url": {"url": url, "detail": detail} if detail else {"url": url}}


def schema_format(name: str, schema: Any, *, is_strict: bool | None = None, description: Any = None) -> Json:
    """A `response_format`. Without a word on it, it is strict where the schema is of the kind that can be enforced."""
    described: Json = {"name": name, "schema": schema}
    if description:
        described["description"] = description
    described["strict"] = is_closed(schema) if is_strict is None else is_strict
    return {"type": "json_schema", "json_schema": described}


def is_closed(schema: Any) -> bool:
    """Whether all objects in a schema are closed and all of their fields required, as OpenAI wants it to be strict."""
    if isinstance(schema, list):
        return all(is_closed(one) for one in schema)
    if not isinstance(schema, dict):
        return True
    fields = schema.get("properties")
    if isinstance(fields, dict):
        required = schema.get("required")
        named = required if isinstance(required, list) else []
        if schema.get("additionalProperties") is not False or not all(name in named for name in fields):
            return False
    return all(is_closed(value) for value in schema.values())
