"""OpenAI's parameters in Anthropic's words, for each generation of models."""

from typing import Any

import pytest
from tests.sdk.providers.anthropic_requests import NEWER, NEWEST, OLDER, WEATHER, refused, sent

from madang.providers.anthropic.model_rules import ModelRules, rules_of

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("asked", "limit", "max_tokens"),
    [
        ({}, None, 8192),
        ({}, 64_000, 64_000),
        ({"max_tokens": 5}, 64_000, 5),
        ({"max_completion_tokens": 7, "max_tokens": 5}, None, 7),
    ],
)
def test_max_tokens_is_always_said(asked: dict[str, int], limit: int | None, max_tokens: int) -> None:
    assert sent(limit=limit, **asked)["max_tokens"] == max_tokens


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        ({"stop": "END"}, "stop_sequences", ["END"]),
        ({"stop": ["END", "\n"]}, "stop_sequences", ["END"]),
        ({"user": "u-1"}, "metadata", {"user_id": "u-1"}),
        ({"safety_identifier": "u-2"}, "metadata", {"user_id": "u-2"}),
        ({"metadata": {"user_id": "u-3", "team": "a"}}, "metadata", {"user_id": "u-3"}),
        ({"service_tier": "default"}, "service_tier", "standard_only"),
        ({"temperature": 0.4}, "temperature", 0.4),
        ({"temperature": 1.7}, "temperature", 1),
        ({"top_p": 0.9}, "top_p", 0.9),
        ({"top_k": 40}, "top_k", 40),
        ({"container": "cnt_1"}, "container", "cnt_1"),
        ({"context_management": {"edits": []}}, "context_management", {"edits": []}),
    ],
)
def test_a_parameter_has_its_counterpart_or_passes(asked: dict[str, Any], field: str, value: Any) -> None:
    assert sent(**asked)[field] == value


def test_what_only_openai_knows_is_left_out() -> None:
    body = sent(
        seed=1, store=True, metadata={"team": "a"}, presence_penalty=0.5, frequency_penalty=0.5, logit_bias={"1": 2},
        n=1, logprobs=False, modalities=["text"], prediction={"type": "content"}, verbosity="low", stop=None,
        prompt_cache_key="k", stream_options={"include_usage": True}, betas=["x"], service_tier="flex",
    )  # fmt: skip
    assert set(body) == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    "asked",
    [
        {"n": 2},
        {"logprobs": True},
        {"audio": {"voice": "alloy"}},
        {"functions": [{"name": "f"}]},
        {"web_search_options": {"search_context_size": "low"}},
        {"reasoning_effort": "huge"},
        {"response_format": {"type": "grammar"}},
        {"response_format": {"type": "json_schema"}},
        {"tools": [{"type": "custom", "custom": {"name": "f"}}]},
        {"tools": [{"type": "function", "function": {}}]},
        {"tools": [WEATHER], "tool_choice": "sometimes"},
        {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
    ],
)
def test_what_would_change_the_answers_meaning_is_refused_by_its_name(asked: dict[str, Any]) -> None:
    assert refused(**asked).param == list(asked)[-1]


def test_a_stream_is_asked_for() -> None:
    assert sent(stream=True)["stream"] is True
    assert "stream" not in sent()


@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": {"type": "function", "function": {"name": "weather"}}}, {"type": "tool", "name": "weather"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tool_calls": True}, None),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_tools_and_the_choice_of_them(asked: dict[str, Any], choice: dict[str, Any] | None) -> None:
    body = sent(tools=[WEATHER], **asked)
    assert body["tools"] == [{"name": "weather", "description": "Tells the weather.", "input_schema": SCHEMA}]
    assert body.get("tool_choice") == choice


def test_without_tools_no_choice_of_them_is_sent() -> None:
    assert "tool_choice" not in sent(tool_choice="none")


def test_a_tools_own_marks_and_the_vendors_own_tools_pass() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    mark = {"type": "ephemeral"}
    tools = sent(tools=[{**WEATHER, "cache_control": mark, "defer_loading": True}, search])["tools"]
    assert (tools[0]["cache_control"], tools[0]["defer_loading"]) == (mark, True)
    assert tools[1] == search


def test_a_tool_without_parameters_takes_an_empty_object() -> None:
    (tool,) = sent(tools=[{"type": "function", "function": {"name": "now"}}])["tools"]
    assert tool == {"name": "now", "input_schema": {"type": "object", "properties": {}}}


def test_a_strict_tool_has_the_schema_that_can_be_enforced() -> None:
    (tool,) = sent(tools=[{"type": "function", "function": {**WEATHER["function"], "strict": True}}])["tools"]
    assert tool["strict"] is True
    assert tool["input_schema"] == {**SCHEMA, "additionalProperties": False}


def test_a_schema_for_the_answer_is_the_vendors_structured_output() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "rooms": {"type": "integer", "minimum": 1, "description": "How many."},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 9}, "minItems": 2},
            "day": {"type": "string", "format": "date"},
            "kind": {"oneOf": [{"enum": ["a"]}, {"$ref": "#/$defs/Kind", "description": "away"}]},
        },
        "$defs": {"Kind": {"type": "object", "properties": {}, "additionalProperties": True}},
        "required": ["rooms"],
    }
    body = sent(response_format={"type": "json_schema", "json_schema": {"name": "house", "schema": schema}})
    assert body["output_config"] == {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {
                    "rooms": {"type": "integer", "description": "How many. (minimum: 1)"},
                    "tags": {
                        "type": "array",
                        "items": {"type": "string", "description": "(maxLength: 9)"},
                        "description": "(minItems: 2)",
                    },
                    "day": {"type": "string", "format": "date"},
                    "kind": {"anyOf": [{"enum": ["a"]}, {"$ref": "#/$defs/Kind"}]},
                },
                "$defs": {"Kind": {"type": "object", "properties": {}, "additionalProperties": False}},
                "required": ["rooms"],
                "additionalProperties": False,
            },
        }
    }


