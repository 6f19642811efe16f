"""Reads OpenAI's chat and embeddings requests. Fields it does not know are let through, as compatible servers do."""

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from madang_simulator.asks import Attachment, ChatAsk, EmbeddingAsk, Message, Tool, ToolUse
from madang_simulator.known_models import (
    embedding_dimensions,
    is_reasoning,
    picture_rule,
    reasoning_tokens,
    writes_reasoning,
)
from madang_simulator.pictures import picture_tokens
from madang_simulator.refusals import Refusal
from madang_simulator.schema_check import fault_in
from madang_simulator.sounds import seconds_of
from madang_simulator.tokens import count_tokens
from madang_simulator.wires import openai_fields as read
from madang_simulator.wires.openai_fields import Fields, missing, wrong_type, wrong_value

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = ("text", "image_url", "input_audio", "file", "refusal")
_FORMATS = ("text", "json_object", "json_schema")
ANY_OBJECT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"simulated": {"const": True}, "answer": {"type": "string"}, "count": {"type": "integer"}},
}
_MOST_INPUTS = 2048
_MOST_INPUT_TOKENS = 8192


def read_chat(fields: Fields, model: str) -> ChatAsk:
    """The chat request in `fields`, for the model that the body or the path names."""
    messages = _messages(fields, model)
    tools = tuple(_tool(one, index) for index, one in enumerate(read.objects(fields, "tools")))
    use, forced = _tool_choice(fields, tools)
    read.decimal(fields, "temperature", 0, 2)
    read.decimal(fields, "top_p", 0, 1)
    stream_options = read.mapping(fields, "stream_options")
    stream = read.flag(fields, "stream") or False
    if stream_options is not None and not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise Refusal(kind="invalid_request", message=message, param="stream_options")
    schema = _answer_schema(fields, messages)
    return ChatAsk(
        model=model,
        messages=messages,
        tools=tools,
        tool_use=use,
        forced_tool=forced,
        parallel_tools=read.flag(fields, "parallel_tool_calls") is not False,
        answer_schema=schema,
        choices=read.whole(fields, "n", 1, 128) or 1,
        max_tokens=_max_tokens(fields, model),
        stop=_stop(fields),
        seed=read.whole(fields, "seed"),
        top_logprobs=_top_logprobs(fields),
        reasoning_tokens=reasoning_tokens(model, read.text(fields, "reasoning_effort")),
        shows_reasoning=writes_reasoning(model),
        stream=stream,
        stream_usage=bool(stream_options and read.flag(stream_options, "include_usage", "stream_options.")),
        definitions_text=_definitions_text(fields),
    )


def read_embeddings(fields: Fields, model: str) -> EmbeddingAsk:
    """The embeddings request in `fields`, for the model that the body or the path names."""
    if fields.get("input") is None:
        raise missing("input")
    inputs = _inputs(fields["input"])
    lengths = [len(one) if isinstance(one, list) else count_tokens(one) for one in inputs]
    if max(lengths) > _MOST_INPUT_TOKENS:
        raise Refusal(kind="context_overflow", window_tokens=_MOST_INPUT_TOKENS, prompt_tokens=max(lengths))
    form = read.text(fields, "encoding_format") or "float"
    if form not in ("float", "base64"):
        raise wrong_value("encoding_format", form, ("float", "base64"))
    native = embedding_dimensions(model)
    return EmbeddingAsk(
        model=model,
        inputs=tuple(" ".join(map(str, one)) if isinstance(one, list) else one for one in inputs),
        input_tokens=sum(lengths),
        dimensions=read.whole(fields, "dimensions", 1, native) or native,
        base64=form == "base64",
    )


def model_in(fields: Fields) -> str:
    """The model that the body names."""
    model = read.text(fields, "model")
    if not model:
        raise Refusal(kind="invalid_request", message="you must provide a model parameter")
    return model


def _messages(fields: Fields, model: str) -> tuple[Message, ...]:
    if fields.get("messages") is None:
        raise missing("messages")
    bodies = read.objects(fields, "messages")
    if not bodies:
        message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array."
        raise Refusal(kind="invalid_request", message=message, param="messages", code="empty_array")
    messages = tuple(_message(body, f"messages[{index}]", model) for index, body in enumerate(bodies))
    _check_tool_results(bodies)
    return messages


def _message(body: Fields, path: str, model: str) -> Message:
    role = read.text(body, "role", f"{path}.")
    if role is None:
        raise missing(f"{path}.role")
    if role not in _ROLES:
        raise wrong_value(f"{path}.role", role, _ROLES)
    parts = _parts(body, path, role, model)
    calls = read.objects(body, "tool_calls", f"{path}.")
    if calls:
        parts = (*parts, _json_text(calls))
    return Message(role, parts, overhead=4 if body.get("name") else 3)


