"""Reads a Messages request. Fields that the vendor does not know are refused, as it refuses them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from madang_simulator.asks import ChatAsk, Message, Tool, ToolUse
from madang_simulator.schema_check import fault_in
from madang_simulator.wires.anthropic import fields as read
from madang_simulator.wires.anthropic.content import (
    check_marks,
    ends_with_unexplained_call,
    marks_in,
    messages_of,
    system_message,
)
from madang_simulator.wires.anthropic.fields import Fields, invalid, needed
from madang_simulator.wires.anthropic.model_facts import most_tokens, version_of
from madang_simulator.wires.anthropic.schema_limits import limit_passed
from madang_simulator.wires.anthropic.thoughts import REDACTED_TRIGGER

_KNOWN = frozenset(
    {"model", "messages", "max_tokens", "system", "stream", "stop_sequences", "temperature", "top_p", "top_k", "tools"}
    | {"tool_choice", "thinking", "output_config", "metadata", "service_tier", "container", "cache_control", "speed"}
    | {"inference_geo", "diagnostics", "context_management", "mcp_servers"}
)
_ADAPTIVE_SINCE = (4, 6)
_WITHOUT_SAMPLING_SINCE = (4, 7)
_ONE_SAMPLING_SINCE = (4, 1)
_WITHOUT_PREFILL_SINCE = (4, 6)
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_USES: dict[str, ToolUse] = {"auto": "auto", "any": "required", "none": "none", "tool": "required"}
_EFFORTS = {"low": 64, "medium": 192, "high": 512, "xhigh": 768, "max": 1024}
_LEAST_BUDGET = 1024


def read_ask(fields: Fields, *, counts_only: bool = False) -> ChatAsk:
    """The chat request in `fields`; `counts_only` for the request that only counts its tokens."""
    for name in fields:
        if name not in _KNOWN:
            raise invalid(name, "Extra inputs are not permitted")
    model = str(needed(fields, "model"))
    max_tokens = None if counts_only else _max_tokens(fields, model)
    messages = [*system_message(fields), *messages_of(fields)]
    if messages[-1].role == "assistant" and version_of(model) >= _WITHOUT_PREFILL_SINCE:
        words = "This model does not support assistant message prefill. The conversation must end with a user message."
        raise invalid("", words)
    check_marks(fields)
    tools = [_tool(tool, index) for index, tool in enumerate(read.objects(fields, "tools"))]
    use, forced, is_parallel = _tool_choice(fields)
    schema = _answer_schema(fields)
    _check_sampling(fields, model)
    thought = _thought(fields, model, max_tokens)
    marks = marks_in(dict(fields))
    return ChatAsk(
        model=model,
        messages=tuple(messages),
        tools=tuple(tool for tool in tools if tool is not None),
        tool_use=use,
        forced_tool=forced,
        parallel_tools=is_parallel,
        answer_schema=schema,
        max_tokens=max_tokens,
        stop=_stops(fields),
        reasoning_tokens=thought,
        shows_reasoning=thought > 0,
        caches=bool(marks),
        stream=read.flag(fields, "stream") or False,
        stream_usage=True,
        definitions_text=_definitions_text(fields),
        own={
            "hides_thoughts": _hides_thoughts(fields, model),
            "redacts_thoughts": _is_redacted(messages),
            "keeps_an_hour": any(isinstance(mark, dict) and mark.get("ttl") == "1h" for mark in marks),
        },
    )


def _max_tokens(fields: Fields, model: str) -> int:
    needed(fields, "max_tokens")
    asked = read.whole(fields, "max_tokens", 0) or 0
    most = most_tokens(model)
    if asked > most:
        words = f"{asked} > {most}, which is the maximum allowed number of output tokens for {model}"
        raise invalid("max_tokens", words)
    return asked


def _tool(tool: Fields, index: int) -> Tool | None:
    """A tool that the caller runs; None for one that the vendor runs itself."""
    path = f"tools.{index}.custom."
    if tool.get("type") not in (None, "custom"):
        return None
    name = str(needed(tool, "name", path))
    if not _NAME.fullmatch(name):
        raise invalid(f"{path}name", "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
    if read.mapping(tool, "input_schema", path) is None:
        raise invalid(f"{path}input_schema", "Field required")
    schema: Mapping[str, Any] = tool["input_schema"]
    if schema.get("type") != "object":
        raise invalid(f"{path}input_schema.type", "Input should be 'object'")
    fault = fault_in(schema)
    if fault is not None:
        raise invalid(
            f"{path}input_schema", f"JSON schema is invalid. It must match JSON Schema draft 2020-12: {fault}"
        )
    limit = limit_passed(schema) if read.flag(tool, "strict", path) else None
    if limit is not None:
        raise invalid(f"{path}input_schema", limit)
    return Tool(name, read.text(tool, "description", path) or "", schema)


def _tool_choice(fields: Fields) -> tuple[ToolUse, str | None, bool]:
    choice = read.mapping(fields, "tool_choice")
    if choice is None:
        return "auto", None, True
    kind = choice.get("type")
    if not isinstance(kind, str) or kind not in _USES:
        raise invalid("tool_choice", "Input tag found using 'type' does not match any of 'any', 'auto', 'none', 'tool'")
    if not fields.get("tools"):
        raise invalid("tool_choice", "tool_choice may only be specified while providing tools")
    forced = str(needed(choice, "name", "tool_choice.tool.")) if kind == "tool" else None
    if forced is not None and forced not in [tool.get("name") for tool in fields["tools"]]:
        raise invalid("tool_choice.tool", f"Tool '{forced[:64]}' not found in provided tools")
    return _USES[kind], forced, not read.flag(choice, "disable_parallel_tool_use", "tool_choice.")


def _answer_schema(fields: Fields) -> Mapping[str, Any] | None:
    form = read.mapping(read.mapping(fields, "output_config") or {}, "format", "output_config.")
    if form is None:
        return None
    schema = read.mapping(form, "schema", "output_config.format.")
    if form.get("type") != "json_schema" or schema is None:
        raise invalid("output_config.format.schema", "Field required")
    fault = fault_in(schema) or limit_passed(schema)
    if fault is not None:
        raise invalid("output_config.format.schema", fault)
    return schema


def _stops(fields: Fields) -> tuple[str, ...]:
    stops = fields.get("stop_sequences") or []
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise invalid("stop_sequences", "Input should be a valid list of strings")
    if not all(stop.strip() for stop in stops):
        raise invalid("stop_sequences", "each stop sequence must contain non-whitespace")
    return tuple(stops)


def _check_sampling(fields: Fields, model: str) -> None:
    given = [name for name in ("temperature", "top_p", "top_k") if fields.get(name) is not None]
    temperature = read.share(fields, "temperature")
    read.share(fields, "top_p")
    version = version_of(model)
    if given and version >= _WITHOUT_SAMPLING_SINCE:
        raise invalid("", f"`{given[0]}` is deprecated for this model.")
    if {"temperature", "top_p"} <= set(given) and version >= _ONE_SAMPLING_SINCE:
        raise invalid("", "`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if temperature not in (None, 1.0) and _thinking_type(fields) in ("enabled", "adaptive"):
        raise invalid("", "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.")


def _thought(fields: Fields, model: str, max_tokens: int | None) -> int:
    """Tokens thought before the answer."""
    kind = _thinking_type(fields)
    effort = read.text(read.mapping(fields, "output_config") or {}, "effort", "output_config.")
    is_adaptive_model = version_of(model) >= _ADAPTIVE_SINCE
    if effort is not None and effort not in _EFFORTS:
        raise invalid("output_config.effort", "Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
    if effort == "xhigh" and version_of(model) < _WITHOUT_SAMPLING_SINCE:
        raise invalid("", "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.")
    if effort is not None and not is_adaptive_model and "opus-4-5" not in model:
        raise invalid("", "This model does not support the effort parameter.")
    if kind in ("enabled", "adaptive") and (fields.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise invalid("", "Thinking may not be enabled when tool_choice forces tool use.")
    if kind == "adaptive":
        if not is_adaptive_model:
            raise invalid("", "adaptive thinking is not supported on this model")
        return _EFFORTS[effort or "high"]
    return _budgeted(fields, model, max_tokens) if kind == "enabled" else 0


def _budgeted(fields: Fields, model: str, max_tokens: int | None) -> int:
    if version_of(model) >= _WITHOUT_SAMPLING_SINCE:
        words = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        raise invalid("", f'"thinking.type.enabled" is not supported for this model. {words}')
    budget = read.whole(fields["thinking"], "budget_tokens", _LEAST_BUDGET, "thinking.enabled.")
    if budget is None:
        raise invalid("thinking.enabled.budget_tokens", "Field required")
    if max_tokens is not None and budget >= max_tokens:
        raise invalid("", "`max_tokens` must be greater than `thinking.budget_tokens`.")
    place = ends_with_unexplained_call(fields["messages"])
    if place is not None:
        raise invalid(
            f"messages.{place}.content.0.type",
            "Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final "
            "`assistant` message must start with a thinking block.",
        )
    return min(budget // 16, _EFFORTS["max"])


def _thinking_type(fields: Fields) -> str | None:
    thinking = read.mapping(fields, "thinking")
    kind = None if thinking is None else thinking.get("type")
    if thinking is not None and kind not in ("enabled", "adaptive", "disabled", "between_tools"):
        raise invalid(
            "thinking", "Input tag found using 'type' does not match any of 'adaptive', 'disabled', 'enabled'"
        )
    return kind


def _hides_thoughts(fields: Fields, model: str) -> bool:
    """Whether the thinking blocks come empty: asked for, or by default of the newer models."""
    display = (read.mapping(fields, "thinking") or {}).get("display")
    return display == "omitted" or (display is None and version_of(model) >= _WITHOUT_SAMPLING_SINCE)


def _is_redacted(messages: list[Message]) -> bool:
    return any(REDACTED_TRIGGER in message.text for message in messages)


def _definitions_text(fields: Fields) -> str:
    definitions = [fields.get("tools"), (fields.get("output_config") or {}).get("format")]
    found = [one for one in definitions if one]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else ""
