"""Chat calls through the Gateway, by the official client and by plain HTTP, and what their traces say."""

import json
from decimal import Decimal
from typing import Any

import pytest
from openai import InternalServerError
from tests.support.running_platform import PUBLIC_KEY, Platform

TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
# One white pixel.
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTzk6gAAAABJRU5ErkJggg=="
)


def asking(text: str = "Hello") -> list[Any]:
    return [{"role": "user", "content": text}]


def test_answers_the_official_client(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    reply = platform.openai().chat.completions.create(model=alias, messages=asking())
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None and reply.usage.total_tokens > 0


def test_streams_to_the_official_client(platform: Platform) -> None:
    alias = platform.model(platform.deployment(output_tokens=[12, 12]))
    chunks = list(platform.openai().chat.completions.create(model=alias, messages=asking(), stream=True))
    assert len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]) > 3
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_stream_has_no_usage_unless_asked_for(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    chunks = list(platform.openai().chat.completions.create(model=alias, messages=asking(), stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


def test_a_stream_has_usage_at_its_end_when_asked_for(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    stream = platform.openai().chat.completions.create(
        model=alias, messages=asking(), stream=True, stream_options={"include_usage": True}
    )
    last = list(stream)[-1]
    assert last.choices == []
    assert last.usage is not None and last.usage.completion_tokens > 0


def test_a_tool_is_called(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    tool_choice: Any = {"type": "function", "function": {"name": "weather"}}
    reply = platform.openai().chat.completions.create(
        model=alias,
        messages=asking("Weather in Seoul?"),
        tools=[TOOL],
        tool_choice=tool_choice,
    )
    calls: Any = reply.choices[0].message.tool_calls
    assert calls[0].function.name == "weather"
    assert "city" in json.loads(calls[0].function.arguments)


def test_parallel_tools_stream_and_come_together_in_the_trace(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    other: Any = {"type": "function", "function": {**TOOL["function"], "name": "population"}}
    must_call: Any = "required"
    stream: Any = platform.openai().chat.completions.with_raw_response.create(
        model=alias,
        messages=asking("Weather and population of Seoul?"),
        tools=[TOOL, other],
        tool_choice=must_call,
        stream=True,
    )
    streamed: dict[int, str] = {}
    for chunk in stream.parse():
        for call in chunk.choices[0].delta.tool_calls or ():
            assert call.function is not None
            streamed[call.index] = streamed.get(call.index, "") + (call.function.arguments or "")
    assert len(streamed) == 2
    root = platform.trace(stream.headers["x-madang-trace-id"])["spans"][0]
    message = json.loads(root["output"])["choices"][0]["message"]
    assert {call["function"]["name"] for call in message["tool_calls"]} == {"weather", "population"}
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == list(streamed.values())


def test_a_picture_reaches_the_vendor_untouched(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    content: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]
    platform.openai().chat.completions.create(model=alias, messages=[{"role": "user", "content": content}])
    sent = platform.simulator.requests(deployment["name"])["requests"][-1]["body"]
    assert sent["messages"][0]["content"] == content


def test_structured_output_fits_its_schema(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    schema = {
        "type": "object",
        "properties": {"dish": {"type": "string"}, "price": {"type": "integer"}},
        "required": ["dish", "price"],
        "additionalProperties": False,
    }
    reply = platform.openai().chat.completions.create(
        model=alias,
        messages=asking("A dish"),
        response_format={"type": "json_schema", "json_schema": {"name": "dish", "strict": True, "schema": schema}},
    )
    answer = json.loads(reply.choices[0].message.content or "")
    assert isinstance(answer["dish"], str) and isinstance(answer["price"], int)


def test_fields_we_do_not_know_reach_the_vendor(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    strange: dict[str, Any] = {
        "x_new": {"deep": [1, 2.5, None, True, "한국어"]},
        "service_tier": "flex",
        "logit_bias": {"50256": -100},
    }
    assert platform.chat(alias, **strange).status == 200
    sent = platform.simulator.requests(deployment["name"])["requests"][-1]["body"]
    assert {name: sent[name] for name in strange} == strange
    assert sent["model"] == "gpt-4o"


def test_the_reply_headers_say_what_happened(platform: Platform) -> None:
    deployment = platform.deployment()
    answer = platform.chat(platform.model(deployment))
    usage = answer.json["usage"]
    expected = (Decimal(usage["prompt_tokens"]) + 2 * Decimal(usage["completion_tokens"])) / 1_000_000
    assert answer.headers["x-madang-deployment"] == deployment["name"]
    assert answer.headers["x-madang-attempts"] == "1"
    assert Decimal(answer.headers["x-madang-cost-usd"]) == expected
    assert len(answer.headers["x-madang-trace-id"]) == 32


def test_the_trace_holds_request_answer_tokens_and_cost(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    answer = platform.chat(alias)
    root = platform.trace_of(answer)["spans"][0]
    assert json.loads(root["input"])["messages"] == [{"role": "user", "content": "Hello"}]
    assert json.loads(root["output"])["choices"] == answer.json["choices"]
    assert (root["input_tokens"], root["output_tokens"]) == (
        answer.json["usage"]["prompt_tokens"],
        answer.json["usage"]["completion_tokens"],
    )
    assert Decimal(root["cost_usd"]) == Decimal(answer.headers["x-madang-cost-usd"])
    assert (root["model"], root["response_model"], root["key_id"]) == (alias, answer.json["model"], PUBLIC_KEY)


def test_streamed_and_unstreamed_give_the_same_trace(platform: Platform) -> None:
    alias = platform.model(platform.deployment(seed=7))
    whole = platform.trace_of(platform.chat(alias, seed=1))["trace"]
    streamed = platform.trace_of(platform.chat(alias, seed=1, stream=True))["trace"]
    assert streamed["cost_usd"] is not None
    for name in ("status", "model", "response_model", "input_tokens", "attempts", "spans", "deployment"):
        assert streamed[name] == whole[name]


def test_what_the_caller_says_about_a_call_lands_in_its_trace(platform: Platform) -> None:
    trace_id = "0123456789abcdef0123456789abcdef"
    headers = {
        "x-madang-trace-id": trace_id,
        "x-madang-session-id": "session-9",
        "x-madang-user-id": "김지수".encode().decode("latin-1"),
        "x-madang-tags": "menu, seoul,",
        "x-madang-environment": "staging",
    }
    answer = platform.chat(platform.model(platform.deployment()), headers=headers)
    assert answer.headers["x-madang-trace-id"] == trace_id
    trace = platform.trace(trace_id)["trace"]
    assert (trace["session_id"], trace["user_id"]) == ("session-9", "김지수")
    assert (trace["tags"], trace["environment"]) == (["menu", "seoul"], "staging")


def test_a_call_joins_the_trace_of_its_traceparent(platform: Platform) -> None:
    trace_id, parent = "f" * 31 + "1", "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace_id}-{parent}-01"}
    platform.chat(platform.model(platform.deployment()), headers=headers)
    root = platform.trace(trace_id)["spans"][0]
    assert root["parent_span_id"] == parent and root["is_root"]


def test_the_user_of_the_body_is_the_user_of_the_trace(platform: Platform) -> None:
    answer = platform.chat(platform.model(platform.deployment()), user="customer-7")
    assert platform.trace_of(answer)["trace"]["user_id"] == "customer-7"


def test_a_deployment_can_be_called_by_itself(platform: Platform) -> None:
    first, second = platform.deployment(order=1), platform.deployment(order=2)
    alias = platform.model(first, second)
    answer = platform.chat(f"{second['name']}/{alias}")
    assert answer.headers["x-madang-deployment"] == second["name"]


def test_the_second_deployment_answers_when_the_first_fails(platform: Platform) -> None:
    failing = platform.deployment({"kind": "server_error"}, order=1)
    working = platform.deployment(order=2)
    alias = platform.model(failing, working)
    stream = platform.openai().chat.completions.with_raw_response.create(model=alias, messages=asking(), stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream.parse())
    assert stream.headers["x-madang-attempts"] == "2"
    assert stream.headers["x-madang-deployment"] == working["name"]

    read = platform.trace(stream.headers["x-madang-trace-id"])
    root, *attempts = read["spans"]
    assert (read["trace"]["status"], root["attempts"]) == ("ok", 2)
    assert root["output_tokens"] > 0 and Decimal(root["cost_usd"]) > 0
    assert [span["deployment"] for span in attempts] == [failing["name"], working["name"]]
    assert [span["error_type"] for span in attempts] == ["server_error", ""]
    reasons = [span["attributes"]["madang.attempt.reason"] for span in attempts]
    assert reasons == ["order 1", f"after {failing['name']}: server_error; order 2"]
    assert Decimal(attempts[1]["attributes"]["madang.attempt.cost_usd"]) == Decimal(root["cost_usd"])


def test_another_model_answers_when_all_deployments_fail(platform: Platform) -> None:
    spare = platform.model(platform.deployment())
    alias = platform.model(platform.deployment({"kind": "overloaded"}), fallbacks=[spare], retries=0)
    answer = platform.chat(alias)
    assert answer.status == 200
    assert platform.trace_of(answer)["trace"]["model"] == alias


def test_the_official_client_does_not_multiply_our_retries(platform: Platform) -> None:
    deployment = platform.deployment({"kind": "server_error"})
    alias = platform.model(deployment, retries=2)
    with pytest.raises(InternalServerError):
        platform.openai(max_retries=2).chat.completions.create(model=alias, messages=asking())
    assert platform.simulator.requests(deployment["name"])["deployments"][deployment["name"]]["requests"] == 3
