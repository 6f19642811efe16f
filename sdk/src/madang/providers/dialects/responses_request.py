"""A request to OpenAI's Responses API as a chat request.

Source: OpenAI's API reference, "Create a model response"; the types `ResponseCreateParams` and `ResponseInputItemParam` of
its official client.

    instructions, input                     messages; see _Reader
    max_output_tokens                       the limit of chat, at most what the deployment can write
    temperature, top_p                      the same
    tools of type function                  tools
    tools of type custom                    a function with one text as its input; a grammar is told in words
    tool_choice, parallel_tool_calls        the same
    text.format                             response_format
    reasoning.effort                        reasoning_effort, where the model takes one
    user, safety_identifier, service_tier   the same, where the vendor has them
    OpenAI's own tools, conversation,       refused: the answer would not be what was asked for
        prompt, background, top_logprobs
    previous_response_id                    refused here: who keeps responses has put the conversation in its place
    everything else                         left out: metadata, store, include, truncation, max_tool_calls, …
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from madang.calls.target import Target
from madang.errors import CallFailed
from madang.providers.dialects.carried import Carried, opened
from madang.providers.dialects.chat_turns import ChatTurns, Json, function_call, image_part, schema_format, text_part
from madang.providers.dialects.vendor_ways import Ways, ways_of
from madang.providers.openai_fields import refused

_encode = msgspec.json.Encoder().encode

_REFUSED = ("conversation", "prompt", "background", "top_logprobs")
# What OpenAI's own tools did on its side: no other vendor can take it up.
_VENDORS_OWN = frozenset(
    {"web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "compaction"}
    | {"mcp_list_tools", "mcp_call", "mcp_approval_request", "mcp_approval_response"}
)
_OF_OPENAI = ("openai", "azure")


def chat_of_response(body: Json, target: Target) -> Json:
    """Raises CallFailed(invalid_request) naming what cannot be asked of another vendor."""
    ways = ways_of(target)
    for name in _REFUSED:
        if body.get(name):
            raise refused(
                f"{name!r} can only be asked of OpenAI's own responses; deployment {target.name!r} is {ways.vendor}.",
                name,
            )
    if body.get("previous_response_id"):
        raise CallFailed(
            "There is no response of this 'previous_response_id' in this project that can be continued by "
            f"deployment {target.name!r}; send the conversation as input.",
            reason="invalid_request",
            status=400,
            code="previous_response_not_found",
            param="previous_response_id",
        )
    chat: Json = {"model": target.vendor_model, "messages": _Reader(ways).read(body)}
    for name in ("temperature", "top_p"):
        if body.get(name) is not None:
            chat[name] = body[name]
    longest = body.get("max_output_tokens")
    if longest is not None:
        own = target.max_output_tokens
        chat[ways.tokens_field] = min(longest, own) if own is not None and isinstance(longest, int) else longest
    _offer_tools(chat, body, ways)
    _shape(chat, body.get("text"), ways)
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    if effort is not None and ways.takes_effort:
        chat["reasoning_effort"] = effort
    for name in ("user", "safety_identifier", "service_tier"):
        if body.get(name) and ways.vendor in _OF_OPENAI:
            chat[name] = body[name]
    return chat


def custom_tools(body: Json) -> frozenset[str]:
    """The names of the tools that take a text instead of JSON."""
    tools = body.get("tools")
    listed = tools if isinstance(tools, list) else ()
    return frozenset(
        str(tool.get("name")) for tool in listed if isinstance(tool, dict) and tool.get("type") == "custom"
    )


class _Reader:
    """Reads input items. What the model said stands in several items, and is one message in chat."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._turns = ChatTurns(ways)
        self._said: list[Json] = []
        self._calls: list[Json] = []
        self._carried: list[Carried] = []

    def read(self, body: Json) -> list[Json]:
        if body.get("instructions"):
            if not isinstance(body["instructions"], str):
                raise refused("'instructions' must be a text.", "instructions")
            self._turns.system([text_part(body["instructions"])])
        given = body.get("input")
        if isinstance(given, str):
            self._turns.user([text_part(given)])
        for index, item in enumerate(given if isinstance(given, list) else ()):
            if not isinstance(item, dict):
                raise refused(f"input[{index}] must be an object.", "input")
            self._add(item, f"input[{index}]")
        self._flush()
        return self._turns.end()

    def _add(self, item: Json, where: str) -> None:
        kind = item.get("type") or "message"
        match kind:
            case "message":
                self._message(item, where)
            case "function_call":
                self._call(item, str(item.get("arguments") or "{}"))
            case "custom_tool_call":
                self._call(item, _encode({"input": str(item.get("input") or "")}).decode())
            case "function_call_output" | "custom_tool_call_output":
                self._flush()
                self._turns.result(str(item.get("call_id") or ""), self._parts(item.get("output"), where))
            case "reasoning":
                carried = opened(item.get("encrypted_content"))
                if carried is not None and carried.says_something():
                    self._carried.append(carried)
            case _ if not isinstance(kind, str) or kind not in _VENDORS_OWN:
                raise refused(f"{where} is of a type that {self._ways.vendor} cannot be sent.", "input")

    def _message(self, item: Json, where: str) -> None:
        parts = self._parts(item.get("content"), where)
        role = item.get("role")
        if role == "assistant":
            self._said += parts
            return
        self._flush()
        if role == "user":
            self._turns.user(parts)
        elif role in ("system", "developer"):
            self._turns.system(parts)
        else:
            raise refused(f"{where}.role must be user, assistant, system or developer.", "input")

    def _call(self, item: Json, arguments: str) -> None:
        self._calls.append(function_call(str(item.get("call_id") or ""), str(item.get("name") or ""), arguments))

    def _flush(self) -> None:
        if self._said or self._calls or self._carried:
            self._turns.assistant(self._said, self._calls, self._carried)
            self._said, self._calls, self._carried = [], [], []

    def _parts(self, content: Any, where: str) -> list[Json]:
        if content is None:
            return []
        if isinstance(content, str):
            return [text_part(content)] if content else []
        if not isinstance(content, list):
            raise refused(f"{where} must hold a text or a list of parts.", "input")
        return [self._part(part, where) for part in content]

    def _part(self, part: Any, where: str) -> Json:
        match part:
            case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
                return text_part(text)
            case {"type": "refusal", "refusal": str(text)}:
                return text_part(text)
            case {"type": "input_image", "image_url": str(url)}:
                return image_part(url, part.get("detail"))
            case {"type": "input_audio", "input_audio": dict(sound)}:
                return {"type": "input_audio", "input_audio": sound}
            case {"type": "input_file", "file_data": str(data)} if data:
                return {"type": "file", "file": {"filename": part.get("filename") or "document.pdf", "file_data": data}}
            case {"type": "input_file", "file_url": str(url)} if self._ways.takes_file_urls:
                return {"type": "file", "file": {"file_url": url}}
            case {"type": "input_file" | "input_image"}:
                raise refused(
                    f"{where} names a file in a way that {self._ways.vendor} cannot read; send its data.", "input"
                )
        raise refused(f"{where} has a part of a type that {self._ways.vendor} cannot be sent.", "input")


