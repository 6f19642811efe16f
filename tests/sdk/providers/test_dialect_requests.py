"""Requests in Anthropic's words and to the Responses API, as the chat requests that other vendors get."""

from typing import Any

import pytest
from tests.sdk.request_builder import request, route, target

from madang.calls.target import Target
from madang.errors import CallFailed
from madang.providers.dialects.call import is_native
from madang.providers.dialects.carried import Carried, sealed
from madang.providers.dialects.messages_request import chat_of_messages
from madang.providers.dialects.native import without_ours
from madang.providers.dialects.responses_request import chat_of_response

GPT = target(vendor="openai", vendor_model="gpt-4o")
THINKER = target(vendor="openai", vendor_model="gpt-5")
GEMINI = target(vendor="gemini", vendor_model="gemini-3-pro-preview")
BEDROCK = target(vendor="bedrock", vendor_model="anthropic.claude-sonnet-4-5-20250929-v1:0")
PICTURE = {"type": "base64", "media_type": "image/png", "data": "aGk="}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def of_messages(to: Target = GPT, **body: Any) -> dict[str, Any]:
    return chat_of_messages({"messages": [{"role": "user", "content": "Hi"}], **body}, to)


def said(content: Any, to: Target = GPT, role: str = "user") -> list[dict[str, Any]]:
    """The messages that one message becomes."""
    messages: list[dict[str, Any]] = of_messages(to, messages=[{"role": role, "content": content}])["messages"]
    return messages


def test_plain_words_stay_plain() -> None:
    chat = of_messages(system="Be short.", max_tokens=9, temperature=0.5, top_p=0.9, top_k=3, stop_sequences=["#"])
    assert chat == {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_completion_tokens": 9,
        "stop": ["#"],
    }


def test_a_server_of_ones_own_gets_the_older_name_of_the_limit() -> None:
    own = target(vendor="openai", vendor_model="llama", base_url="http://127.0.0.1:8000/v1")
    assert of_messages(own, max_tokens=9)["max_tokens"] == 9
    assert chat_of_response({"input": "Hi", "max_output_tokens": 9}, own)["max_tokens"] == 9


def test_an_answer_may_be_as_long_as_the_deployment_can_write() -> None:
    small = target(vendor="gemini", vendor_model="g", max_output_tokens=100)
    assert of_messages(small, max_tokens=32_000)["max_tokens"] == 100


def test_pictures_and_documents_become_parts() -> None:
    document = {"type": "document", "title": "a.pdf", "source": {**PICTURE, "media_type": "application/pdf"}}
    text = {
        "type": "document",
        "title": "Notes",
        "source": {"type": "text", "media_type": "text/plain", "data": "Words."},
    }
    blocks = [{"type": "image", "source": PICTURE}, document, text]
    assert said(blocks)[0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
        {"type": "text", "text": "Notes"},
        {"type": "text", "text": "Words."},
    ]


def test_a_picture_by_its_address_stays_one() -> None:
    block = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    assert said([block])[0]["content"] == [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]


def test_results_answer_the_calls_right_before_them() -> None:
    calls = [{"type": "text", "text": "So."}, {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}]
    results = [
        {"type": "text", "text": "And?"},
        {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "Sunny."}], "is_error": True},
    ]
    turns = [{"role": "assistant", "content": calls}, {"role": "user", "content": results}]
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert of_messages(messages=turns)["messages"] == [
        {"role": "assistant", "content": "So.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": "Sunny."},
        {"role": "user", "content": "And?"},
    ]
    assert of_messages(BEDROCK, messages=turns)["messages"][1]["is_error"] is True


def test_a_picture_in_a_result_follows_where_results_are_text_only() -> None:
    content = [{"type": "text", "text": "Here."}, {"type": "image", "source": PICTURE}]
    result = [{"type": "tool_result", "tool_use_id": "t1", "content": content}]
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    assert said(result) == [
        {"role": "tool", "tool_call_id": "t1", "content": "Here."},
        {"role": "user", "content": [picture]},
    ]
    assert said(result, GEMINI)[0]["content"] == [{"type": "text", "text": "Here."}, picture]


def test_cache_marks_go_to_bedrock_only() -> None:
    block = {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}
    assert said([block], BEDROCK)[0]["content"] == [block]
    assert said([block])[0]["content"] == "Long."


