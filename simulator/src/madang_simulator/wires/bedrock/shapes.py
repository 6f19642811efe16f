"""The types that Converse's fields must have, checked before anything else is: AWS refuses others while it still parses.

Shapes: AWS's "Amazon Bedrock Runtime API reference", ConverseRequest. What is not named here is let through.
"""

from typing import Any

import msgspec

from madang_simulator.refusals import Refusal
from madang_simulator.wires.openai_fields import Fields

Json = dict[str, Any]


class _Shape(msgspec.Struct, rename="camel"):
    """Names as in JSON."""


class _File(_Shape):
    source: Json | None = None
    format: str | None = None
    name: str | None = None


class _ToolUse(_Shape):
    input: Json
    tool_use_id: str
    name: str


class _ReasoningText(_Shape):
    text: str
    signature: str | None = None


class _Reasoning(_Shape):
    reasoning_text: _ReasoningText | None = None
    redacted_content: str | None = None


class _Guarded(_Shape):
    text: Json | None = None
    image: _File | None = None


class _ResultBlock(_Shape):
    text: str | None = None
    image: _File | None = None
    document: _File | None = None
    video: _File | None = None


class _ToolResult(_Shape):
    tool_use_id: str
    content: list[_ResultBlock]


class _Block(_Shape):
    text: str | None = None
    image: _File | None = None
    document: _File | None = None
    audio: _File | None = None
    video: _File | None = None
    tool_use: _ToolUse | None = None
    tool_result: _ToolResult | None = None
    reasoning_content: _Reasoning | None = None
    guard_content: _Guarded | None = None
    cache_point: Json | None = None


class _Message(_Shape):
    role: str
    content: list[_Block]


class _InputSchema(_Shape):
    json: Any = None


class _ToolSpec(_Shape):
    name: str
    input_schema: _InputSchema
    description: str | None = None
    strict: bool | None = None


class _Tool(_Shape):
    tool_spec: _ToolSpec | None = None


class _ToolChoice(_Shape):
    tool: Json | None = None


class _ToolConfig(_Shape):
    tools: list[_Tool]
    tool_choice: _ToolChoice | None = None


class _JsonSchema(_Shape):
    schema: str


class _Structure(_Shape):
    json_schema: _JsonSchema | None = None


class _TextFormat(_Shape):
    type: str
    structure: _Structure


class _OutputConfig(_Shape):
    text_format: _TextFormat | None = None


class _Inference(_Shape):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] | None = None


class _SystemBlock(_Shape):
    text: str | None = None


class _Request(_Shape):
    messages: list[_Message] | None = None
    system: list[_SystemBlock] | None = None
    inference_config: _Inference | None = None
    tool_config: _ToolConfig | None = None
    output_config: _OutputConfig | None = None
    guardrail_config: Json | None = None
    service_tier: Json | None = None
    additional_model_request_fields: Json | None = None
    additional_model_response_field_paths: list[str] | None = None


def check_shapes(fields: Fields) -> None:
    """Raises Refusal for a field that has another type than it must have."""
    try:
        msgspec.convert(fields, _Request)
    except msgspec.ValidationError as error:
        raise Refusal(kind="bad_json", message=str(error)) from None