def _parts(body: Fields, path: str, role: str, model: str) -> tuple[str | Attachment, ...]:
    content = body.get("content")
    if isinstance(content, str):
        return (content,)
    if content is None:
        if role == "assistant":
            return ()
        raise wrong_type(f"{path}.content", "one of a string or array of objects", content)
    parts = read.objects(body, "content", f"{path}.")
    return tuple(_part(part, f"{path}.content[{index}]", model) for index, part in enumerate(parts))


def _part(part: Fields, path: str, model: str) -> str | Attachment:
    kind = read.text(part, "type", f"{path}.")
    if kind is None:
        raise missing(f"{path}.type")
    if kind not in _PARTS:
        raise wrong_value(f"{path}.type", kind, _PARTS)
    if kind in ("text", "refusal"):
        text = read.text(part, kind, f"{path}.")
        if text is None:
            raise missing(f"{path}.{kind}")
        return text
    content = read.mapping(part, kind, f"{path}.")
    if content is None:
        raise missing(f"{path}.{kind}")
    if kind == "input_audio":
        return sound_part(content, f"{path}.input_audio")
    if kind == "file":
        return file_part(content)
    url = read.text(content, "url", f"{path}.image_url.")
    if url is None:
        raise missing(f"{path}.image_url.url")
    detail = read.text(content, "detail", f"{path}.image_url.") or "auto"
    return picture_part(url, detail, f"{path}.image_url", model)


def sound_part(content: Fields, path: str) -> Attachment:
    """A sound in a message: OpenAI counts ten tokens for each second of it."""
    encoded = read.text(content, "data", f"{path}.")
    if not encoded:
        raise missing(f"{path}.data")
    form = read.text(content, "format", f"{path}.")
    if form not in ("wav", "mp3"):
        raise wrong_value(f"{path}.format", str(form), ("wav", "mp3"))
    try:
        sound = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        message = "Invalid value for 'data': the sound is not base64."
        raise Refusal(kind="invalid_request", message=message, param=f"{path}.data") from error
    return Attachment(max(1, math.ceil(seconds_of(sound) * 10)), encoded, "sound")


def file_part(content: Fields) -> Attachment:
    """A file in a message, such as a PDF: one token for every thousand characters of base64, 32 at least."""
    encoded = str(content.get("file_data") or content.get("file_id") or content.get("file_url") or "")
    return Attachment(max(32, len(encoded) // 1000), encoded, "file")


def picture_part(url: str, detail: str, path: str, model: str) -> Attachment:
    """A picture in a message, by its address or as a data URL."""
    if not url.startswith(("data:image/", "http://", "https://")):
        message = "Invalid image URL: expected a valid http, https or data URL of an image."
        raise Refusal(kind="invalid_request", message=message, param=path, code="invalid_image_url")
    if detail not in ("auto", "low", "high"):
        raise wrong_value(f"{path}.detail", detail, ("auto", "low", "high"))
    rule = picture_rule(model)
    return Attachment(picture_tokens(url, detail, base=rule.base, per_tile=rule.per_tile), url)


def _check_tool_results(bodies: Sequence[Fields]) -> None:
    """Every tool call must be answered by a tool message right after it, and no tool message may come without one."""
    open_calls: list[str] = []
    for index, body in enumerate(bodies):
        if body["role"] == "tool":
            if not open_calls and not (index and bodies[index - 1]["role"] == "tool"):
                message = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message "
                    "with 'tool_calls'."
                )
                raise Refusal(kind="invalid_request", message=message, param=f"messages[{index}].role")
            open_calls = [one for one in open_calls if one != body.get("tool_call_id")]
            continue
        if open_calls:
            break
        open_calls = [str(call.get("id")) for call in body.get("tool_calls") or ()]
    if open_calls:
        message = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(open_calls)}"
        )
        raise Refusal(kind="invalid_request", message=message, param="messages")


def _tool(body: Fields, index: int) -> Tool:
    path = f"tools[{index}]"
    kind = read.text(body, "type", f"{path}.")
    if kind is None:
        raise missing(f"{path}.type")
    if kind == "custom":
        custom = read.mapping(body, "custom", f"{path}.") or {}
        return Tool(str(custom.get("name", "")), str(custom.get("description", "")), {})
    if kind != "function":
        raise wrong_value(f"{path}.type", kind, ("function", "custom"))
    function = read.mapping(body, "function", f"{path}.")
    if function is None:
        raise missing(f"{path}.function")
    name = read.text(function, "name", f"{path}.function.")
    if not name:
        raise missing(f"{path}.function.name")
    description = read.text(function, "description", f"{path}.function.") or ""
    parameters = read.mapping(function, "parameters", f"{path}.function.") or {}
    fault = fault_in(parameters)
    if fault is not None:
        message = f"Invalid schema for function '{name[:64]}': {fault}."
        param = f"{path}.function.parameters"
        raise Refusal(kind="invalid_request", message=message, param=param, code="invalid_function_parameters")
    return Tool(name, description, parameters)