def _offer_tools(chat: Json, body: Json, ways: Ways) -> None:
    tools = body.get("tools")
    if not tools:
        return
    if not isinstance(tools, list):
        raise refused("'tools' must be a list of tools.", "tools")
    chat["tools"] = [_tool(tool, ways) for tool in tools]
    choice = body.get("tool_choice")
    if isinstance(choice, str):
        chat["tool_choice"] = choice
    elif isinstance(choice, dict) and choice.get("type") in ("function", "custom"):
        chat["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    elif isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = set(_names(choice.get("tools")))
        chat["tools"] = [tool for tool in chat["tools"] if tool["function"]["name"] in allowed]
        chat["tool_choice"] = choice.get("mode") or "auto"
    elif choice is not None:
        raise refused(f"'tool_choice' can only name functions where {ways.vendor} answers.", "tool_choice")
    if body.get("parallel_tool_calls") is False:
        chat["parallel_tool_calls"] = False


def _names(tools: Any) -> Iterable[str]:
    return (str(tool.get("name")) for tool in tools if isinstance(tool, dict)) if isinstance(tools, list) else ()


def _tool(tool: Any, ways: Ways) -> Json:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind not in ("function", "custom") or not tool.get("name"):
        what = f"The tool {str(kind)[:80]!r}" if kind else "A tool without a type"
        raise refused(f"{what} is not one that {ways.vendor} can be offered; functions are.", "tools")
    function: Json = {"name": tool["name"]}
    words = str(tool.get("description") or "")
    if kind == "custom":
        form = tool.get("format")
        if isinstance(form, dict) and form.get("definition"):
            words = f"{words}\nThe input has to follow this {form.get('syntax') or ''} grammar:\n{form['definition']}"
        function["parameters"] = {
            "type": "object",
            "properties": {"input": {"type": "string"}},
            "required": ["input"],
            "additionalProperties": False,
        }
    else:
        function["parameters"] = tool.get("parameters") or {"type": "object", "properties": {}}
        if tool.get("strict") is not None:
            function["strict"] = tool["strict"]
    if words:
        function["description"] = words
    return {"type": "function", "function": function}


def _shape(chat: Json, text: Any, ways: Ways) -> None:
    wanted = text.get("format") if isinstance(text, dict) else None
    if isinstance(text, dict) and text.get("verbosity") and ways.vendor in _OF_OPENAI:
        chat["verbosity"] = text["verbosity"]
    if not isinstance(wanted, dict) or wanted.get("type") == "text":
        return
    if wanted.get("type") == "json_schema":
        chat["response_format"] = schema_format(
            str(wanted.get("name") or "answer"),
            wanted.get("schema"),
            is_strict=wanted.get("strict") is True,
            description=wanted.get("description"),
        )
    else:
        chat["response_format"] = {"type": wanted.get("type")}
