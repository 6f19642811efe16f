"""What Bedrock's Converse is sent for a chat request: messages, tools, files, thinking, schemas, and what is refused."""

import json
from typing import Any

import pytest
from tests.sdk.providers.bedrock_requests import (
    CLAUDE,
    NEWER,
    NOVA,
    OLDEST,
    WEATHER,
    WEATHER_SPEC,
    refused,
    sent,
    turns,
    user_blocks,
)
from tests.sdk.request_builder import target

from madang.providers.bedrock.chat_request import ANSWER_TOOL, encode_body
from madang.providers.bedrock.content import remote_urls
from madang.providers.remote_file import RemoteFile

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORM = {"type": "json_schema", "json_schema": {"name": "place", "description": "A place.", "schema": SCHEMA}}
CALLED: dict[str, Any] = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Jeju"}'}},
        {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": ""}},
    ],
}
RESULTS: list[dict[str, Any]] = [
    {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    {"role": "tool", "tool_call_id": "c2", "content": "", "is_error": True},
]
ASKED: dict[str, Any] = {"role": "user", "content": "weather?"}


def test_a_plain_question_is_sent_byte_for_byte_as_documented() -> None:
    given = {
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        "max_tokens": 9,
    }
    to = target("east", vendor="bedrock", vendor_model=CLAUDE)
    assert encode_body(given, to, {}) == (
        b'{"messages":[{"role":"user","content":[{"text":"hi"}]}],"system":[{"text":"Be brief."}],'
        b'"inferenceConfig":{"maxTokens":9}}'
    )


def test_sampling_and_stop_go_into_the_inference_configuration() -> None:
    config = sent(max_tokens=5, max_completion_tokens=9, temperature=1.4, top_p=0.5, stop=["END", ""])[
        "inferenceConfig"
    ]
    assert config == {"maxTokens": 9, "temperature": 1, "topP": 0.5, "stopSequences": ["END"]}
    assert sent(stop="END")["inferenceConfig"] == {"stopSequences": ["END"]}


def test_what_bedrock_does_not_know_and_nobody_misses_is_left_out() -> None:
    body = sent(seed=1, user="u", store=True, metadata={"a": "b"}, presence_penalty=1, n=1, stream=True, model="m")
    assert set(body) == {"messages"}


def test_every_other_field_goes_to_the_model() -> None:
    body = sent(top_k=5, anthropic_beta=["x"], additionalModelRequestFields={"top_k": 7, "a": 1})
    assert body["additionalModelRequestFields"] == {"top_k": 7, "anthropic_beta": ["x"], "a": 1}


def test_converses_own_fields_pass() -> None:
    own: dict[str, Any] = {
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        "performanceConfig": {"latency": "optimized"},
        "requestMetadata": {"team": "a"},
        "serviceTier": {"type": "flex"},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
    }
    assert sent(**own) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}], **own}
    assert sent(service_tier="priority")["serviceTier"] == {"type": "priority"}
    assert sent(temperature=0.1, inferenceConfig={"maxTokens": 3})["inferenceConfig"] == {
        "temperature": 0.1,
        "maxTokens": 3,
    }


# Messages


def test_neighbours_of_one_role_become_one_turn() -> None:
    found = turns(
        {"role": "developer", "content": "x"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "  "}]},
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "d"},
    )
    assert found == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}]},
        {"role": "user", "content": [{"text": "d"}]},
    ]


def test_parallel_tool_calls_and_their_results_are_one_turn_each() -> None:
    found = turns(ASKED, CALLED, *RESULTS, {"role": "user", "content": "and?"}, tools=[WEATHER])
    assert found[1:] == [
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Jeju"}}},
                {"toolUse": {"toolUseId": "c2", "name": "clock", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": "sunny"}]}},
                {"toolResult": {"toolUseId": "c2", "content": [{"json": {}}], "status": "error"}},
                {"text": "and?"},
            ],
        },
    ]


def test_an_id_that_converse_refuses_is_replaced_on_both_sides() -> None:
    long = "call:" + "x" * 100
    called = {**CALLED, "tool_calls": [{"id": long, "function": {"name": "weather", "arguments": "{}"}}]}
    found = turns(ASKED, called, {"role": "tool", "tool_call_id": long, "content": "sunny"}, tools=[WEATHER])
    given = found[1]["content"][0]["toolUse"]["toolUseId"]
    assert len(given) <= 64
    assert found[2]["content"][0]["toolResult"]["toolUseId"] == given


def test_thoughts_go_back_before_what_was_said() -> None:
    thoughts = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "aGlk"},
    ]
    found = turns(ASKED, {**CALLED, "content": "wait", "thinking_blocks": thoughts}, *RESULTS, tools=[WEATHER])
    assert found[1]["content"][:3] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "aGlk"}},
        {"text": "wait"},
    ]


