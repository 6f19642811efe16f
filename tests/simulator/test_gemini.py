"""The simulator as the Gemini API and Vertex AI, with Google's own client."""

import base64
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.genai import Client, errors, types
from google.oauth2 import service_account as google_accounts
from tests.support.service_account import service_account

from madang_simulator import RunningSimulator

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def weather(**more: Any) -> types.Tool:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return types.Tool(
        function_declarations=[
            types.FunctionDeclaration(name="weather", description="Weather", parameters_json_schema=schema, **more)
        ]
    )


NO_LOOP = types.AutomaticFunctionCallingConfig(disable=True)


@pytest.fixture
def gemini(simulator: RunningSimulator) -> Iterator[Callable[..., Client]]:
    """Makes clients of a deployment; none of them retries."""
    clients: list[Client] = []

    def make(deployment: str = "east", *, api_key: str = "AIza-any") -> Client:
        options = types.HttpOptions(
            base_url=simulator.vendor_url(deployment),
            timeout=10_000,
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        clients.append(Client(api_key=api_key, http_options=options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def vertex(simulator: RunningSimulator) -> Iterator[Callable[..., Client]]:
    """Makes clients of Vertex AI, with a service account that gets its tokens from the simulator."""
    clients: list[Client] = []

    def make(name: str = "caller") -> Client:
        base = simulator.vendor_url("east")
        info = service_account(f"{base}/token", name=name)
        credentials: Any = google_accounts.Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
        options = types.HttpOptions(base_url=base, timeout=10_000, retry_options=types.HttpRetryOptions(attempts=1))
        clients.append(
            Client(
                enterprise=True,
                project="my-project",
                location="europe-west4",
                credentials=credentials,
                http_options=options,
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def failure(client: Client, model: str = "gemini-2.5-flash", **more: Any) -> errors.APIError:
    with pytest.raises(errors.APIError) as caught:
        client.models.generate_content(model=model, **{"contents": "hi", **more})
    return caught.value


def counts(response: types.GenerateContentResponse) -> types.GenerateContentResponseUsageMetadata:
    assert response.usage_metadata is not None
    return response.usage_metadata


def first(response: types.GenerateContentResponse) -> types.Candidate:
    assert response.candidates
    return response.candidates[0]


# Answers


def test_an_answer_comes_with_its_usage_and_model(gemini: Callable[..., Client]) -> None:
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents="What is a madang?")
    usage = counts(response)
    assert "madang" in (response.text or "")
    assert first(response).finish_reason == types.FinishReason.STOP
    assert response.model_version == "gemini-2.5-flash" and response.response_id
    assert usage.total_token_count == sum(
        (usage.prompt_token_count or 0, usage.candidates_token_count or 0, usage.thoughts_token_count or 0)
    )


def test_a_stream_says_the_same_and_ends_with_usage(gemini: Callable[..., Client]) -> None:
    config = types.GenerateContentConfig(seed=7)
    asked: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "What is a madang?", "config": config}
    whole = gemini().models.generate_content(**asked)
    chunks = list(gemini().models.generate_content_stream(**asked))
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    assert first(chunks[-1]).finish_reason == types.FinishReason.STOP
    assert counts(chunks[-1]).candidates_token_count == counts(whole).candidates_token_count


@pytest.mark.anyio
async def test_the_async_client_reads_both(gemini: Callable[..., Client]) -> None:
    models = gemini().aio.models
    config = types.GenerateContentConfig(seed=7)
    whole = await models.generate_content(model="gemini-2.5-flash", contents="hi", config=config)
    stream = await models.generate_content_stream(model="gemini-2.5-flash", contents="hi", config=config)
    assert "".join([chunk.text or "" async for chunk in stream]) == whole.text


def test_a_chat_remembers_what_was_said(gemini: Callable[..., Client]) -> None:
    chat = gemini().chats.create(model="gemini-3-pro-preview")
    assert chat.send_message("What is a madang?").text
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream("And a hanok?"))
    assert chat.send_message("And a gate?").text
    asked = [content for content in chat.get_history() if content.role == "user"]
    assert len(asked) == 3


def test_thoughts_are_shown_when_asked_for_and_counted_apart(gemini: Callable[..., Client]) -> None:
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=64)
    )
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents="Why?", config=config)
    thoughts = [part for part in response.parts or () if part.thought]
    assert thoughts and thoughts[0].text
    assert counts(response).thoughts_token_count == 64


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("gemini-2.0-flash", types.ThinkingConfig(thinking_budget=64)),
        ("gemini-2.5-pro", types.ThinkingConfig(thinking_budget=0)),
        ("gemini-2.5-flash", types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)),
        ("gemini-3-pro-preview", types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW, thinking_budget=3)),
        ("gemini-3-pro-preview", types.ThinkingConfig(thinking_level=types.ThinkingLevel.MEDIUM)),
        ("gemini-3.1-pro-preview", types.ThinkingConfig(thinking_level=types.ThinkingLevel.MINIMAL)),
    ],
)
def test_thinking_that_a_model_cannot_do_is_refused(
    gemini: Callable[..., Client], model: str, thinking: types.ThinkingConfig
) -> None:
    failed = failure(gemini(), model, config=types.GenerateContentConfig(thinking_config=thinking))
    assert (failed.code, failed.status) == (400, "INVALID_ARGUMENT")


