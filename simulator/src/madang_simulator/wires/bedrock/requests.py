"""Reads Converse's requests, with the checks that Bedrock makes before a model sees them.

Shapes: AWS's "Amazon Bedrock Runtime API reference", ConverseRequest; messages as AWS's own, shortened.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from madang_simulator.asks import Attachment, ChatAsk, Message, Tool, ToolUse
from madang_simulator.pictures import picture_tokens
from madang_simulator.refusals import Refusal
from madang_simulator.schema_check import fault_in
from madang_simulator.wires.bedrock.refusals import invalid
from madang_simulator.wires.bedrock.shapes import check_shapes
from madang_simulator.wires.openai_fields import Fields

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_DOCUMENT_NAME = re.compile(r"(?!.*\s\s)[A-Za-z0-9\s()\[\]-]{1,200}")
_IMAGE_FORMATS = ("png", "jpeg", "gif", "webp")
_DOCUMENT_FORMATS = ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")
_LEAST_BUDGET = 1024
_THOUGHT_TOKENS = {"low": 24, "medium": 48, "high": 96}
_THINKING_MODELS = ("deepseek.r1", "openai.gpt-oss")


def read_converse(body: bytes, model: str, *, stream: bool) -> ChatAsk:
    """The request for a conversation."""
    fields = _without_nulls(read_body(body))
    check_shapes(fields)
    own = mapping(fields, "additionalModelRequestFields")
    tools = _tools(fields)
    use, forced = _tool_choice(fields, tools)
    inference = mapping(fields, "inferenceConfig")
    longest = _number(inference, "maxTokens", 1, None)
    _number(inference, "temperature", 0, 1)
    _number(inference, "topP", 0, 1)
    thoughts = _thought_tokens(own, model, longest, is_forced=use == "required")
    schema = _answer_schema(fields)
    return ChatAsk(
        model=model,
        messages=(*_system(fields), *_messages(fields, has_tools=bool(tools))),
        tools=tools,
        tool_use=use,
        forced_tool=forced,
        answer_schema=schema,
        max_tokens=None if longest is None else int(longest),
        stop=tuple(str(one) for one in inference.get("stopSequences") or ()),
        reasoning_tokens=thoughts,
        shows_reasoning=thoughts > 0,
        caches=b'"cachePoint"' in body,
        stream=stream,
        stream_usage=True,
        definitions_text="\n".join(
            msgspec.json.encode(fields[name]).decode() for name in ("toolConfig", "outputConfig") if fields.get(name)
        ),
        own={
            "guardrail": fields.get("guardrailConfig"),
            "paths": fields.get("additionalModelResponseFieldPaths") or (),
            "tier": fields.get("serviceTier"),
            "signs": not model.startswith(_THINKING_MODELS),
        },
    )


def read_body(body: bytes) -> Fields:
    """The JSON object of a body."""
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(kind="bad_json") from None
    if not isinstance(fields, dict):
        raise Refusal(kind="bad_json")
    return fields


def mapping(fields: Fields, name: str) -> Mapping[str, Any]:
    """The object in a field; empty when there is none."""
    value = fields.get(name)
    if value is not None and not isinstance(value, dict):
        raise _constraint(name, "Member must be an object")
    return value or {}


def _without_nulls(value: Any) -> Any:
    """A field that is null counts as absent."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _number(fields: Fields, name: str, low: float, high: float | None) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _constraint(f"inferenceConfig.{name}", "Member must be a number")
    if value < low:
        raise _constraint(f"inferenceConfig.{name}", f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        raise _constraint(f"inferenceConfig.{name}", f"Member must have value less than or equal to {high}")
    return value


def _system(fields: Fields) -> tuple[Message, ...]:
    blocks = fields.get("system") or ()
    for block in blocks:
        if "text" in block and not str(block["text"]).strip():
            raise _constraint("system.1.member.text", "Member must have length greater than or equal to 1")
    texts = tuple(str(block["text"]) for block in blocks if "text" in block)
    return (Message("system", texts),) if texts else ()


def _messages(fields: Fields, *, has_tools: bool) -> tuple[Message, ...]:
    bodies = fields.get("messages") or []
    if not isinstance(bodies, list) or not bodies or bodies[0].get("role") != "user":
        raise invalid("A conversation must start with a user message. Try again with one that does.")
    messages: list[Message] = []
    names: set[str] = set()
    calls: list[str] = []
    for index, body in enumerate(bodies):
        role, blocks = body.get("role"), body.get("content")
        if role not in ("user", "assistant"):
            raise _constraint(
                f"messages.{index + 1}.member.role", "Member must satisfy enum value set: [user, assistant]"
            )
        if messages and (role == "user") == (messages[-1].role in ("user", "tool")):
            raise invalid("A conversation must alternate between user and assistant roles.")
        if not isinstance(blocks, list) or not blocks:
            raise invalid(f"The content field in the Message object at messages.{index} is empty.")
        calls = _check_tools(blocks, index, calls, has_tools=has_tools)
        parts = [
            part for at, block in enumerate(blocks) for part in _parts(block, f"messages.{index}.content.{at}", names)
        ]
        is_result = any("toolResult" in block for block in blocks)
        messages.append(Message("tool" if is_result else str(role), tuple(parts)))
    return tuple(messages)


def _check_tools(blocks: Sequence[Fields], index: int, calls: Sequence[str], *, has_tools: bool) -> list[str]:
    """The ids of the tools that this message calls. Every call of the message before must have its result here."""
    uses = [block["toolUse"] for block in blocks if "toolUse" in block]
    results = [str(block["toolResult"].get("toolUseId")) for block in blocks if "toolResult" in block]
    if (uses or results) and not has_tools:
        raise invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    if len(results) > len(calls):
        raise invalid(
            f"The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of "
            "previous turn."
        )
    missing = [one for one in calls if one not in results]
    if missing:
        raise invalid(
            f"Expected toolResult blocks at messages.{index}.content for the following Ids: {', '.join(missing)}"
        )
    for use in uses:
        if not _TOOL_NAME.fullmatch(str(use.get("name"))):
            raise _constraint(f"messages.{index + 1}.member.content.toolUse.name", f"pattern: {_TOOL_NAME.pattern}")
        if not _TOOL_USE_ID.fullmatch(str(use.get("toolUseId"))):
            raise _constraint(
                f"messages.{index + 1}.member.content.toolUse.toolUseId", f"pattern: {_TOOL_USE_ID.pattern}"
            )
        if not isinstance(use.get("input"), dict):
            raise invalid(
                f"The format of the value at messages.{index}.content.toolUse.input is invalid. Provide a json object."
            )
    return [str(use["toolUseId"]) for use in uses]


def _parts(block: Fields, place: str, names: set[str]) -> list[str | Attachment]:
    if not isinstance(block, dict) or len(block) != 1:
        raise invalid(f"The ContentBlock object at {place} must set exactly one field.")
    kind, value = next(iter(block.items()))
    match kind:
        case "text":
            if not str(value).strip():
                raise invalid(
                    f"The text field in the ContentBlock object at {place} is blank. Add text to the text field."
                )
            return [str(value)]
        case "image":
            if value.get("format") not in _IMAGE_FORMATS:
                raise _constraint(f"{place}.image.format", f"Member must satisfy enum value set: {_IMAGE_FORMATS}")
            encoded = _bytes(value, place)
            url = f"data:image/{value['format']};base64,{encoded}"
            return [Attachment(picture_tokens(url, "auto"), encoded)]
        case "document":
            return [_document(value, place, names)]
        case "audio" | "video":
            encoded = _bytes(value, place)
            return [Attachment(max(32, len(encoded) // 1000), encoded, "sound" if kind == "audio" else "file")]
        case "toolUse":
            return [f"{value['name']} {msgspec.json.encode(value['input']).decode()}"]
        case "toolResult":
            inner = [
                part for one in value.get("content") or () if "json" not in one for part in _parts(one, place, names)
            ]
            return inner or [msgspec.json.encode(value.get("content")).decode()]
        case "reasoningContent":
            return [str((value.get("reasoningText") or {}).get("text", ""))]
        case "guardContent":
            return [str((value.get("text") or {}).get("text", ""))]
        case "cachePoint":
            return []
    raise invalid(f"The ContentBlock object at {place} has an unknown field {kind}.")


def _document(value: Fields, place: str, names: set[str]) -> Attachment:
    name = str(value.get("name"))
    if not _DOCUMENT_NAME.fullmatch(name):
        raise invalid(
            f"The document file name at {place} can only contain alphanumeric characters, whitespace characters, hyphens, "
            "parentheses, and square brackets. The name can't contain more than one consecutive whitespace character."
        )
    if name in names:
        raise invalid("The model returned the following errors: duplicate document names are not allowed")
    names.add(name)
    if value.get("format") not in _DOCUMENT_FORMATS:
        raise _constraint(f"{place}.document.format", f"Member must satisfy enum value set: {_DOCUMENT_FORMATS}")
    encoded = _bytes(value, place)
    return Attachment(max(32, len(encoded) // 1000), encoded, "file")


def _bytes(value: Fields, place: str) -> str:
    """The base64 text of a source, or where it lies in S3."""
    source = value.get("source") or {}
    if "s3Location" in source:
        return str(source["s3Location"].get("uri"))
    encoded = source.get("bytes") or source.get("text") or ""
    try:
        if "bytes" in source and not base64.b64decode(encoded, validate=True):
            raise invalid(f"The source of the block at {place} is empty.")
    except binascii.Error:
        raise Refusal(kind="bad_json", message=f"The bytes at {place} are not base64.") from None
    return str(encoded)


def _tools(fields: Fields) -> tuple[Tool, ...]:
    config = fields.get("toolConfig")
    if config is None:
        return ()
    tools: list[Tool] = []
    for index, one in enumerate(config.get("tools") or ()):
        spec = one.get("toolSpec")
        if spec is None:
            continue
        if not _TOOL_NAME.fullmatch(str(spec.get("name"))):
            place = f"toolConfig.tools.{index + 1}.member.toolSpec.name"
            raise _constraint(place, f"Member must satisfy regular expression pattern: {_TOOL_NAME.pattern}")
        schema = (spec.get("inputSchema") or {}).get("json")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise invalid(f"The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be object.")
        fault = fault_in(schema)
        if fault is not None:
            raise invalid(f"The value at toolConfig.tools.{index}.toolSpec.inputSchema.json is invalid: {fault}.")
        tools.append(Tool(str(spec["name"]), str(spec.get("description", "")), schema))
    if not tools:
        raise _constraint("toolConfig.tools", "Member must have length greater than or equal to 1")
    return tuple(tools)


def _tool_choice(fields: Fields, tools: Sequence[Tool]) -> tuple[ToolUse, str | None]:
    choice = (fields.get("toolConfig") or {}).get("toolChoice") or {}
    if "any" in choice:
        return "required", None
    if "tool" in choice:
        name = str(choice["tool"].get("name"))
        if name not in {tool.name for tool in tools}:
            raise invalid(f"The tool named {name} in toolChoice is not among the tools.")
        return "required", name
    return "auto", None


def _answer_schema(fields: Fields) -> Mapping[str, Any] | None:
    form = (fields.get("outputConfig") or {}).get("textFormat")
    if form is None:
        return None
    text = ((form.get("structure") or {}).get("jsonSchema") or {}).get("schema")
    try:
        schema = msgspec.json.decode(text) if isinstance(text, str) else None
    except msgspec.DecodeError:
        schema = None
    if form.get("type") != "json_schema" or not isinstance(schema, dict):
        raise invalid("outputConfig.textFormat.structure.jsonSchema.schema must be the text of a JSON schema.")
    fault = fault_in(schema)
    if fault is not None:
        raise invalid(f"The JSON schema of outputConfig is invalid: {fault}.")
    return schema


def _thought_tokens(own: Fields, model: str, longest: float | None, *, is_forced: bool) -> int:
    thinking = own.get("thinking")
    if model.startswith(_THINKING_MODELS):
        return _THOUGHT_TOKENS["medium"]
    if not isinstance(thinking, dict) or thinking.get("type") == "disabled":
        return 0
    if is_forced:
        raise _model_said("Thinking may not be enabled when tool_choice forces tool use.")
    if thinking.get("type") == "adaptive":
        effort = (own.get("output_config") or {}).get("effort", "high")
        return _THOUGHT_TOKENS.get(effort, 128)
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int) or budget < _LEAST_BUDGET:
        raise _model_said("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if longest is not None and longest <= budget:
        raise _model_said("`max_tokens` must be greater than `thinking.budget_tokens`.")
    return _THOUGHT_TOKENS["medium"]


def _model_said(message: str) -> Refusal:
    return invalid(f"The model returned the following errors: {message}")


def _constraint(place: str, constraint: str) -> Refusal:
    return invalid(f"1 validation error detected: Value at '{place}' failed to satisfy constraint: {constraint}")
