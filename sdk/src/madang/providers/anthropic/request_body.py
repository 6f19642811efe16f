"""A chat request in OpenAI's shape as the body of Anthropic's Messages API.

Source: Anthropic's API reference, "Create a Message"; its Python client 2.8, `MessageCreateParams`.

    messages, tools, tool_choice, parallel_tool_calls    see messages.py and tools.py
    max_completion_tokens, max_tokens                    max_tokens; without them, what the model can write, or 8192
    stop                                                 stop_sequences
    response_format json_schema                          output_config.format
    response_format json_object                          an instruction: the vendor has no such mode
    reasoning_effort                                     thinking and output_config.effort, see _think
    temperature, top_p                                   the same, at most 1; see _sample
    user, safety_identifier, metadata.user_id            metadata.user_id
    service_tier auto, default                           auto, standard_only
    betas                                                the header anthropic-beta
    n above 1, logprobs, audio, functions,               refused: the answer would not be what was asked for
        web_search_options, moderation
    everything else of OpenAI's                          left out: seed, penalties, logit_bias, store, verbosity, …
    everything that is not OpenAI's                      passes: thinking, top_k, container, output_config, system, …
"""

from typing import Any

import msgspec

from madang.calls.request import Request
from madang.calls.target import Target
from madang.providers.anthropic.json_schema import ONLY_JSON, enforceable
from madang.providers.anthropic.messages import calls_tools_without_thinking, conversation_of
from madang.providers.anthropic.model_rules import BUDGETS, LEAST_BUDGET, rules_of
from madang.providers.anthropic.tools import forces_a_tool, tool_choice_of, tools_of
from madang.providers.openai_fields import CHAT_FIELDS, refused, vendor_fields

DEFAULT_MAX_TOKENS = 8192
"""Where nobody said how long an answer may be, and the model's limit is not known. Every model of today can write it."""

# `betas` are a header.
_NOT_IN_BODY = CHAT_FIELDS | {"betas"}
_REFUSED = {
    "n": "Anthropic gives one answer at a time; ask with n = 1.",
    "logprobs": "Anthropic does not tell the probabilities of tokens; ask without logprobs.",
    "audio": "Anthropic's models do not speak; ask without audio.",
    "functions": "'functions' are not translated; give them as tools.",
    "web_search_options": "Anthropic's models search by a tool of their own, such as type 'web_search_20250305'.",
    "moderation": "Anthropic has no moderation of OpenAI's kind; ask without it.",
}
_EFFORTS = {"none": "low", "minimal": "low", "low": "low", "medium": "medium", "high": "high", "max": "max"}
_SERVICE_TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}

_encode = msgspec.json.Encoder().encode


def encode_body(request: Request, target: Target) -> bytes:
    """The body. Raises CallFailed naming what Anthropic cannot be asked."""
    given = request.body
    for name, advice in _REFUSED.items():
        # An empty object asks for a web search too.
        is_asked = bool(given.get(name)) or (name == "web_search_options" and given.get(name) is not None)
        if is_asked and not (name == "n" and given[name] == 1):
            raise refused(advice, name)
    system, turns = conversation_of(given.get("messages"))
    body: dict[str, Any] = {"model": target.vendor_model, "max_tokens": _max_tokens(given, target), "messages": turns}
    _offer_tools(body, given)
    if isinstance(given.get("response_format"), dict):
        _shape_answer(body, system, given["response_format"])
    _think(body, given)
    _sample(body, given)
    stops = _stops(given.get("stop"))
    if stops:
        body["stop_sequences"] = stops
    user = _user(given)
    if user:
        body["metadata"] = {"user_id": user}
    tier = given.get("service_tier")
    if isinstance(tier, str) and tier in _SERVICE_TIERS:
        body["service_tier"] = _SERVICE_TIERS[tier]
    if request.is_stream:
        body["stream"] = True
    _pass_on(body, system, given)
    if system:
        body["system"] = system
    return _encode(body)


def _max_tokens(given: dict[str, Any], target: Target) -> Any:
    asked = given.get("max_completion_tokens")
    if asked is None:
        asked = given.get("max_tokens")
    return asked if asked is not None else target.max_output_tokens or DEFAULT_MAX_TOKENS


