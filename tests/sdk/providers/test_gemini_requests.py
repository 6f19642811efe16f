"""OpenAI's chat requests in Gemini's words, as the bodies that are sent."""

from typing import Any

import msgspec
import pytest
from tests.sdk.providers.gemini_requests import asked, sent

from madang.errors import CallFailed
from madang.providers.gemini.chat_request import chat_body
from madang.providers.remote_file import RemoteFile

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}


def call(call_id: str, city: str, **more: Any) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": "weather", "arguments": f'{{"city":"{city}"}}'},
        **more,
    }


def refusal(**body: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        sent(**body)
    assert (caught.value.reason, caught.value.status) == ("invalid_request", 400)
    return caught.value


def test_a_conversation_is_contents_and_a_system_instruction() -> None:
    body = chat_body(
        asked(
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": [{"type": "text", "text": "Speak Korean."}]},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "안녕"},
                {"role": "user", "content": [{"type": "text", "text": "Bye"}]},
            ]
        ),
        {},
    )
    assert (
        body
        == (
            '{"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"안녕"}]},'
            '{"role":"user","parts":[{"text":"Bye"}]}],'
            '"systemInstruction":{"parts":[{"text":"Be brief."},{"text":"Speak Korean."}]}}'
        ).encode()
    )


def test_instructions_alone_are_the_question() -> None:
    told = sent(messages=[{"role": "system", "content": "Tell a joke."}])
    assert told == {"contents": [{"role": "user", "parts": [{"text": "Tell a joke."}]}]}


def test_sampling_goes_into_the_generation_config() -> None:
    told = sent(
        temperature=0.5,
        top_p=0.9,
        top_k=20,
        max_completion_tokens=100,
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        stop="END",
        n=2,
        logprobs=True,
        top_logprobs=3,
    )
    assert told["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 20,
        "maxOutputTokens": 100,
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "stopSequences": ["END"],
        "candidateCount": 2,
        "responseLogprobs": True,
        "logprobs": 3,
    }


def test_what_gemini_has_no_word_for_is_left_out() -> None:
    told = sent(user="u", store=True, metadata={"a": "b"}, parallel_tool_calls=False, verbosity="low", logit_bias={})
    assert set(told) == {"contents"}


def test_googles_own_fields_go_as_they_are_and_join_ours() -> None:
    told = sent(
        temperature=0.5,
        generationConfig={"topK": 3, "temperature": 1.0},
        safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        cachedContent="cachedContents/abc",
        announced_today={"x": 1},
    )
    assert told["generationConfig"] == {"temperature": 1.0, "topK": 3}
    assert told["safetySettings"][0]["threshold"] == "BLOCK_NONE"
    assert (told["cachedContent"], told["announced_today"]) == ("cachedContents/abc", {"x": 1})


def test_both_spellings_of_google_join_ours() -> None:
    told = sent(temperature=0.5, generation_config={"topK": 3, "thinking_config": {"thinkingBudget": 0}})
    assert told["generationConfig"] == {"temperature": 0.5, "topK": 3, "thinkingConfig": {"thinkingBudget": 0}}


# Files


def test_a_picture_a_sound_and_a_document_are_inline_data() -> None:
    told = sent(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO", "detail": "low"}},
                    {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
                    {"type": "file", "file": {"filename": "a.csv", "file_data": "YSxi"}},
                ],
            }
        ]
    )
    assert told["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
        {"inlineData": {"mimeType": "audio/mp3", "data": "UklG"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
        {"inlineData": {"mimeType": "text/csv", "data": "YSxi"}},
    ]


def test_a_fetched_picture_is_inline_data() -> None:
    url = "https://example.org/cat"
    told = sent(
        files={url: RemoteFile("image/webp", b"RIFF")},
        messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}],
    )
    assert told["contents"][0]["parts"] == [{"inlineData": {"mimeType": "image/webp", "data": "UklGRg=="}}]


def test_googles_own_addresses_are_file_data() -> None:
    told = sent(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "gs://bucket/cat.png"}},
                    {"type": "file", "file": {"file_id": "files/abc"}},
                    {"type": "video_url", "video_url": {"url": "https://youtu.be/xyz"}},
                ],
            }
        ]
    )
    assert told["contents"][0]["parts"] == [
        {"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/cat.png"}},
        {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc"}},
        {"fileData": {"fileUri": "https://youtu.be/xyz"}},
    ]


# Tools


def test_functions_are_declared_with_their_json_schema_beside_googles_tools() -> None:
    told = sent(tools=[WEATHER, {"googleSearch": {}}])
    assert told["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "Weather of a city",
                    "parametersJsonSchema": {"type": "object", "properties": {"city": {"type": "string"}}},
                }
            ]
        },
        {"googleSearch": {}},
    ]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            {"mode": "VALIDATED", "allowedFunctionNames": ["f"]},
        ),
    ],
)
def test_a_tool_choice_is_a_calling_mode(choice: Any, config: dict[str, Any]) -> None:
    assert sent(tools=[WEATHER], tool_choice=choice)["toolConfig"] == {"functionCallingConfig": config}