def test_cache_control_puts_a_cache_point_behind_its_part_message_and_tool() -> None:
    control = {"type": "ephemeral"}
    body = sent(
        messages=[
            {
                "role": "system",
                "content": [{"type": "text", "text": "long", "cache_control": {**control, "ttl": "1h"}}],
            },
            {"role": "user", "content": "a", "cache_control": control},
            CALLED,
            RESULTS[0],
            {**RESULTS[1], "cache_control": control},
        ],
        tools=[{**WEATHER, "cache_control": control}],
    )
    point = {"cachePoint": {"type": "default"}}
    assert body["system"] == [{"text": "long"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert body["messages"][0]["content"] == [{"text": "a"}, point]
    assert body["messages"][2]["content"][-1] == point
    assert body["toolConfig"]["tools"] == [WEATHER_SPEC, point]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ("hi", "list of at least one"),
        ([], "list of at least one"),
        (["hi"], "messages[0] must be an object"),
        ([{"role": "robot", "content": "x"}], "role 'robot'"),
        ([{"role": "user", "content": 5}], "messages[0].content must be"),
        ([{"role": "user", "content": [{"type": "hologram"}]}], "type 'hologram'"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://x"}}]}], "begins with https"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png,x"}}]}],
            "not base64",
        ),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/tiff;base64,eA=="}}]}],
            "PNG, JPEG, GIF and WebP",
        ),
        (
            [{"role": "user", "content": [{"type": "file", "file": {"file_data": "eA==", "filename": "a.zip"}}]}],
            "file of type 'zip'",
        ),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "[1]"}}]}],
            "no JSON object",
        ),
        ([{"role": "assistant", "tool_calls": [{"id": "c"}]}], "without a function's name"),
    ],
)
def test_messages_that_cannot_be_sent_are_told_where(messages: Any, words: str) -> None:
    failed = refused(messages=messages)
    assert words in failed.message
    assert failed.param == "messages"


# Files


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,aGk="}},
            {"image": {"format": "jpeg", "source": {"bytes": "aGk="}}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "s3://yard/a.png"}},
            {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://yard/a.png"}}}},
        ),
        (
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,aGk=", "filename": "Plan_v2.1 (a).pdf"},
            },
            {"document": {"format": "pdf", "name": "Plan v2 1 (a)", "source": {"bytes": "aGk="}}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/csv;base64,aGk="}},
            {"document": {"format": "csv", "name": "document", "source": {"bytes": "aGk="}}},
        ),
        (
            {"type": "file", "file": {"file_data": "aGk=", "filename": "마당.docx"}},
            {"document": {"format": "docx", "name": "document", "source": {"bytes": "aGk="}}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}},
            {"audio": {"format": "mp3", "source": {"bytes": "aGk="}}},
        ),
        (
            {"type": "video_url", "video_url": {"url": "data:video/quicktime;base64,aGk="}},
            {"video": {"format": "mov", "source": {"bytes": "aGk="}}},
        ),
        ({"guardContent": {"text": {"text": "a"}}}, {"guardContent": {"text": {"text": "a"}}}),
    ],
)
def test_files_become_blocks(part: dict[str, Any], block: dict[str, Any]) -> None:
    assert user_blocks(part) == [block]


def test_documents_of_one_name_are_told_apart() -> None:
    part = {"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"}}
    assert [block["document"]["name"] for block in user_blocks(part, part, part)] == ["a", "a 2", "a 3"]


def test_fetched_files_are_sent_as_bytes() -> None:
    picture, document = "https://example.org/a", "https://example.org/plan.pdf"
    parts = [
        {"type": "image_url", "image_url": {"url": picture}},
        {"type": "file", "file": {"file_id": document}},
    ]
    assert list(remote_urls([{"role": "user", "content": parts}])) == [picture, document]
    files = {picture: RemoteFile("image/webp", b"hi"), document: RemoteFile("application/pdf", b"hi")}
    assert user_blocks(*parts, files=files) == [
        {"image": {"format": "webp", "source": {"bytes": "aGk="}}},
        {"document": {"format": "pdf", "name": "plan", "source": {"bytes": "aGk="}}},
    ]


# Tools


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (None, None),
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "weather"}}, {"tool": {"name": "weather"}}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [WEATHER]}},
            {"any": {}},
        ),
    ],
)
def test_tools_and_the_choice_between_them(choice: Any, wanted: Any) -> None:
    config = sent(tools=[WEATHER], tool_choice=choice)["toolConfig"]
    assert config == {"tools": [WEATHER_SPEC], **({"toolChoice": wanted} if wanted else {})}


def test_without_a_choice_there_are_no_tools_unless_some_were_called() -> None:
    assert "toolConfig" not in sent(tools=[WEATHER], tool_choice="none")
    called = sent(messages=[ASKED, CALLED, *RESULTS], tools=[WEATHER], tool_choice="none")
    assert called["toolConfig"] == {"tools": [WEATHER_SPEC]}