def _tool_choice(fields: Fields, tools: Sequence[Tool]) -> tuple[ToolUse, str | None]:
    choice = fields.get("tool_choice")
    if choice is None:
        return "auto", None
    if not tools:
        message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise Refusal(kind="invalid_request", message=message, param="tool_choice")
    if choice in ("auto", "none", "required"):
        return choice, None
    if isinstance(choice, str):
        raise wrong_value("tool_choice", choice, ("none", "auto", "required"))
    if not isinstance(choice, dict):
        raise wrong_type("tool_choice", "one of a string or object", choice)
    name = (read.mapping(choice, "function", "tool_choice.") or {}).get("name")
    if name not in [tool.name for tool in tools]:
        message = "Invalid value for 'tool_choice': no function of that name was specified in the 'tools' parameter."
        raise Refusal(kind="invalid_request", message=message, param="tool_choice")
    return "required", name


def _answer_schema(fields: Fields, messages: Sequence[Message]) -> Mapping[str, Any] | None:
    form = read.mapping(fields, "response_format")
    if form is None:
        return None
    kind = read.text(form, "type", "response_format.")
    if kind is None:
        raise missing("response_format.type")
    if kind not in _FORMATS:
        raise wrong_value("response_format.type", kind, _FORMATS)
    if kind == "text":
        return None
    if kind == "json_object":
        if not any("json" in message.text.lower() for message in messages):
            message = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            raise Refusal(kind="invalid_request", message=message, param="messages")
        return ANY_OBJECT
    wrapped = read.mapping(form, "json_schema", "response_format.")
    if wrapped is None:
        raise missing("response_format.json_schema")
    name = read.text(wrapped, "name", "response_format.json_schema.")
    if not name:
        raise missing("response_format.json_schema.name")
    schema = read.mapping(wrapped, "schema", "response_format.json_schema.") or ANY_OBJECT
    fault = fault_in(schema)
    if fault is not None:
        message = f"Invalid schema for response_format '{name[:64]}': {fault}."
        raise Refusal(kind="invalid_request", message=message, param="response_format")
    return schema


def _max_tokens(fields: Fields, model: str) -> int | None:
    if fields.get("max_tokens") is not None and is_reasoning(model):
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        raise Refusal(kind="invalid_request", message=message, param="max_tokens", code="unsupported_parameter")
    limit = read.whole(fields, "max_completion_tokens", 1)
    return limit if limit is not None else read.whole(fields, "max_tokens", 1)


def _stop(fields: Fields) -> tuple[str, ...]:
    stop = fields.get("stop")
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(one, str) for one in stops):
        raise wrong_type("stop", "one of a string or array of strings", stop)
    if len(stops) > 4:
        message = f"Invalid 'stop': array too long. Expected an array of at most 4, but got length {len(stops)}."
        raise Refusal(kind="invalid_request", message=message, param="stop", code="array_above_max_length")
    return tuple(one for one in stops if one)


def _top_logprobs(fields: Fields) -> int | None:
    asked = read.flag(fields, "logprobs") or False
    top = read.whole(fields, "top_logprobs", 0, 20)
    if top is not None and not asked:
        message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise Refusal(kind="invalid_request", message=message, param="top_logprobs")
    return (top or 0) if asked else None


def _definitions_text(fields: Fields) -> str:
    given = [fields[name] for name in ("tools", "response_format") if fields.get(name)]
    return _json_text(given) if given else ""


def _json_text(value: object) -> str:
    # Not msgspec: what a caller sends may hold numbers beyond 64 bits.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _inputs(value: object) -> list[str] | list[list[int]]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        raise wrong_type("input", "one of a string or array", value)
    if value and all(isinstance(one, int) and not isinstance(one, bool) for one in value):
        return [value]
    texts = bool(value) and all(isinstance(one, str) and one for one in value)
    numbers = bool(value) and all(isinstance(one, list) and one for one in value)
    numbers = numbers and all(type(number) is int for one in value for number in one)
    if len(value) > _MOST_INPUTS or not (texts or numbers):
        message = (
            "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
        )
        raise Refusal(kind="invalid_request", message=message)
    return value