def test_a_schema_is_kept(gemini: Callable[..., Client]) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    config = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=schema)
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents="Where?", config=config)
    assert list(json.loads(response.text or "")) == ["city"]


def test_log_probabilities_come_with_their_rivals(gemini: Callable[..., Client]) -> None:
    config = types.GenerateContentConfig(response_logprobs=True, logprobs=2, max_output_tokens=5)
    response = gemini().models.generate_content(model="gemini-2.0-flash", contents="Why?", config=config)
    result = first(response).logprobs_result
    assert result is not None and len(result.chosen_candidates or ()) == 5
    assert len((result.top_candidates or [])[0].candidates or ()) == 2
    assert first(response).finish_reason == types.FinishReason.MAX_TOKENS


def test_several_candidates_come_in_one_answer(gemini: Callable[..., Client]) -> None:
    config = types.GenerateContentConfig(candidate_count=2)
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents="Why?", config=config)
    assert [candidate.index for candidate in response.candidates or ()] == [0, 1]


def test_a_picture_counts_as_image_tokens(gemini: Callable[..., Client]) -> None:
    parts: list[Any] = [types.Part.from_bytes(data=PNG, mime_type="image/png"), "What is it?"]
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents=parts)
    details = {one.modality: one.token_count for one in counts(response).prompt_tokens_details or ()}
    assert details[types.MediaModality.IMAGE] == 258


# Functions


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-pro-preview"])
def test_a_function_is_called_and_its_result_answered(gemini: Callable[..., Client], model: str) -> None:
    config = types.GenerateContentConfig(tools=[weather()], automatic_function_calling=NO_LOOP)
    chat = gemini().chats.create(model=model, config=config)
    call = (chat.send_message("The weather in Seoul?").function_calls or [])[0]
    assert call.name == "weather" and "city" in (call.args or {})
    result = types.FunctionResponse(id=call.id, name="weather", response={"output": "rain"})
    assert chat.send_message(types.Part(function_response=result)).text


def replayed(model: str, call: types.Part, gemini: Callable[..., Client]) -> types.GenerateContentResponse:
    assert call.function_call is not None
    result = types.Part.from_function_response(name="weather", response={"output": "rain"})
    contents: list[Any] = [
        types.Content(role="user", parts=[types.Part(text="The weather in Seoul?")]),
        types.Content(role="model", parts=[call]),
        types.Content(role="user", parts=[result]),
    ]
    config = types.GenerateContentConfig(tools=[weather()], automatic_function_calling=NO_LOOP)
    return gemini().models.generate_content(model=model, contents=contents, config=config)