def test_tools_become_functions() -> None:
    tool = {"name": "f", "description": "Does.", "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}}
    choice = {"type": "tool", "name": "f", "disable_parallel_tool_use": True}
    chat = of_messages(tools=[tool], tool_choice=choice)
    assert chat["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "Does.", "parameters": SCHEMA}}
    ]
    assert chat["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert chat["parallel_tool_calls"] is False


@pytest.mark.parametrize(("budget", "effort"), [(1024, "low"), (10_000, "medium"), (32_000, "high")])
def test_a_budget_becomes_an_effort(budget: int, effort: str) -> None:
    thinking = {"type": "enabled", "budget_tokens": budget}
    assert of_messages(THINKER, thinking=thinking)["reasoning_effort"] == effort
    assert "reasoning_effort" not in of_messages(GPT, thinking=thinking)
    assert of_messages(BEDROCK, thinking=thinking)["thinking"] == thinking


def test_an_effort_beyond_high_is_high_where_there_is_none() -> None:
    assert of_messages(THINKER, output_config={"effort": "max"})["reasoning_effort"] == "high"
    assert of_messages(BEDROCK, output_config={"effort": "max"})["reasoning_effort"] == "max"


@pytest.mark.parametrize(("schema", "is_strict"), [(SCHEMA, True), ({**SCHEMA, "required": []}, False)])
def test_a_schema_is_enforced_where_openai_could(schema: dict[str, Any], is_strict: bool) -> None:
    wanted = {"format": {"type": "json_schema", "schema": schema}}
    described = of_messages(output_config=wanted)["response_format"]["json_schema"]
    assert described == {"name": "answer", "schema": schema, "strict": is_strict}


def test_what_a_vendor_carried_goes_back_to_its_kin_only() -> None:
    signature = {"google": {"thought_signature": "c2ln"}}
    blocks = [
        {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
        {"type": "redacted_thinking", "data": sealed(Carried("gemini", calls={"t1": signature}))},
    ]
    assert said(blocks, GEMINI, "assistant")[0]["tool_calls"][0]["extra_content"] == signature
    vertex = target(vendor="vertex", vendor_model="g")
    assert said(blocks, vertex, "assistant")[0]["tool_calls"][0]["extra_content"] == signature
    assert "extra_content" not in said(blocks, GPT, "assistant")[0]["tool_calls"][0]


def test_a_claudes_thoughts_go_to_bedrock() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    blocks = [thought, {"type": "text", "text": "Hi."}]
    assert said(blocks, BEDROCK, "assistant")[0]["thinking_blocks"] == [thought]
    assert said(blocks, GPT, "assistant") == [{"role": "assistant", "content": "Hi."}]


@pytest.mark.parametrize("name", ["mcp_servers", "container"])
def test_what_only_anthropic_has_is_refused_by_name(name: str) -> None:
    body: dict[str, Any] = {name: ["x"]}
    with pytest.raises(CallFailed) as raised:
        of_messages(**body)
    assert raised.value.param == name


def of_items(*items: Any, to: Target = GPT) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = chat_of_response({"input": list(items)}, to)["messages"]
    return messages


def test_items_that_the_model_said_become_one_message() -> None:
    assert of_items(
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "So."}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "2"}]},
    ) == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "So.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": "2"},
    ]


def test_the_form_of_a_response_is_that_of_chat() -> None:
    body = {
        "input": "Hi",
        "instructions": "Be short.",
        "max_output_tokens": 9,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}, "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": True}],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "metadata": {"a": "b"},
        "store": False,
    }
    assert chat_of_response(body, THINKER) == {
        "model": "gpt-5",
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 9,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "verbosity": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
        "reasoning_effort": "low",
    }


def test_only_allowed_tools_are_offered() -> None:
    tools = [{"type": "function", "name": name} for name in ("f", "g")]
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]}
    chat = chat_of_response({"input": "Hi", "tools": tools, "tool_choice": choice}, GPT)
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["g"]
    assert chat["tool_choice"] == "required"


AZURES = [
    ({"api_version": "2024-10-21", "base_url": "https://a.openai.azure.com"}, False),
    ({"base_url": "https://a.openai.azure.com"}, True),
    ({"api_version": "preview", "base_url": "https://a.openai.azure.com/openai/v1"}, True),
]


@pytest.mark.parametrize(("fields", "speaks"), AZURES)
def test_azure_speaks_of_responses_by_its_v1_api_only(fields: dict[str, str], speaks: bool) -> None:
    azure = target(vendor="azure", vendor_model="gpt-4o", **fields)
    assert is_native("responses", azure) is speaks
    assert is_native("messages", azure) is False
    assert is_native("chat", azure) is True


def test_what_anthropic_is_sent_is_as_the_caller_wrote_it_where_nothing_is_ours() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    turns = [{"role": "assistant", "content": [thought, {"type": "text", "text": "Hi."}]}]
    asked = request(route(), operation="messages", body={"messages": turns})
    assert without_ours(asked) is asked


def test_a_turn_of_which_nothing_is_left_is_left_out_for_anthropic() -> None:
    ours = {"type": "redacted_thinking", "data": sealed(Carried("gemini", {"google_parts": [{}]}))}
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [ours]}]
    asked = request(route(), operation="messages", body={"messages": turns})
    assert without_ours(asked).body["messages"] == [{"role": "user", "content": "Hi"}]
