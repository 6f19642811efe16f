"""Reads generateContent requests into asks, and refuses what Google refuses.

Source: Google's Gemini API reference, "Generating content"; the google-genai client's types.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from madang_simulator.asks import Attachment, AttachmentKind, ChatAsk, Message, Tool, ToolUse
from madang_simulator.schema_check import fault_in
from madang_simulator.wires.gemini.fields import Fields, camel, invalid, known_fields, mapping, number, objects, texts
from madang_simulator.wires.gemini.model_facts import (
    LEVELS,
    OUTPUT_LIMIT,
    checks_signatures,
    levels_of,
    thinks,
    thought_tokens,
)
from madang_simulator.wires.gemini.signatures import check_signatures

_BODY = frozenset(
    {
        "cachedContent",
        "contents",
        "continuationToken",
        "generationConfig",
        "labels",
        "model",
        "modelArmorConfig",
        "safetySettings",
        "serviceTier",
        "store",
        "systemInstruction",
        "toolConfig",
        "tools",
    }
)
_CONFIG = frozenset(
    {
        "audioTimestamp",
        "candidateCount",
        "enableAffectiveDialog",
        "enableEnhancedCivicAnswers",
        "frequencyPenalty",
        "imageConfig",
        "logprobs",
        "maxOutputTokens",
        "mediaResolution",
        "modelSelectionConfig",
        "presencePenalty",
        "responseFormat",
        "responseJsonSchema",
        "responseLogprobs",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "routingConfig",
        "seed",
        "speechConfig",
        "stopSequences",
        "temperature",
        "thinkingConfig",
        "topK",
        "topP",
    }
)
_ANY_OBJECT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"simulated": {"const": True}, "answer": {"type": "string"}, "count": {"type": "integer"}},
}
_KINDS: dict[str, AttachmentKind] = {"image": "picture", "audio": "sound", "video": "sound"}
_PICTURE_TOKENS = 258  # of a picture up to 384 x 384; larger ones are cut into tiles of as many each
_MOST_CHOICES = 8


def read_ask(body: Fields, model: str, *, stream: bool) -> ChatAsk:
    """The chat request in `body`. Raises Refusal."""
    told = known_fields(body, _BODY)
    contents = objects(told.get("contents"), "contents")
    if not contents:
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    contents = [_spelled(content) for content in contents]
    messages = tuple(_message(content) for content in contents)
    _check_turns(contents)
    if checks_signatures(model):
        check_signatures(contents)
    system = told.get("systemInstruction")
    if system is not None:
        messages = (Message("system", _parts(_spelled(system)), 0), *messages)
    config = known_fields(mapping(told.get("generationConfig")), _CONFIG, "generation_config")
    tools = tuple(_tools(objects(told.get("tools"), "tools")))
    use, forced, tools = _tool_use(mapping(told.get("toolConfig")), tools)
    thinking = _thinking(config, model)
    return ChatAsk(
        model=model,
        messages=messages,
        tools=tools,
        tool_use=use,
        forced_tool=forced,
        answer_schema=_answer_schema(config),
        choices=int(number(config.get("candidateCount"), "generation_config.candidate_count", 1, _MOST_CHOICES) or 1),
        max_tokens=_most_tokens(config),
        stop=tuple(texts(config.get("stopSequences"), "generation_config.stop_sequences")),
        seed=config.get("seed") if isinstance(config.get("seed"), int) else None,
        top_logprobs=_top_logprobs(config),
        reasoning_tokens=thought_tokens(model, thinking.get("thinkingBudget"), thinking.get("thinkingLevel")),
        shows_reasoning=bool(thinking.get("includeThoughts")),
        stream=stream,
        definitions_text=json.dumps([told.get("tools"), config.get("responseJsonSchema")]) if tools else "",
    )


def plain_schema(schema: Any) -> Any:
    """A schema with lower-case types: Google's own has them in capitals, JSON schema does not."""
    if isinstance(schema, list):
        return [plain_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else plain_schema(value)
        for name, value in schema.items()
    }


def text_of(contents: Sequence[Any]) -> str:
    """All texts of contents, for tasks."""
    parts = (part for content in contents for part in _parts(_spelled(content)) if isinstance(part, str))
    return "\n".join(parts)


def _message(content: dict[str, Any]) -> Message:
    role = content.get("role") or "user"
    if role not in ("user", "model", "function"):
        raise invalid("Please use a valid role: user, model.")
    gives_results = any("functionResponse" in part for part in content.get("parts") or ())
    name = "tool" if gives_results else "assistant" if role == "model" else "user"
    return Message(name, _parts(content), 0)


def _spelled(content: Any) -> dict[str, Any]:
    """A content with its parts' fields in camelCase."""
    if not isinstance(content, dict):
        raise invalid("Invalid value at 'contents': an object is expected.")
    parts = [{camel(name): value for name, value in part.items()} for part in objects(content.get("parts"), "parts")]
    return {**content, "parts": parts}


def _parts(content: dict[str, Any]) -> tuple[str | Attachment, ...]:
    parts = content.get("parts") or ()
    if not parts:
        raise invalid("* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n")
    return tuple(_part(part) for part in parts)


