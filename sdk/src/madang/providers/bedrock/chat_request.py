"""An OpenAI chat request as the body of Converse or ConverseStream.

Source: AWS's "Amazon Bedrock Runtime API reference", Converse; "Inference parameters and responses for foundation models"
for the fields of single models; "Get validated JSON results from models" for structured output.

    messages, tools, tool_choice                     see messages.py, content.py and tools.py
    max_completion_tokens, max_tokens                inferenceConfig.maxTokens; without them the model's own limit holds
    temperature, top_p                               inferenceConfig, at most 1; left out where a Claude refuses them
    stop                                             inferenceConfig.stopSequences
    response_format json_schema                      outputConfig.textFormat; a tool that must be called, for older models
    response_format json_object                      an instruction: Converse has no such mode
    reasoning_effort                                 the model's own fields: see _think
    service_tier default, flex, priority             serviceTier
    n above 1, logprobs, logit_bias, audio,          refused: the answer would not be what was asked for
        functions, web_search_options
    everything else of OpenAI's                      left out: seed, user, store, metadata, penalties, verbosity, …
    Converse's own fields                            pass: guardrailConfig, performanceConfig, requestMetadata, …
    everything else                                  additionalModelRequestFields
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from madang.calls.target import Target
from madang.providers.anthropic.json_schema import ONLY_JSON, enforceable
from madang.providers.anthropic.model_rules import BUDGETS, LEAST_BUDGET, rules_of
from madang.providers.bedrock.content import Files
from madang.providers.bedrock.messages import conversation_of
from madang.providers.bedrock.tools import tool_spec, tools_of
from madang.providers.openai_fields import CHAT_FIELDS, refused

ANSWER_TOOL = "answer_as_json"
"""The tool through which a model without structured output is made to answer; its input is the answer."""

_OWN_FIELDS = frozenset(
    {
        "additionalModelResponseFieldPaths",
        "guardrailConfig",
        "performanceConfig",
        "promptVariables",
        "requestMetadata",
        "serviceTier",
    }
)
_MERGED_FIELDS = ("inferenceConfig", "toolConfig", "outputConfig", "additionalModelRequestFields")
_REFUSED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "n": (lambda value: value != 1, "Bedrock gives one answer at a time; ask with n = 1."),
    "logprobs": (bool, "Bedrock does not tell the probabilities of tokens; ask without logprobs."),
    "logit_bias": (bool, "Bedrock cannot weigh single tokens; ask without logit_bias."),
    "audio": (bool, "Bedrock's Converse does not speak; ask without audio."),
    "functions": (bool, "'functions' are not translated; give them as tools."),
    "web_search_options": (lambda _: True, "Bedrock's Converse has no web search of OpenAI's kind; ask without it."),
}
_EFFORTS = ("none", *BUDGETS)
_ROOM_FOR_ANSWER = 8192
# Models from before structured output. What is not known here is taken to have it.
_WITHOUT_STRUCTURE = re.compile(
    r"claude-(?:v|instant|[23]\b|3-|(?:opus|sonnet)-4-(?:20|1\b))|amazon\.(?:nova|titan)|meta\.llama|cohere\.|ai21\."
    r"|mistral\.(?:mistral-7b|mixtral|mistral-(?:large|small)-240)|deepseek\.r1"
)

_encode = msgspec.json.Encoder().encode


def encode_body(given: Mapping[str, Any], target: Target, files: Files) -> bytes:
    """The body. Raises CallFailed naming what Bedrock cannot be asked."""
    for name, (is_asked, advice) in _REFUSED.items():
        if given.get(name) is not None and is_asked(given[name]):
            raise refused(advice, name)
    system, turns, called = conversation_of(given.get("messages"), files)
    can_enforce = not _WITHOUT_STRUCTURE.search(target.vendor_model)
    tools = tools_of(given.get("tools"), given.get("tool_choice"), called, can_enforce=can_enforce)
    body: dict[str, Any] = {"messages": turns}
    if system:
        body["system"] = system
    if tools.config:
        body["toolConfig"] = tools.config
    own: dict[str, Any] = {"tools": tools.own} if tools.own else {}
    body["inferenceConfig"] = _inference(given, target)
    _shape_answer(body, given.get("response_format"), target.vendor_model)
    _think(body, own, given, target)
    if given.get("service_tier") in ("default", "flex", "priority"):
        body["serviceTier"] = {"type": given["service_tier"]}
    _pass_on(body, own, given)
    if own:
        body["additionalModelRequestFields"] = own
    if not body["inferenceConfig"]:
        del body["inferenceConfig"]
    return _encode(body)


def answers_by_tool(given: Mapping[str, Any], model: str) -> bool:
    """Whether the answer's JSON comes as the input of ANSWER_TOOL."""
    form = given.get("response_format")
    return isinstance(form, dict) and form.get("type") == "json_schema" and bool(_WITHOUT_STRUCTURE.search(model))