def _offer_tools(body: dict[str, Any], given: dict[str, Any]) -> None:
    if not given.get("tools"):
        return
    body["tools"] = tools_of(given["tools"])
    choice = tool_choice_of(given.get("tool_choice"), is_parallel=given.get("parallel_tool_calls") is not False)
    if choice is not None:
        body["tool_choice"] = choice


def _shape_answer(body: dict[str, Any], system: list[dict[str, Any]], form: dict[str, Any]) -> None:
    kind = form.get("type")
    if kind == "json_schema":
        described = form.get("json_schema")
        schema = described.get("schema") if isinstance(described, dict) else None
        if not isinstance(schema, dict):
            raise refused("'response_format.json_schema' has no schema.", "response_format")
        body["output_config"] = {"format": {"type": "json_schema", "schema": enforceable(schema)}}
    elif kind == "json_object":
        system.append({"type": "text", "text": ONLY_JSON})
    elif kind != "text":
        raise refused(f"'response_format' is {kind!r}; known: 'json_schema', 'json_object', 'text'.", "response_format")


def _think(body: dict[str, Any], given: dict[str, Any]) -> None:
    """Thinking as `reasoning_effort` asks for; an explicit `thinking` is passed on instead.

    An adaptive model gets the effort, and shows its thoughts in short. An older one gets a budget within half of what it
    may write, and none where it would refuse: too little room, or a turn with tool calls whose thoughts were not kept.
    No model can be forced to call a tool while it thinks.
    """
    effort = given.get("reasoning_effort")
    if effort is None or given.get("thinking") is not None:
        return
    if not isinstance(effort, str) or (effort not in BUDGETS and effort != "none"):
        known = ", ".join(["none", *BUDGETS])
        raise refused(f"'reasoning_effort' is {effort!r}; known: {known}.", "reasoning_effort")
    rules = rules_of(body["model"])
    can_think = effort != "none" and not forces_a_tool(body.get("tool_choice"))
    if rules.is_adaptive:
        if effort == "xhigh":
            level = "xhigh" if rules.takes_xhigh else "high"
        else:
            level = _EFFORTS[effort]
        body["output_config"] = {**body.get("output_config", {}), "effort": level}
        if can_think:
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
    elif can_think and not calls_tools_without_thinking(body["messages"]):
        room = body["max_tokens"] // 2 if isinstance(body["max_tokens"], int) else 0
        budget = min(BUDGETS[effort], room)
        if budget >= LEAST_BUDGET:
            body["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _sample(body: dict[str, Any], given: dict[str, Any]) -> None:
    """Temperature, or else top_p: newer models refuse both at once, and thinking goes with neither.

    OpenAI's temperature goes to 2, Anthropic's to 1.
    """
    thinking = given.get("thinking") or body.get("thinking")
    is_thinking = isinstance(thinking, dict) and thinking.get("type") != "disabled"
    if is_thinking or not rules_of(body["model"]).takes_sampling:
        return
    for name in ("temperature", "top_p"):
        value = given.get(name)
        if value is not None:
            body[name] = min(value, 1) if isinstance(value, int | float) else value
            return


def _stops(given: Any) -> list[Any]:
    """Where to stop, without white space alone, which the vendor refuses."""
    stops = given if isinstance(given, list) else [given]
    return [stop for stop in stops if stop and not (isinstance(stop, str) and stop.isspace())]


def _user(given: dict[str, Any]) -> Any:
    metadata = given.get("metadata")
    in_metadata = metadata.get("user_id") if isinstance(metadata, dict) else None
    return in_metadata or given.get("user") or given.get("safety_identifier")


def _pass_on(body: dict[str, Any], system: list[dict[str, Any]], given: dict[str, Any]) -> None:
    """What is not OpenAI's goes to the vendor as it is; where we wrote the same field, the caller's word counts."""
    for name, value in vendor_fields(given, _NOT_IN_BODY).items():
        if name == "system":
            system[:0] = value if isinstance(value, list) else [{"type": "text", "text": value}]
        elif name == "output_config" and isinstance(value, dict):
            body[name] = {**body.get(name, {}), **value}
        else:
            body[name] = value