def _part(part: dict[str, Any]) -> str | Attachment:
    match part:
        case {"text": str(text)}:
            return text
        case {"inlineData": {"data": str(data), **rest}}:
            return _attachment(str(rest.get("mimeType") or rest.get("mime_type") or ""), data)
        case {"fileData": dict(file)}:
            uri = str(file.get("fileUri") or file.get("file_uri") or "")
            return _attachment(str(file.get("mimeType") or file.get("mime_type") or "application/pdf"), uri)
        case {"functionCall": {"name": str()} as call}:
            return json.dumps(call, ensure_ascii=False)
        case {"functionResponse": {"name": str(), "response": dict(response)}}:
            return json.dumps(response, ensure_ascii=False)
        case {"executableCode": _} | {"codeExecutionResult": _} | {"toolCall": _} | {"toolResponse": _}:
            return json.dumps(part, ensure_ascii=False)
        case {"thoughtSignature": str()}:
            return ""
    raise invalid("Unable to submit request because it must have a text parameter.")


def _attachment(mime_type: str, source: str) -> Attachment:
    if "/" not in mime_type:
        raise invalid(f"Unsupported MIME type: {mime_type[:64]}")
    kind = _KINDS.get(mime_type.partition("/")[0], "file")
    return Attachment(_PICTURE_TOKENS if kind == "picture" else max(32, len(source) // 1000), source, kind)


def _check_turns(contents: Sequence[dict[str, Any]]) -> None:
    """Results come right after the calls, as many as there were."""
    for before, content in zip(({}, *contents), contents, strict=False):
        results = sum("functionResponse" in part for part in content["parts"])
        calls = sum("functionCall" in part for part in before.get("parts", ()))
        if results and results != calls:
            raise invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts "
                "of the function call turn."
            )


def _tools(told: Sequence[dict[str, Any]]) -> list[Tool]:
    tools: list[Tool] = []
    for one in told:
        declared = one.get("functionDeclarations") or one.get("function_declarations")
        for at, function in enumerate(objects(declared, "tools.function_declarations")):
            name = function.get("name")
            place = f"GenerateContentRequest.tools[0].function_declarations[{at}]"
            if not isinstance(name, str) or not name:
                raise invalid(f"* {place}.name: Invalid function name. Must start with a letter or an underscore.\n")
            schema = function.get("parametersJsonSchema") or function.get("parameters_json_schema")
            parameters = plain_schema(schema if schema is not None else function.get("parameters") or {})
            fault = fault_in(parameters)
            if fault:
                raise invalid(f"* {place}.parameters: {fault}\n")
            tools.append(Tool(name, str(function.get("description") or ""), parameters))
    return tools


def _tool_use(config: Fields, tools: tuple[Tool, ...]) -> tuple[ToolUse, str | None, tuple[Tool, ...]]:
    calling = mapping(config.get("functionCallingConfig") or config.get("function_calling_config"))
    names = texts(
        calling.get("allowedFunctionNames") or calling.get("allowed_function_names"), "allowed_function_names"
    )
    allowed = tuple(tool for tool in tools if not names or tool.name in names)
    match str(calling.get("mode") or "AUTO").upper():
        case "ANY":
            return "required", allowed[0].name if len(names) == 1 and allowed else None, allowed
        case "NONE":
            return "none", None, tools
        case "AUTO" | "VALIDATED" | "MODE_UNSPECIFIED":
            return "auto", None, allowed
        case other:
            raise invalid(f"Invalid value at 'tool_config.function_calling_config.mode', {other[:64]!r}")


def _thinking(config: Fields, model: str) -> dict[str, Any]:
    told = config.get("thinkingConfig")
    if told is None:
        return {}
    thinking = known_fields(mapping(told), {"includeThoughts", "thinkingBudget", "thinkingLevel"}, "thinking_config")
    if not thinks(model):
        raise invalid("Unable to submit request because thinking is not supported by this model.")
    number(thinking.get("thinkingBudget"), "thinking_config.thinking_budget", -1, 32_768)
    if thinking.get("thinkingLevel") not in (None, *LEVELS, *map(str.lower, LEVELS)):
        raise invalid("Invalid value at 'generation_config.thinking_config.thinking_level'")
    if thinking.get("thinkingBudget") is not None and thinking.get("thinkingLevel") is not None:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    level = thinking.get("thinkingLevel")
    if level is not None and level.upper() not in levels_of(model):
        raise invalid(f"Thinking level {level.upper()} is not supported for this model.")
    if thinking.get("thinkingBudget") == 0 and "-pro" in model:
        raise invalid("Budget 0 is invalid. This model only works in thinking mode.")
    return thinking


def _top_logprobs(config: Fields) -> int | None:
    top = number(config.get("logprobs"), "generation_config.logprobs", 0, 20)
    return int(top or 0) if config.get("responseLogprobs") else None


def _answer_schema(config: Fields) -> Mapping[str, Any] | None:
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    kind = config.get("responseMimeType")
    if schema is not None and kind not in ("application/json", "text/x.enum"):
        raise invalid("response_schema is only supported with response_mime_type application/json.")
    if schema is None:
        return _ANY_OBJECT if kind == "application/json" else None
    plain = plain_schema(schema)
    fault = fault_in(plain)
    if fault:
        raise invalid(f"* GenerateContentRequest.generation_config.response_schema: {fault}\n")
    return plain if isinstance(plain, dict) else {}


def _most_tokens(config: Fields) -> int | None:
    for name, high in (("temperature", 2), ("topP", 1)):
        number(config.get(name), f"generation_config.{name}", 0, high)
    most = number(config.get("maxOutputTokens"), "generation_config.max_output_tokens", 1, OUTPUT_LIMIT)
    return None if most is None else int(most)