def _inference(given: Mapping[str, Any], target: Target) -> dict[str, Any]:
    made: dict[str, Any] = {}
    longest = given.get("max_completion_tokens")
    if longest is None:
        longest = given.get("max_tokens")
    if longest is not None:
        made["maxTokens"] = longest
    if rules_of(target.vendor_model).takes_sampling:
        for name, theirs in (("temperature", "temperature"), ("top_p", "topP")):
            value = given.get(name)
            if value is not None:
                made[theirs] = min(value, 1) if isinstance(value, int | float) else value
    stop = given.get("stop")
    if stop:
        stops = [stop] if isinstance(stop, str) else stop
        if not isinstance(stops, list):
            raise refused("stop must be a text or a list of texts.", "stop")
        made["stopSequences"] = [each for each in stops if each]  # an empty one is refused
    return made


def _shape_answer(body: dict[str, Any], form: Any, model: str) -> None:
    kind = form.get("type") if isinstance(form, dict) else None
    if form is None or kind == "text":
        return
    if kind == "json_object":
        body["system"] = [*body.get("system", ()), {"text": ONLY_JSON}]
        return
    described = form.get("json_schema") if kind == "json_schema" else None
    schema = described.get("schema") if isinstance(described, dict) else None
    if not isinstance(described, dict) or not isinstance(schema, dict):
        raise refused("response_format must be text, json_object, or json_schema with a schema.", "response_format")
    words = described.get("description") or ""
    if _WITHOUT_STRUCTURE.search(model):
        config = body.setdefault("toolConfig", {"tools": []})
        config["toolChoice"] = {"any": {}} if config["tools"] else {"tool": {"name": ANSWER_TOOL}}
        config["tools"] = [*config["tools"], tool_spec(ANSWER_TOOL, words or "Give the answer with this.", schema)]
        return
    definition = {"schema": _encode(enforceable(schema)).decode(), "name": described.get("name") or "answer"}
    if words:
        definition["description"] = words
    body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": definition}}}


def _think(body: dict[str, Any], own: dict[str, Any], given: Mapping[str, Any], target: Target) -> None:
    """Thinking as `reasoning_effort` asks for; an explicit `thinking` or `reasoningConfig` passes instead.

    A new Claude is told an effort, an older one a budget within half of what it may write, and none where it would
    refuse: too little room, a tool that must be called, or a turn with tool calls whose thoughts were not kept. Nova 2
    and OpenAI's open models have fields of their own; other models are not told.
    """
    effort, model = given.get("reasoning_effort"), target.vendor_model
    if effort is None or given.get("thinking") is not None or given.get("reasoningConfig") is not None:
        return
    if effort not in _EFFORTS:
        raise refused(f"'reasoning_effort' is {effort!r}; known: {', '.join(_EFFORTS)}.", "reasoning_effort")
    if "openai." in model:
        own["reasoning_effort"] = _three_steps(effort)
    elif "amazon.nova-2" in model and effort != "none":
        own["reasoningConfig"] = {"type": "enabled", "maxReasoningEffort": _three_steps(effort)}
    elif "claude" in model:
        _think_as_claude(body, own, effort, target)


def _think_as_claude(body: dict[str, Any], own: dict[str, Any], effort: str, target: Target) -> None:
    rules = rules_of(target.vendor_model)
    choice = body.get("toolConfig", {}).get("toolChoice", {})
    can_think = effort != "none" and "any" not in choice and "tool" not in choice
    inference = body["inferenceConfig"]
    if rules.is_adaptive:
        if effort == "xhigh" and not rules.takes_xhigh:
            effort = "high"
        own["output_config"] = {"effort": "low" if effort in ("none", "minimal") else effort}
        if can_think:
            own["thinking"] = {"type": "adaptive", "display": "summarized"}
    elif can_think and not _calls_without_thinking(body["messages"]):
        longest = inference.get("maxTokens", target.max_output_tokens)
        if longest is not None and not isinstance(longest, int):
            return  # the vendor says what is wrong with it
        budget = BUDGETS[effort] if longest is None else min(BUDGETS[effort], longest // 2)
        if budget < LEAST_BUDGET:
            return
        own["thinking"] = {"type": "enabled", "budget_tokens": budget}
        inference["maxTokens"] = budget + _ROOM_FOR_ANSWER if longest is None else longest
    if "thinking" in own:
        inference.pop("temperature", None)  # thinking goes with neither
        inference.pop("topP", None)


def _calls_without_thinking(turns: list[dict[str, Any]]) -> bool:
    """Whether the last answer called tools and its thoughts are missing; a Claude that is to think refuses that."""
    answers = [turn["content"] for turn in turns if turn["role"] == "assistant"]
    if not answers:
        return False
    blocks = answers[-1]
    return any("toolUse" in block for block in blocks) and not any("reasoningContent" in block for block in blocks)


def _three_steps(effort: str) -> str:
    return {"none": "low", "minimal": "low", "xhigh": "high", "max": "high"}.get(effort, effort)


def _pass_on(body: dict[str, Any], own: dict[str, Any], given: Mapping[str, Any]) -> None:
    """What is not OpenAI's: Converse's own fields as they are, all else to the model. The caller's word counts."""
    for name, value in given.items():
        if name in CHAT_FIELDS:
            continue
        if name in _MERGED_FIELDS and isinstance(value, dict):
            if name == "additionalModelRequestFields":
                own.update(value)
            else:
                body[name] = {**body.get(name, {}), **value}
        elif name in _OWN_FIELDS:
            body[name] = value
        elif name == "system" and isinstance(value, list):
            body["system"] = [*value, *body.get("system", ())]
        else:
            own[name] = value
