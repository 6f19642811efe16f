"""Bedrock's Converse and InvokeModel, as boto3 sees them: answers, streams, tools, thinking, schemas, vectors, pictures."""

import base64
import json
from typing import Any

import pytest
from tests.simulator.bedrock_clients import CLAUDE, NOVA, PROFILE, WEATHER, asked, client_of, streamed, user

from madang_simulator import RunningSimulator

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (1500).to_bytes(4, "big")
    + (500).to_bytes(4, "big")
    + b"\x08\x02\x00\x00\x00"
)


@pytest.fixture
def client(simulator: RunningSimulator) -> Any:
    return client_of(simulator)


def content_of(reply: Any) -> Any:
    return reply["output"]["message"]["content"]


def kinds_of(events: list[Any]) -> list[str]:
    return [next(iter(event)) for event in events]


def invoked(client: Any, model: str, **body: Any) -> Any:
    return json.loads(client.invoke_model(modelId=model, body=json.dumps(body))["body"].read())


@pytest.mark.parametrize("model", [CLAUDE, NOVA, PROFILE])
def test_an_answer_has_text_usage_and_request_id(client: Any, model: str) -> None:
    reply = asked(client, modelId=model)
    assert "Simulated" in content_of(reply)[0]["text"]
    assert reply["stopReason"] == "end_turn"
    usage = reply["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert reply["ResponseMetadata"]["RequestId"]
    assert reply["metrics"]["latencyMs"] > 0


def test_the_journal_names_the_model_of_an_arn(client: Any, simulator: RunningSimulator) -> None:
    asked(client, modelId=PROFILE)
    assert simulator.requests("east")["requests"][0]["operation"] == "converse"
    assert simulator.requests("east")["requests"][0]["path"].count("%2F") == 1


def test_a_stream_says_the_same_as_a_whole_answer(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", seed=3)
    whole = content_of(asked(client))[0]["text"]
    simulator.configure("east", seed=3)
    events = streamed(client)
    kinds = kinds_of(events)
    assert kinds[0] == "messageStart"
    assert kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 3
    assert "".join(deltas) == whole
    assert events[-1]["metadata"]["usage"]["outputTokens"] >= len(deltas)


def test_tools_are_called_in_parallel_and_their_results_read(client: Any) -> None:
    clock = {"toolSpec": {"name": "get_time", "inputSchema": {"json": {"type": "object", "properties": {}}}}}
    tools = {"tools": [WEATHER, clock], "toolChoice": {"any": {}}}
    reply = asked(client, "weather and time, please", toolConfig=tools)
    assert reply["stopReason"] == "tool_use"
    calls = [block["toolUse"] for block in content_of(reply)]
    assert [call["name"] for call in calls] == ["get_weather", "get_time"]
    assert isinstance(calls[0]["input"]["city"], str)
    results = [{"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "sunny"}]}} for call in calls]
    messages = [user("weather"), reply["output"]["message"], {"role": "user", "content": results}]
    answer = asked(client, messages=messages, toolConfig={"tools": [WEATHER, clock]})
    assert answer["stopReason"] == "end_turn"


def test_a_streamed_tool_call_announces_itself_and_its_pieces_are_json(client: Any) -> None:
    events = streamed(
        client, "weather", toolConfig={"tools": [WEATHER], "toolChoice": {"tool": {"name": "get_weather"}}}
    )
    start = next(event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event)
    assert start["toolUse"]["name"] == "get_weather"
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert "city" in json.loads("".join(delta["toolUse"]["input"] for delta in deltas))
    assert next(event for event in events if "messageStop" in event)["messageStop"]["stopReason"] == "tool_use"


def test_thinking_is_shown_with_its_signature_whole_and_streamed(client: Any) -> None:
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    block = content_of(asked(client, additionalModelRequestFields=thinking))[0]["reasoningContent"]["reasoningText"]
    assert block["text"]
    assert block["signature"]
    events = streamed(client, additionalModelRequestFields=thinking)
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    thoughts = [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]
    assert "".join(thought.get("text", "") for thought in thoughts)
    assert [thought for thought in thoughts if "signature" in thought] == thoughts[-1:]


def test_an_answer_follows_its_schema(client: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema), "name": "place"}}}
    answer = json.loads(content_of(asked(client, outputConfig={"textFormat": form}))[0]["text"])
    assert isinstance(answer["people"], int)


def test_pictures_and_documents_cost_tokens(client: Any) -> None:
    plain = asked(client)["usage"]["inputTokens"]
    blocks = [
        {"text": "What is a madang?"},
        {"image": {"format": "png", "source": {"bytes": PNG}}},
        {"document": {"format": "pdf", "name": "plan of the yard", "source": {"bytes": b"%PDF-1.7" + b"0" * 3000}}},
    ]
    assert asked(client, messages=[{"role": "user", "content": blocks}])["usage"]["inputTokens"] > plain + 500


def test_a_repeated_beginning_is_read_from_the_cache_when_points_ask_for_it(client: Any) -> None:
    system = [{"text": "A courtyard is a yard. " * 400}, {"cachePoint": {"type": "default"}}]
    first, second = asked(client, system=system)["usage"], asked(client, system=system)["usage"]
    assert first["cacheWriteInputTokens"] > 1000
    assert first["cacheReadInputTokens"] == 0
    assert second["cacheReadInputTokens"] == first["cacheWriteInputTokens"]
    assert second["totalTokens"] == sum(
        second[name] for name in ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    )


def test_nothing_is_cached_without_a_cache_point(client: Any) -> None:
    system = [{"text": "A courtyard is a yard. " * 400}]
    asked(client, system=system)
    assert asked(client, system=system)["usage"]["cacheReadInputTokens"] == 0


def test_a_limit_and_a_stop_text_end_an_answer(client: Any) -> None:
    assert asked(client, inferenceConfig={"maxTokens": 4})["stopReason"] == "max_tokens"
    stopped = asked(
        client, inferenceConfig={"stopSequences": [" "]}, additionalModelResponseFieldPaths=["/stop_sequence"]
    )
    assert stopped["stopReason"] == "stop_sequence"
    assert stopped["additionalModelResponseFields"] == {"stop_sequence": " "}


def test_a_guardrail_answers_in_the_models_place(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    guardrail = {"guardrailIdentifier": "gr1", "guardrailVersion": "1", "trace": "enabled"}
    reply = asked(client, guardrailConfig=guardrail)
    assert reply["stopReason"] == "guardrail_intervened"
    assert content_of(reply)[0]["text"].startswith("Sorry")
    assert reply["trace"]["guardrail"]["actionReason"] == "Guardrail blocked."


def test_without_a_guardrail_a_blocked_answer_is_empty(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    reply = asked(client)
    assert (reply["stopReason"], content_of(reply)) == ("content_filtered", [])
    assert "contentBlockDelta" not in kinds_of(streamed(client))


@pytest.mark.parametrize(
    ("model", "size"), [("amazon.titan-embed-text-v2:0", 1024), ("amazon.titan-embed-image-v1", 1024)]
)
def test_titan_embeds_one_text(client: Any, model: str, size: int) -> None:
    body = invoked(client, model, inputText="a courtyard")
    assert len(body["embedding"]) == size
    assert body["inputTextTokenCount"] > 0


def test_cohere_embeds_many_texts_and_bedrock_counts_them(client: Any) -> None:
    body = json.dumps({"texts": ["a", "b"], "input_type": "search_query", "embedding_types": ["float"]})
    reply = client.invoke_model(modelId="cohere.embed-english-v3", body=body)
    assert len(json.loads(reply["body"].read())["embeddings"]["float"]) == 2
    assert int(reply["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"]) > 0


def test_nova_canvas_draws_as_many_pictures_as_asked_for(client: Any) -> None:
    config = {"numberOfImages": 2, "width": 512, "height": 320}
    body = invoked(
        client,
        "amazon.nova-canvas-v1:0",
        taskType="TEXT_IMAGE",
        textToImageParams={"text": "a courtyard"},
        imageGenerationConfig=config,
    )
    pictures = [base64.b64decode(image) for image in body["images"]]
    assert len(pictures) == 2
    assert pictures[0][16:24] == (512).to_bytes(4, "big") + (320).to_bytes(4, "big")


def test_stability_draws_one_or_says_what_was_filtered(client: Any, simulator: RunningSimulator) -> None:
    model = "stability.stable-image-core-v1:1"
    body = invoked(client, model, prompt="a courtyard", aspect_ratio="16:9", output_format="webp")
    assert body["finish_reasons"] == [None]
    assert base64.b64decode(body["images"][0])[8:12] == b"WEBP"
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    assert invoked(client, model, prompt="a courtyard")["finish_reasons"] == ["Filter reason: prompt"]