def test_a_call_without_its_signature_is_refused_by_newer_models_only(gemini: Callable[..., Client]) -> None:
    bare = types.Part(function_call=types.FunctionCall(name="weather", args={"city": "Seoul"}))
    assert replayed("gemini-2.5-flash", bare, gemini).text
    with pytest.raises(errors.ClientError, match="missing a thought_signature") as caught:
        replayed("gemini-3-pro-preview", bare, gemini)
    assert caught.value.code == 400
    bare.thought_signature = b"not one of Google's"
    with pytest.raises(errors.ClientError, match="not valid"):
        replayed("gemini-3-pro-preview", bare, gemini)


def test_a_result_without_its_call_is_refused(gemini: Callable[..., Client]) -> None:
    result = types.Part.from_function_response(name="weather", response={"output": "rain"})
    failed = failure(gemini(), contents=[types.Content(role="user", parts=[result])])
    assert "number of function response parts" in str(failed.message)


def test_any_calls_the_allowed_function(gemini: Callable[..., Client]) -> None:
    calling = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["weather"])
    config = types.GenerateContentConfig(
        tools=[weather()],
        tool_config=types.ToolConfig(function_calling_config=calling),
        automatic_function_calling=NO_LOOP,
    )
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents="hi", config=config)
    assert [call.name for call in response.function_calls or ()] == ["weather"]


# Blocks, faults and refusals


def test_a_blocked_prompt_is_an_answer_without_candidates(
    simulator: RunningSimulator, gemini: Callable[..., Client]
) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    response = gemini().models.generate_content(model="gemini-2.5-flash", contents="hi")
    assert response.prompt_feedback is not None and not response.candidates
    assert response.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT
    chunks = list(gemini().models.generate_content_stream(model="gemini-2.5-flash", contents="hi"))
    assert chunks[0].prompt_feedback is not None


def test_a_safety_stop_comes_after_what_was_said(simulator: RunningSimulator, gemini: Callable[..., Client]) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 2}])
    chunks = list(gemini().models.generate_content_stream(model="gemini-2.5-flash", contents="hi"))
    assert "".join(chunk.text or "" for chunk in chunks)
    assert first(chunks[-1]).finish_reason == types.FinishReason.SAFETY
    assert (first(chunks[-1]).safety_ratings or [])[0].blocked


@pytest.mark.parametrize(
    ("fault", "kind", "code", "status"),
    [
        ("rate_limited", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        ("quota", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        ("unauthorized", errors.ClientError, 400, "INVALID_ARGUMENT"),
        ("permission_denied", errors.ClientError, 403, "PERMISSION_DENIED"),
        ("context_overflow", errors.ClientError, 400, "INVALID_ARGUMENT"),
        ("model_unavailable", errors.ClientError, 404, "NOT_FOUND"),
        ("server_error", errors.ServerError, 500, "INTERNAL"),
        ("overloaded", errors.ServerError, 503, "UNAVAILABLE"),
    ],
)
def test_a_fault_is_the_clients_typed_error(
    simulator: RunningSimulator,
    gemini: Callable[..., Client],
    fault: str,
    kind: type[errors.APIError],
    code: int,
    status: str,
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    failed = failure(gemini())
    assert (type(failed), failed.code, failed.status) == (kind, code, status)


def test_a_rate_limit_says_how_long_to_wait(simulator: RunningSimulator, gemini: Callable[..., Client]) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 2.5}])
    details = failure(gemini()).details["error"]["details"]
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"} in details


def test_an_error_in_mid_stream_is_raised_by_the_client(
    simulator: RunningSimulator, gemini: Callable[..., Client]
) -> None:
    simulator.configure("east", faults=[{"kind": "error_event", "error": "overloaded"}])
    stream = gemini().models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
    with pytest.raises(errors.ServerError) as caught:
        list(stream)
    assert caught.value.status == "UNAVAILABLE"


