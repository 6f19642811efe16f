"""A request to Anthropic's Messages API as a chat request of OpenAI's.

Source: Anthropic's API reference, "Create a Message"; its Python client 2.8, `MessageCreateParams`.

    system, messages                    see messages_content.py
    max_tokens                          the same, at most what the deployment can write
    stop_sequences                      stop
    temperature, top_p                  the same; top_k where the vendor has it
    tools with a schema, tool_choice    tools, tool_choice, parallel_tool_calls
    thinking, output_config.effort      reasoning_effort; thinking itself for a Claude on Bedrock that takes a budget
    output_config.format                response_format
    metadata.user_id                    user, where it is short enough for one
    service_tier                        auto, default; only OpenAI and Azure have one of the kind
    tools of Anthropic's own,           refused: the answer would not be what was asked for
        mcp_servers, container
    everything else                     left out: cache_control of the request, context_management, betas, …
"""

from typing import Any

from madang.calls.target import Target
from madang.providers.anthropic.model_rules import rules_of
from madang.providers.dialects.chat_turns import Json, schema_format
from madang.providers.dialects.messages_content import turns_of
from madang.providers.dialects.vendor_ways import Ways, ways_of
from madang.providers.openai_fields import refused

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_LONGEST_USER = 64  # characters; OpenAI refuses a longer one
_LOW_UP_TO, _MEDIUM_UP_TO = 2_048, 16_384  # tokens of a thinking budget


def chat_of_messages(body: Json, target: Target) -> Json:
    """Raises CallFailed(invalid_request) naming what cannot be asked of another vendor."""
    ways = ways_of(target)
    for name in ("mcp_servers", "container"):
        if body.get(name):
            raise refused(f"Only Anthropic itself has {name!r}; deployment {target.name!r} is {ways.vendor}.", name)
    chat: Json = {"model": target.vendor_model, "messages": turns_of(body, ways)}
    for name in ("temperature", "top_p"):
        if body.get(name) is not None:
            chat[name] = body[name]
    if body.get("top_k") is not None and not ways.is_strict:
        chat["top_k"] = body["top_k"]
    longest = body.get("max_tokens")
    if longest is not None:
        own = target.max_output_tokens
        chat[ways.tokens_field] = min(longest, own) if own is not None and isinstance(longest, int) else longest
    if body.get("stop_sequences"):
        chat["stop"] = body["stop_sequences"]
    _offer_tools(chat, body, ways)
    _think(chat, body, target, ways)
    wanted = _format(body)
    if wanted is not None:
        chat["response_format"] = schema_format("answer", wanted.get("schema"))
    metadata = body.get("metadata")
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    if isinstance(user, str) and 0 < len(user) <= _LONGEST_USER:
        chat["user"] = user
    if body.get("service_tier") and ways.vendor in ("openai", "azure"):
        chat["service_tier"] = "default" if body["service_tier"] == "standard_only" else "auto"
    return chat


def shows_thinking(body: Json) -> bool:
    """Whether the caller wants to see thoughts; without asking, Anthropic's models have none."""
    thinking = body.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") in ("enabled", "adaptive")


def _offer_tools(chat: Json, body: Json, ways: Ways) -> None:
    tools = body.get("tools")
    if not tools:
        return
    if not isinstance(tools, list):
        raise refused("'tools' must be a list of tools.", "tools")
    chat["tools"] = [_tool(tool, ways) for tool in tools]
    choice = body.get("tool_choice")
    if not isinstance(choice, dict):
        return
    kind = str(choice.get("type"))
    if kind == "tool":
        chat["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    elif kind in _CHOICES:
        chat["tool_choice"] = _CHOICES[kind]
    else:
        raise refused("'tool_choice' must be of type auto, any, tool or none.", "tool_choice")
    if choice.get("disable_parallel_tool_use") is True:
        chat["parallel_tool_calls"] = False


def _tool(tool: Any, ways: Ways) -> Json:
    if not isinstance(tool, dict) or not tool.get("name"):
        raise refused("Every tool must be an object with a name.", "tools")
    kind = tool.get("type") or "custom"
    if kind != "custom":
        raise refused(f"The tool {str(kind)[:80]!r} is Anthropic's own; {ways.vendor} does not have it.", "tools")
    function: Json = {"name": tool["name"]}
    if tool.get("description"):
        function["description"] = tool["description"]
    function["parameters"] = tool.get("input_schema") or {"type": "object", "properties": {}}
    if tool.get("strict") is True:
        function["strict"] = True
    made: Json = {"type": "function", "function": function}
    if tool.get("cache_control") and ways.vendor == "bedrock":
        made["cache_control"] = tool["cache_control"]
    return made


def _think(chat: Json, body: Json, target: Target, ways: Ways) -> None:
    thinking = body.get("thinking")
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    is_claude = ways.vendor == "bedrock" and "claude" in target.vendor_model
    if kind == "enabled" and is_claude and not rules_of(target.vendor_model).is_adaptive:
        chat["thinking"] = thinking
        return
    config = body.get("output_config")
    effort = config.get("effort") if isinstance(config, dict) else None
    if effort is None and kind == "adaptive":
        effort = "medium"
    if effort is None and kind == "enabled":
        budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
        tokens = budget if isinstance(budget, int) else _MEDIUM_UP_TO
        effort = "low" if tokens <= _LOW_UP_TO else "medium" if tokens <= _MEDIUM_UP_TO else "high"
    if effort is None or not ways.takes_effort:
        return
    chat["reasoning_effort"] = "high" if effort in ("xhigh", "max") and ways.vendor != "bedrock" else effort


def _format(body: Json) -> Json | None:
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else None
    wanted = wanted or body.get("output_format")  # the name it had while it was a beta
    return wanted if isinstance(wanted, dict) and wanted.get("type") == "json_schema" else None