def test_tools_that_were_called_and_are_given_no_more_are_declared() -> None:
    tools = sent(messages=[ASKED, CALLED, *RESULTS])["toolConfig"]["tools"]
    assert [tool["toolSpec"]["name"] for tool in tools] == ["weather", "clock"]
    assert tools[0]["toolSpec"]["inputSchema"] == {"json": {"type": "object", "properties": {}}}


def test_a_strict_tool_is_strict_where_the_model_can_hold_to_it() -> None:
    strict = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}
    spec = sent(tools=[strict])["toolConfig"]["tools"][0]["toolSpec"]
    assert spec["strict"] is True
    assert spec["inputSchema"]["json"]["additionalProperties"] is False
    assert "strict" not in sent(tools=[strict], model=OLDEST)["toolConfig"]["tools"][0]["toolSpec"]


def test_tools_of_the_models_vendor_travel_among_its_own_fields() -> None:
    computer = {"type": "computer_20250124", "name": "computer"}
    body = sent(tools=[computer, {"systemTool": {"name": "nova_grounding"}}])
    assert body["additionalModelRequestFields"] == {"tools": [computer]}
    assert body["toolConfig"]["tools"] == [{"systemTool": {"name": "nova_grounding"}}]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": "f"}, "tools"),
        ({"tools": ["f"]}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": "sometimes"}, "tool_choice"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"audio": {"voice": "a"}}, "audio"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"web_search_options": {"a": 1}}, "web_search_options"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort"),
    ],
)
def test_what_bedrock_cannot_be_asked_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    assert refused(**fields).param == param


# Structured output


def test_a_schema_is_converses_own_output_format() -> None:
    body = sent(response_format=FORM)
    form = body["outputConfig"]["textFormat"]
    assert form["type"] == "json_schema"
    definition = form["structure"]["jsonSchema"]
    assert (definition["name"], definition["description"]) == ("place", "A place.")
    assert json.loads(definition["schema"]) == {**SCHEMA, "additionalProperties": False}
    assert "toolConfig" not in body


@pytest.mark.parametrize("model", [OLDEST, NOVA, "us.anthropic.claude-sonnet-4-20250514-v1:0", "meta.llama3-70b-v1:0"])
def test_a_model_without_structured_output_answers_by_a_tool(model: str) -> None:
    config = sent(response_format=FORM, model=model)["toolConfig"]
    assert config["toolChoice"] == {"tool": {"name": ANSWER_TOOL}}
    assert config["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    beside = sent(response_format=FORM, model=model, tools=[WEATHER])["toolConfig"]
    assert (len(beside["tools"]), beside["toolChoice"]) == (2, {"any": {}})


def test_any_json_is_asked_for_in_words() -> None:
    assert "JSON object" in sent(response_format={"type": "json_object"})["system"][0]["text"]
    assert "system" not in sent(response_format={"type": "text"})


# Thinking


@pytest.mark.parametrize(
    ("model", "effort", "fields", "longest"),
    [
        (CLAUDE, "low", {"thinking": {"type": "enabled", "budget_tokens": 1024}}, 1024 + 8192),
        (CLAUDE, "high", {"thinking": {"type": "enabled", "budget_tokens": 24576}}, 24576 + 8192),
        (CLAUDE, "none", None, None),
        (
            NEWER,
            "medium",
            {"output_config": {"effort": "medium"}, "thinking": {"type": "adaptive", "display": "summarized"}},
            None,
        ),
        (NEWER, "none", {"output_config": {"effort": "low"}}, None),
        ("openai.gpt-oss-120b-1:0", "minimal", {"reasoning_effort": "low"}, None),
        (
            "us.amazon.nova-2-lite-v1:0",
            "high",
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            None,
        ),
        ("meta.llama3-70b-v1:0", "high", None, None),
    ],
)
def test_effort_is_told_each_model_in_its_own_way(
    model: str, effort: str, fields: dict[str, Any] | None, longest: int | None
) -> None:
    body = sent(model=model, reasoning_effort=effort)
    assert body.get("additionalModelRequestFields") == fields
    assert body.get("inferenceConfig", {}).get("maxTokens") == longest


def test_thinking_takes_half_of_what_may_be_written_and_leaves_sampling_out() -> None:
    body = sent(reasoning_effort="high", max_tokens=4000, temperature=0.2, top_p=0.9)
    assert body["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 2000
    assert body["inferenceConfig"] == {"maxTokens": 4000}
    assert "additionalModelRequestFields" not in sent(reasoning_effort="high", max_tokens=1000)
    limited = sent(reasoning_effort="high", limit=8000)
    assert limited["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 4000


def test_a_model_is_not_told_to_think_where_it_would_refuse() -> None:
    for fields in ({"tools": [WEATHER], "tool_choice": "required"}, {"messages": [ASKED, CALLED, *RESULTS]}):
        assert "additionalModelRequestFields" not in sent(reasoning_effort="low", **fields)


def test_explicit_thinking_passes_as_it_is() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2048}
    body = sent(thinking=thinking, reasoning_effort="high")
    assert body["additionalModelRequestFields"] == {"thinking": thinking}