def test_a_wrong_key_is_told_as_google_does(gemini: Callable[..., Client]) -> None:
    failed = failure(gemini(api_key="AIza-wrong-key"))
    assert failed.code == 400 and "API key not valid" in str(failed.message)


def test_an_unknown_field_is_refused_by_its_name(simulator: RunningSimulator) -> None:
    url = f"{simulator.vendor_url('east')}/v1beta/models/gemini-2.5-flash:generateContent"
    body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], "user": "me"}).encode()
    sent = urllib.request.Request(url, body, {"content-type": "application/json", "x-goog-api-key": "AIza"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(sent, timeout=10)
    with caught.value as refused:
        assert 'Unknown name "user"' in json.loads(refused.read())["error"]["message"]


# Other methods


def test_models_are_listed_and_described(gemini: Callable[..., Client]) -> None:
    models = gemini().models
    assert "models/gemini-2.5-flash" in [model.name for model in models.list()]
    assert models.get(model="gemini-2.5-pro").input_token_limit == 1_048_576


def test_tokens_are_counted(gemini: Callable[..., Client]) -> None:
    models = gemini().models
    counted = models.count_tokens(model="gemini-2.5-flash", contents="What is a madang?").total_tokens
    response = models.generate_content(model="gemini-2.5-flash", contents="What is a madang?")
    assert counted == counts(response).prompt_token_count


def test_texts_are_embedded(gemini: Callable[..., Client]) -> None:
    config = types.EmbedContentConfig(output_dimensionality=64)
    told = gemini().models.embed_content(model="gemini-embedding-001", contents=["a", "b"], config=config)
    assert [len(one.values or ()) for one in told.embeddings or ()] == [64, 64]


def test_a_picture_is_drawn(gemini: Callable[..., Client]) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"], image_config=types.ImageConfig(aspect_ratio="16:9")
    )
    response = gemini().models.generate_content(model="gemini-2.5-flash-image", contents="A hanok", config=config)
    blobs = [part.inline_data for part in response.parts or () if part.inline_data]
    assert blobs[0].mime_type == "image/png" and (blobs[0].data or b"").startswith(b"\x89PNG")


def test_a_text_is_spoken(gemini: Callable[..., Client]) -> None:
    voice = types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore"))
    config = types.GenerateContentConfig(
        response_modalities=["AUDIO"], speech_config=types.SpeechConfig(voice_config=voice)
    )
    response = gemini().models.generate_content(model="gemini-2.5-flash-preview-tts", contents="Hello", config=config)
    blob = (response.parts or [])[0].inline_data
    assert blob is not None and blob.mime_type == "audio/L16;codec=pcm;rate=24000" and blob.data


# Vertex AI


def test_a_service_account_gets_a_token_and_an_answer(
    simulator: RunningSimulator, vertex: Callable[..., Client]
) -> None:
    client = vertex()
    assert client.models.generate_content(model="gemini-2.5-flash", contents="hi").text
    assert "".join(
        chunk.text or "" for chunk in client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
    )
    paths = [one["path"] for one in simulator.requests("east")["requests"]]
    assert any("projects/my-project/locations/europe-west4/publishers/google/models" in path for path in paths)


def test_vertex_ai_embeds_and_counts(vertex: Callable[..., Client]) -> None:
    models = vertex().models
    older = models.embed_content(model="text-embedding-005", contents=["a", "b"])
    assert [one.statistics.token_count for one in older.embeddings or () if one.statistics] == [1, 1]
    newer = models.embed_content(model="gemini-embedding-2", contents="a")
    assert len((newer.embeddings or [])[0].values or ()) == 3072
    assert models.count_tokens(model="gemini-2.5-flash", contents="a").total_tokens


def test_a_disabled_service_account_gets_no_token(vertex: Callable[..., Client]) -> None:
    from google.auth.exceptions import RefreshError

    with pytest.raises(RefreshError, match="account not found"):
        vertex("wrong").models.generate_content(model="gemini-2.5-flash", contents="hi")