def test_json_without_a_schema_is_asked_for_in_words() -> None:
    body = sent(messages=[{"role": "user", "content": "json"}], response_format={"type": "json_object"})
    assert "JSON object" in body["system"][0]["text"]
    assert "output_config" not in body


@pytest.mark.parametrize(
    ("effort", "max_tokens", "thinking"),
    [
        ("none", 64_000, None),
        ("low", 64_000, {"type": "enabled", "budget_tokens": 1024}),
        ("medium", 64_000, {"type": "enabled", "budget_tokens": 8192}),
        ("high", 64_000, {"type": "enabled", "budget_tokens": 24576}),
        ("high", 8192, {"type": "enabled", "budget_tokens": 4096}),
        ("high", 2000, None),
    ],
)
def test_effort_is_a_budget_for_older_models(effort: str, max_tokens: int, thinking: dict[str, Any] | None) -> None:
    body = sent(model=OLDER, reasoning_effort=effort, max_tokens=max_tokens)
    assert body.get("thinking") == thinking
    assert "output_config" not in body


@pytest.mark.parametrize(
    ("model", "effort", "level", "thinks"),
    [
        (NEWER, "low", "low", True),
        (NEWER, "minimal", "low", True),
        (NEWER, "xhigh", "high", True),
        (NEWEST, "xhigh", "xhigh", True),
        (NEWEST, "max", "max", True),
        (NEWEST, "none", "low", False),
    ],
)
def test_effort_is_the_vendors_own_for_newer_models(model: str, effort: str, level: str, thinks: bool) -> None:
    body = sent(model=model, reasoning_effort=effort)
    assert body["output_config"] == {"effort": level}
    assert body.get("thinking") == ({"type": "adaptive", "display": "summarized"} if thinks else None)


def test_effort_and_a_schema_are_told_together() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "string"}}}
    output = sent(model=NEWEST, reasoning_effort="high", response_format=form)["output_config"]
    assert output == {"format": {"type": "json_schema", "schema": {"type": "string"}}, "effort": "high"}


def test_thinking_that_was_asked_for_in_the_vendors_words_passes() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}
    body = sent(thinking=thinking, reasoning_effort="high", temperature=0.2)
    assert body["thinking"] == thinking
    assert "temperature" not in body, "the vendor refuses both together"


def test_nobody_thinks_who_is_made_to_call_a_tool() -> None:
    for model in (OLDER, NEWEST):
        assert "thinking" not in sent(model=model, reasoning_effort="high", tools=[WEATHER], tool_choice="required")


def test_a_budget_is_left_out_where_the_thoughts_before_a_call_are_gone() -> None:
    call = {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    said: dict[str, Any] = {"role": "assistant", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "toolu_1", "content": "21"}
    question = {"role": "user", "content": "hi"}
    kept = {**said, "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "EiA"}]}
    assert "thinking" not in sent(messages=[question, said, result], tools=[WEATHER], reasoning_effort="low")
    assert "thinking" in sent(messages=[question, kept, result], tools=[WEATHER], reasoning_effort="low")
    assert "thinking" in sent(model=NEWEST, messages=[question, said, result], tools=[WEATHER], reasoning_effort="low")


def test_sampling_is_left_out_where_the_model_refuses_it() -> None:
    assert "temperature" not in sent(model=NEWEST, temperature=0.5)
    assert sent(model=NEWER, temperature=0.5)["temperature"] == 0.5
    both = sent(model=NEWER, temperature=0.5, top_p=0.9)
    assert ("temperature" in both, "top_p" in both) == (True, False)


def test_a_system_prompt_in_the_vendors_words_comes_first() -> None:
    body = sent(system="First.", messages=[{"role": "system", "content": "Second."}, {"role": "user", "content": "hi"}])
    assert [block["text"] for block in body["system"]] == ["First.", "Second."]


def test_a_caller_may_set_parts_of_the_output_config_himself() -> None:
    body = sent(model=NEWEST, reasoning_effort="low", output_config={"effort": "max", "task_budget": {"total": 5}})
    assert body["output_config"] == {"effort": "max", "task_budget": {"total": 5}}


@pytest.mark.parametrize(
    ("model", "rules"),
    [
        ("claude-3-5-sonnet-20241022", ModelRules(False, True, False)),
        ("claude-3-opus-20240229", ModelRules(False, True, False)),
        ("claude-opus-4-20250514", ModelRules(False, True, False)),
        ("claude-sonnet-4-5-20250929", ModelRules(False, True, False)),
        ("claude-opus-4-6", ModelRules(True, True, False)),
        ("anthropic.claude-opus-4-7-v1", ModelRules(True, False, True)),
        ("claude-sonnet-5", ModelRules(True, False, True)),
        ("claude-mythos-preview", ModelRules(True, False, True)),
        ("kimi-k2", ModelRules(False, True, False)),
    ],
)
def test_what_a_model_accepts_is_told_by_its_name(model: str, rules: ModelRules) -> None:
    assert rules_of(model) == rules
