"""Reads OpenAI's Responses requests: input items in place of messages, tools laid flat, answers that are kept.

Shapes as in the openai client's ResponseCreateParams. Tools that the vendor would run itself (web search, files, code, MCP)
are let through and never used; `background` and `conversation` are not simulated.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from madang_simulator.asks import Attachment, ChatAsk, Message, Tool, ToolUse
from madang_simulator.known_models import is_reasoning, reasoning_tokens
from madang_simulator.refusals import Refusal
from madang_simulator.schema_check import fault_in
from madang_simulator.wires import openai_fields as read
from madang_simulator.wires.openai_fields import Fields, missing, wrong_type, wrong_value
from madang_simulator.wires.openai_requests import ANY_OBJECT, file_part, model_in, picture_part, sound_part
from madang_simulator.wires.wire import Order

Json = dict[str, Any]

_ROLES = ("user", "assistant", "system", "developer")
_PARTS = ("input_text", "output_text", "refusal", "input_image", "input_file", "input_audio", "text", "summary_text")
_FORMATS = ("text", "json_object", "json_schema")
_LEAST_TOKENS = 16


def read_response_ask(order: Order, fields: Fields) -> ChatAsk:
    """The request in `fields`; its `own` has `fields`, and the whole conversation's items as `items`."""
    model = model_in(fields)
    items = [*_kept_items(order, fields), *input_items(fields)]
    messages = _messages(fields, items, model)
    tools = tuple(
        _tool(one, index)
        for index, one in enumerate(read.objects(fields, "tools"))
        if read.text(one, "type", f"tools[{index}].") == "function"
    )
    use, forced = _tool_choice(fields, tools)
    reasoning = read.mapping(fields, "reasoning") or {}
    effort = read.text(reasoning, "effort", "reasoning.")
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    read.decimal(fields, "temperature", 0, 2)
    read.decimal(fields, "top_p", 0, 1)
    include = fields.get("include")
    if include is not None and not isinstance(include, list):
        raise wrong_type("include", "an array", include)
    wants_logprobs = "message.output_text.logprobs" in (include or ())
    return ChatAsk(
        model=model,
        messages=messages,
        tools=tools,
        tool_use=use,
        forced_tool=forced,
        parallel_tools=read.flag(fields, "parallel_tool_calls") is not False,
        answer_schema=_answer_schema(fields, messages),
        max_tokens=read.whole(fields, "max_output_tokens", _LEAST_TOKENS),
        top_logprobs=(read.whole(fields, "top_logprobs", 0, 20) or 0) if wants_logprobs else None,
        reasoning_tokens=reasoning_tokens(model, effort),
        shows_reasoning=bool(summary) and is_reasoning(model),
        stream=read.flag(fields, "stream") or False,
        definitions_text=_definitions_text(fields),
        own={"fields": fields, "items": items},
    )


def input_items(fields: Fields) -> list[Fields]:
    """The items of a request's input; a mere text is a user's message."""
    given = fields.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    if given is None:
        raise missing("input")
    if not isinstance(given, list):
        raise wrong_type("input", "one of a string or array of objects", given)
    return read.objects(fields, "input")


def _kept_items(order: Order, fields: Fields) -> Sequence[Fields]:
    previous = read.text(fields, "previous_response_id")
    if previous is None:
        return ()
    kept = order.shelf.get(previous)
    if kept is None:
        message = f"Previous response with id '{previous[:64]}' not found."
        param, code = "previous_response_id", "previous_response_not_found"
        raise Refusal(kind="invalid_request", message=message, param=param, code=code)
    items: Sequence[Fields] = kept["items"]
    return items


def _messages(fields: Fields, items: Sequence[Fields], model: str) -> tuple[Message, ...]:
    instructions = read.text(fields, "instructions")
    messages = [] if instructions is None else [Message("developer", (instructions,))]
    open_calls: list[str] = []
    for index, item in enumerate(items):
        path = f"input[{index}]"
        kind = read.text(item, "type", f"{path}.") or "message"
        call = str(item.get("call_id"))
        if kind == "function_call":
            open_calls.append(call)
        elif kind == "function_call_output":
            if call not in open_calls:
                message = f"No tool call found for function call output with call_id {call[:64]}."
                raise Refusal(kind="invalid_request", message=message, param="input")
            open_calls.remove(call)
        messages.append(_message(item, kind, path, model))
    if open_calls:
        message = f"No tool output found for function call {open_calls[0][:64]}."
        raise Refusal(kind="invalid_request", message=message, param="input")
    return tuple(messages)