def test_parallel_calls_and_their_results_are_one_content_each() -> None:
    told = sent(
        messages=[
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": None, "tool_calls": [call("c1", "Seoul"), call("c2", "Busan")]},
            {"role": "tool", "tool_call_id": "c1", "content": '{"celsius": 3}'},
            {"role": "tool", "tool_call_id": "c2", "content": "rain"},
            {"role": "user", "content": "And?"},
        ]
    )
    assert told["contents"][1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Seoul"}}},
                {"functionCall": {"id": "c2", "name": "weather", "args": {"city": "Busan"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "c1", "name": "weather", "response": {"celsius": 3}}},
                {"functionResponse": {"id": "c2", "name": "weather", "response": {"output": "rain"}}},
            ],
        },
        {"role": "user", "parts": [{"text": "And?"}]},
    ]


def test_a_thought_signature_goes_back_with_its_call() -> None:
    signed = call("c1", "Seoul", extra_content={"google": {"thought_signature": "c2ln"}})
    told = sent("gemini-3-pro-preview", messages=[{"role": "assistant", "tool_calls": [signed, call("c2", "Busan")]}])
    first, second = told["contents"][0]["parts"]
    assert first["thoughtSignature"] == "c2ln"
    assert "thoughtSignature" not in second


def test_a_call_of_another_vendor_passes_the_check_of_signatures() -> None:
    messages = [{"role": "assistant", "tool_calls": [call("c1", "Seoul"), call("c2", "Busan")]}]
    first, second = sent("gemini-3-flash-preview", messages=messages)["contents"][0]["parts"]
    assert first["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in second
    assert "thoughtSignature" not in sent("gemini-2.5-pro", messages=messages)["contents"][0]["parts"][0]


def test_what_only_gemini_says_goes_back_as_it_came() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}
    told = sent(
        messages=[
            {
                "role": "assistant",
                "content": "One.",
                "extra_content": {"google": {"thought_signature": "c2ln"}},
                "google_parts": [code],
                "images": [{"type": "image_url", "index": 0, "image_url": {"url": "data:image/png;base64,iVBO"}}],
                "reasoning_content": "thinking is not sent again",
            }
        ]
    )
    assert told["contents"][0]["parts"] == [
        {"text": "One.", "thoughtSignature": "c2ln"},
        code,
        {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
    ]


# Structured output and thinking


def test_a_json_schema_is_given_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}}
    told = sent(response_format={"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}})
    assert told["generationConfig"] == {"responseMimeType": "application/json", "responseJsonSchema": schema}


def test_json_without_schema_is_a_mime_type() -> None:
    told = sent(response_format={"type": "json_object"})
    assert told["generationConfig"] == {"responseMimeType": "application/json"}


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0, "includeThoughts": False}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128, "includeThoughts": False}),
        ("gemini-3-pro-preview", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3-flash-preview", "none", {"thinkingLevel": "MINIMAL", "includeThoughts": False}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-3.5-flash", "xhigh", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro", "high", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-flash-latest", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
    ],
)
def test_an_effort_is_a_budget_or_a_level_by_the_model(model: str, effort: str, config: dict[str, Any]) -> None:
    assert sent(model, reasoning_effort=effort)["generationConfig"] == {"thinkingConfig": config}


def test_a_model_that_does_not_think_is_sent_no_effort() -> None:
    assert "generationConfig" not in sent("gemini-2.0-flash", reasoning_effort="high")


def test_a_budget_of_ones_own_wins_over_the_effort() -> None:
    told = sent(reasoning_effort="low", generationConfig={"thinkingConfig": {"thinkingBudget": 77}})
    assert told["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 77, "includeThoughts": True}


# Refusals


@pytest.mark.parametrize(
    ("param", "body"),
    [
        ("tools", {"tools": [{"type": "custom", "custom": {"name": "x"}}]}),
        ("functions", {"functions": [{"name": "x"}]}),
        ("tool_choice", {"tool_choice": "sometimes"}),
        ("response_format", {"response_format": {"type": "grammar"}}),
        ("reasoning_effort", {"reasoning_effort": "extreme"}),
        ("messages", {"messages": [{"role": "user", "content": [{"type": "hologram"}]}]}),
        ("messages", {"messages": [{"role": "narrator", "content": "x"}]}),
        ("messages", {"messages": [{"role": "tool", "tool_call_id": "unknown", "content": "x"}]}),
        ("messages", {"messages": ["hello"]}),
        ("messages", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "file:///etc"}]}]}),
        (
            "messages",
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]},
        ),
    ],
)
def test_what_gemini_cannot_be_asked_is_refused_by_its_parameter(param: str, body: dict[str, Any]) -> None:
    assert refusal(**body).param == param


def test_a_refusal_repeats_nothing_of_what_was_said() -> None:
    failed = refusal(messages=[{"role": "user", "content": [{"type": "my secret"}]}])
    assert "secret" not in failed.message


def test_a_body_is_json_for_every_schema() -> None:
    assert msgspec.json.decode(chat_body(asked(tools=[WEATHER]), {}))
