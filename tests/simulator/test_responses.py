"""OpenAI's and Azure's Responses, asked with the official client."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import openai as sdk
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI
from openai.types.responses import FunctionToolParam, Response, ResponseStreamEvent
from pydantic import BaseModel

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]
WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}


def ask(client: OpenAI, **fields: Any) -> Response:
    reply = client.responses.create(**{"model": "gpt-4o", "input": "How do we plan a migration?", **fields})
    assert isinstance(reply, Response)
    return reply


def events(client: OpenAI, **fields: Any) -> list[ResponseStreamEvent]:
    stream = client.responses.create(**{"model": "gpt-4o", "input": "hi", "stream": True, **fields})
    return list(stream)


def test_text_answer_speaks_of_the_question(openai: Clients) -> None:
    reply = ask(openai())

    assert "migration" in reply.output_text
    assert (reply.status, reply.model, reply.output[0].type) == ("completed", "gpt-4o-2024-08-06", "message")


def test_usage_adds_up(openai: Clients) -> None:
    usage = ask(openai(), model="gpt-5", reasoning={"effort": "low"}).usage

    assert usage is not None
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert 0 < usage.output_tokens_details.reasoning_tokens < usage.output_tokens
    assert usage.input_tokens_details.cached_tokens == 0


def test_reasoning_comes_before_the_message_and_its_summary_only_when_asked_for(openai: Clients) -> None:
    quiet, telling = ask(openai(), model="gpt-5"), ask(openai(), model="gpt-5", reasoning={"summary": "auto"})

    assert [item.type for item in quiet.output] == ["reasoning", "message"]
    assert quiet.output[0].type == telling.output[0].type == "reasoning"
    assert quiet.output[0].summary == []
    assert telling.output[0].summary[0].text.startswith("Simulated reasoning:")


def test_encrypted_reasoning_is_given_when_asked_for(openai: Clients) -> None:
    item = ask(openai(), model="gpt-5", include=["reasoning.encrypted_content"]).output[0]

    assert item.type == "reasoning"
    assert item.encrypted_content


def test_system_instructions_and_pictures_count_as_input(openai: Clients) -> None:
    picture = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}
    message = {"role": "user", "content": [{"type": "input_text", "text": "hi"}, picture]}

    plain, full = ask(openai(), input="hi"), ask(openai(), input=[message], instructions="Be brief and kind.")

    assert plain.usage is not None
    assert full.usage is not None
    assert full.usage.input_tokens - plain.usage.input_tokens == 85 + 3 + 5


def test_function_is_called_and_its_output_leads_to_text(openai: Clients) -> None:
    first = ask(openai(), input="Weather in Seoul?", tools=[WEATHER])
    call = first.output[0]
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Seoul"}')

    result = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}
    second = ask(openai(), previous_response_id=first.id, input=[result], tools=[WEATHER])

    assert "21 degrees" in second.output_text


def test_function_output_without_its_call_is_refused(openai: Clients) -> None:
    with pytest.raises(sdk.BadRequestError, match="No tool call found"):
        ask(openai(), input=[{"type": "function_call_output", "call_id": "call_1", "output": "21"}])


def test_structured_output_is_parsed_by_the_official_client(openai: Clients) -> None:
    class City(BaseModel):
        name: str
        people: int

    reply = openai().responses.parse(model="gpt-4o", input="Name a city", text_format=City)

    assert isinstance(reply.output_parsed, City)


def test_previous_response_is_read_again(openai: Clients) -> None:
    first = ask(openai())
    alone, after = ask(openai(), input="And then?"), ask(openai(), input="And then?", previous_response_id=first.id)

    assert alone.usage is not None
    assert after.usage is not None
    assert after.usage.input_tokens > alone.usage.input_tokens + 20
    assert after.previous_response_id == first.id


def test_kept_response_can_be_read_and_deleted(openai: Clients) -> None:
    client = openai()
    reply = ask(client)

    assert client.responses.retrieve(reply.id).output_text == reply.output_text
    assert len(client.responses.input_items.list(reply.id).data) == 1
    client.responses.delete(reply.id)
    with pytest.raises(sdk.NotFoundError):
        client.responses.retrieve(reply.id)


def test_response_that_is_not_stored_cannot_be_read(openai: Clients) -> None:
    client = openai()
    reply = ask(client, store=False)

    with pytest.raises(sdk.NotFoundError):
        client.responses.retrieve(reply.id)
    with pytest.raises(sdk.BadRequestError) as caught:
        ask(client, previous_response_id=reply.id)
    assert caught.value.code == "previous_response_not_found"


def test_output_limit_leaves_the_response_incomplete(openai: Clients) -> None:
    reply = ask(openai(), max_output_tokens=16)

    assert reply.status == "incomplete"
    assert reply.incomplete_details is not None
    assert reply.incomplete_details.reason == "max_output_tokens"


def test_stream_numbers_its_events_and_ends_with_the_whole_response(openai: Clients) -> None:
    seen = events(openai())

    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    last = seen[-1]
    assert last.type == "response.completed"
    deltas = [event.delta for event in seen if event.type == "response.output_text.delta"]
    assert "".join(deltas) == last.response.output_text
    assert last.response.usage is not None
    assert last.response.usage.output_tokens == len(deltas)


def test_stream_tells_thoughts_before_the_text(openai: Clients) -> None:
    kinds = list(dict.fromkeys(event.type for event in events(openai(), model="o3", reasoning={"summary": "auto"})))

    assert kinds.index("response.reasoning_summary_text.delta") < kinds.index("response.output_text.delta")


def test_streamed_arguments_come_in_pieces(openai: Clients) -> None:
    with openai().responses.stream(model="gpt-4o", input="Weather in Seoul?", tools=[WEATHER]) as stream:
        deltas = [event for event in stream if event.type == "response.function_call_arguments.delta"]
        call = stream.get_final_response().output[0]

    assert len(deltas) > 2
    assert call.type == "function_call"
    assert call.arguments == '{"city":"Seoul"}'


def test_async_client_streams_too(simulator: RunningSimulator) -> None:
    async def texts() -> str:
        async with AsyncOpenAI(api_key="k", base_url=simulator.openai_url("east"), max_retries=0) as client:
            stream = await client.responses.create(model="gpt-4o", input="hi", stream=True)
            return "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])

    assert asyncio.run(texts()).startswith("Simulated answer:")


@pytest.mark.parametrize(
    ("error", "code"),
    [("server_error", "server_error"), ("overloaded", "server_error"), ("rate_limited", "rate_limit_exceeded")],
)
def test_error_in_mid_stream_is_an_event(simulator: RunningSimulator, openai: Clients, error: str, code: str) -> None:
    simulator.configure("east", faults=[{"kind": "error_event", "error": error, "after_chunks": 2}])

    last = events(openai())[-1]

    assert last.type == "error"
    assert last.code == code


def test_filtered_stream_ends_incomplete(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 4}])

    last = events(openai())[-1]

    assert last.type == "response.incomplete"
    assert last.response.incomplete_details is not None
    assert last.response.incomplete_details.reason == "content_filter"


def test_tokens_are_counted_without_an_answer(openai: Clients) -> None:
    client = openai()
    counted = client.responses.input_tokens.count(model="gpt-4o", input="How do we plan a migration?")

    usage = ask(client).usage
    assert usage is not None
    assert counted.input_tokens == usage.input_tokens


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": [{"role": "boss", "content": "hi"}]}, "input[0].role", "invalid_value"),
        ({"max_output_tokens": 3}, "max_output_tokens", "integer_below_min_value"),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format.name", "missing_required_parameter"),
        ({"tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "tool_choice", None),
    ],
)
def test_bad_request_names_the_field(openai: Clients, fields: dict[str, Any], param: str, code: str | None) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        ask(openai(), **fields)

    assert (caught.value.param, caught.value.code) == (param, code)


def test_azure_tells_about_filters_at_the_top(azure: Callable[..., AzureOpenAI]) -> None:
    reply = azure().responses.create(model="my-deployment", input="hi")

    filters = (reply.model_extra or {})["content_filters"]
    assert [(one["source_type"], one["blocked"]) for one in filters] == [("prompt", False), ("completion", False)]


def test_azure_refuses_a_blocked_prompt(simulator: RunningSimulator, azure: Callable[..., AzureOpenAI]) -> None:
    simulator.configure("korea", faults=[{"kind": "content_filter"}])

    with pytest.raises(sdk.BadRequestError) as caught:
        azure().responses.create(model="my-deployment", input="hi")

    assert caught.value.code == "content_filter"


def test_azure_v1_path_answers_responses(simulator: RunningSimulator) -> None:
    url = simulator.azure_url("korea") + "/openai/v1/responses"
    reply = httpx.post(url, headers={"api-key": "azure-key"}, json={"model": "d", "input": "hi"}, timeout=10)

    assert reply.json()["object"] == "response"