def _message(item: Fields, kind: str, path: str, model: str) -> Message:
    if kind == "message":
        role = read.text(item, "role", f"{path}.")
        if role is None:
            raise missing(f"{path}.role")
        if role not in _ROLES:
            raise wrong_value(f"{path}.role", role, _ROLES)
        return Message(role, _parts(item, "content", path, model))
    if kind == "function_call_output":
        return Message("tool", _parts(item, "output", path, model))
    if kind == "reasoning":
        return Message("assistant", _parts({"summary": item.get("summary") or []}, "summary", path, model))
    return Message("assistant" if kind.endswith("_call") else "tool", (_json_text(item),))


def _parts(item: Fields, name: str, path: str, model: str) -> tuple[str | Attachment, ...]:
    content = item.get(name)
    if isinstance(content, str):
        return (content,)
    if not isinstance(content, list):
        raise wrong_type(f"{path}.{name}", "one of a string or array of objects", content)
    parts = read.objects(item, name, f"{path}.")
    return tuple(_part(part, f"{path}.{name}[{index}]", model) for index, part in enumerate(parts))


def _part(part: Fields, path: str, model: str) -> str | Attachment:
    kind = read.text(part, "type", f"{path}.")
    if kind is None:
        raise missing(f"{path}.type")
    if kind not in _PARTS:
        raise wrong_value(f"{path}.type", kind, _PARTS)
    if kind == "input_image":
        # An uploaded picture has no address; its id stands for it.
        url = read.text(part, "image_url", f"{path}.") or f"https://files.invalid/{part.get('file_id')}"
        detail = read.text(part, "detail", f"{path}.") or "auto"
        return picture_part(url, detail, path, model)
    if kind == "input_file":
        return file_part(part)
    if kind == "input_audio":
        return sound_part(read.mapping(part, "input_audio", f"{path}.") or {}, f"{path}.input_audio")
    field = "refusal" if kind == "refusal" else "text"
    text = read.text(part, field, f"{path}.")
    if text is None:
        raise missing(f"{path}.{field}")
    return text


def _tool(body: Fields, index: int) -> Tool:
    path = f"tools[{index}]"
    name = read.text(body, "name", f"{path}.")
    if not name:
        raise missing(f"{path}.name")
    parameters = read.mapping(body, "parameters", f"{path}.") or {}
    fault = fault_in(parameters)
    if fault is not None:
        message = f"Invalid schema for function '{name[:64]}': {fault}."
        param, code = f"{path}.parameters", "invalid_function_parameters"
        raise Refusal(kind="invalid_request", message=message, param=param, code=code)
    return Tool(name, read.text(body, "description", f"{path}.") or "", parameters)


def _tool_choice(fields: Fields, tools: Sequence[Tool]) -> tuple[ToolUse, str | None]:
    choice = fields.get("tool_choice")
    if choice is None or choice in ("auto", "none", "required"):
        return choice or "auto", None
    if isinstance(choice, str):
        raise wrong_value("tool_choice", choice, ("none", "auto", "required"))
    if not isinstance(choice, dict):
        raise wrong_type("tool_choice", "one of a string or object", choice)
    if choice.get("type") != "function":
        return ("required" if choice.get("mode") == "required" else "auto"), None
    name = choice.get("name")
    if name not in [tool.name for tool in tools]:
        message = "Tool choice 'function' not found in 'tools' parameter."
        raise Refusal(kind="invalid_request", message=message, param="tool_choice")
    return "required", name


def _answer_schema(fields: Fields, messages: Sequence[Message]) -> Mapping[str, Any] | None:
    form = read.mapping(read.mapping(fields, "text") or {}, "format", "text.")
    if form is None:
        return None
    kind = read.text(form, "type", "text.format.")
    if kind is None:
        raise missing("text.format.type")
    if kind not in _FORMATS:
        raise wrong_value("text.format.type", kind, _FORMATS)
    if kind == "text":
        return None
    if kind == "json_object":
        if not any("json" in message.text.lower() for message in messages):
            message = (
                "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
                "'json_object'."
            )
            raise Refusal(kind="invalid_request", message=message, param="input")
        return ANY_OBJECT
    name = read.text(form, "name", "text.format.")
    if not name:
        raise missing("text.format.name")
    schema = read.mapping(form, "schema", "text.format.")
    if schema is None:
        raise missing("text.format.schema")
    fault = fault_in(schema)
    if fault is not None:
        message = f"Invalid schema for response_format '{name[:64]}': {fault}."
        raise Refusal(kind="invalid_request", message=message, param="text.format.schema", code="invalid_json_schema")
    return schema


def _definitions_text(fields: Fields) -> str:
    given = [fields[name] for name in ("tools", "text") if fields.get(name)]
    return _json_text(given) if given else ""


def _json_text(value: object) -> str:
    # Not msgspec: what a caller sends may hold numbers beyond 64 bits.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
