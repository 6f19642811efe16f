"""Gemini's answers, whole and streamed, in OpenAI's words; how they end, are blocked, broken and cut."""

import json
from typing import Any

import msgspec
import pytest
from tests.sdk.calls import recordings as recorded
from tests.sdk.providers.gemini_requests import asked, sent

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Event, Finished, Part, Reasoning, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.gemini.chat_answer import reader_for, whole_answer


def response(*candidates: dict[str, Any], **more: Any) -> bytes:
    told = {"candidates": list(candidates), "modelVersion": "gemini-2.5-flash", "responseId": "r1", **more}
    return json.dumps(told).encode()


def said(*parts: dict[str, Any], finish: str | None = "STOP", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0, **more}
    return told if finish is None else {**told, "finishReason": finish}


def frames(*responses: bytes) -> bytes:
    return b"".join(b"data: " + one + b"\r\n\r\n" for one in responses)


def whole(raw: bytes, **body: Any) -> tuple[Any, Event]:
    event = whole_answer(asked(**body), raw, vendor="Gemini")
    return msgspec.json.decode(event.raw), event


def read(*reads: bytes, wants_usage: bool = False, **body: Any) -> tuple[bytes, list[Part], CallFailed | None]:
    request = msgspec.structs.replace(asked(stream=True, **body), wants_usage=wants_usage)
    reader = reader_for(request, vendor="Gemini")
    raw = b""
    parts: list[Part] = []
    for data in (*reads, None):
        event = reader.end() if data is None else reader.feed(data)
        if event is not None:
            raw += event.raw
            parts += event.parts
        if reader.failure is not None:
            break
    return raw, parts, reader.failure


def chunks(raw: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in raw.split(b"\n\n") if line and line != b"data: [DONE]"]


def failure(raw: bytes, **body: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        whole_answer(asked(**body), raw, vendor="Gemini")
    return caught.value


# What is said


def test_a_whole_answer_is_an_openai_completion() -> None:
    event = whole_answer(asked(), recorded.GEMINI_TEXT, vendor="Gemini")
    assert (
        event.raw
        == (
            '{"id":"r1","model":"gemini-2.5-flash","object":"chat.completion","created":1767225600,"choices":[{"index":0,'
            '"message":{"role":"assistant","content":"한옥 has a courtyard."},"finish_reason":"stop"}],"usage":'
            '{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":3},'
            '"completion_tokens_details":{"reasoning_tokens":1}}}'
        ).encode()
    )


def test_a_stream_is_openais_with_usage_for_who_asked_and_an_end_mark() -> None:
    raw, parts, failed = read(recorded.GEMINI_TEXT_STREAM, wants_usage=True)
    told = chunks(raw)
    assert failed is None and raw.endswith(b"data: [DONE]\n\n")
    assert [chunk["choices"][0]["delta"].get("content") for chunk in told[:2]] == ["한옥", " has a courtyard."]
    assert told[0]["choices"][0]["delta"]["role"] == "assistant"
    assert told[2]["choices"][0]["finish_reason"] == "stop"
    assert told[3]["usage"]["total_tokens"] == 16
    assert Finished("stop") in parts


def test_parallel_calls_have_indices_names_and_ids_of_their_own() -> None:
    seoul = {"functionCall": {"name": "weather", "args": {"city": "Seoul"}}}
    busan = {"functionCall": {"id": "fc-2", "name": "weather", "args": {"city": "부산"}}}
    told, _ = whole(response(said(seoul, busan)))
    first, second = told["choices"][0]["message"]["tool_calls"]
    assert (first["id"], first["function"]["arguments"]) == ("call_r1_0_0", '{"city":"Seoul"}')
    assert (second["id"], second["function"]["arguments"]) == ("fc-2", '{"city":"부산"}')
    assert told["choices"][0]["finish_reason"] == "tool_calls"
    raw, parts, _ = read(frames(response(said(seoul, finish=None)), response(said(busan))))
    assert [(part.index, part.call_id) for part in parts if isinstance(part, ToolCall)] == [
        (0, "call_r1_0_0"),
        (1, "fc-2"),
    ]
    assert chunks(raw)[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_thoughts_are_reasoning_and_their_tokens_output() -> None:
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 2, "thoughtsTokenCount": 30, "toolUsePromptTokenCount": 4}
    told, event = whole(response(said({"text": "Hm.", "thought": True}, {"text": "Yes."}), usageMetadata=usage))
    assert told["choices"][0]["message"] == {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}
    assert Consumed(Usage(14, 32, None, 30)) in event.parts


def test_audio_and_image_tokens_are_counted_apart() -> None:
    usage = {
        "promptTokenCount": 100,
        "candidatesTokenCount": 50,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 10},
            {"modality": "AUDIO", "tokenCount": 60},
            {"modality": "IMAGE", "tokenCount": 30},
        ],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 50}],
    }
    _, event = whole(response(said({"text": "x"}), usageMetadata=usage))
    (consumed,) = [part.usage for part in event.parts if isinstance(part, Consumed)]
    assert (consumed.audio_input_tokens, consumed.image_input_tokens, consumed.image_output_tokens) == (60, 30, 50)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_thought_signatures_make_the_round_trip(streamed: bool) -> None:
    call = {"functionCall": {"id": "fc1", "name": "weather", "args": {}}, "thoughtSignature": "c2lnQ2FsbA=="}
    spoken = {"text": "Looking.", "thoughtSignature": "c2lnVGV4dA=="}
    raw = response(said(spoken, call))
    if streamed:
        parts = read(frames(raw))[1]
        message = msgspec.json.decode(completion_of(parts))["choices"][0]["message"]
    else:
        message = whole(raw)[0]["choices"][0]["message"]
    assert message["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2lnQ2FsbA=="}}
    told = sent("gemini-3-pro-preview", messages=[message])
    assert told["contents"] == [{"role": "model", "parts": [spoken, call]}]


def test_pictures_and_parts_without_counterpart_make_the_round_trip() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}
    code = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}
    message = whole(response(said({"text": "Here."}, code, picture)))[0]["choices"][0]["message"]
    assert message["images"][0]["image_url"]["url"] == "data:image/png;base64,iVBO"
    assert sent(messages=[message])["contents"][0]["parts"] == [{"text": "Here."}, code, picture]


def test_pictures_that_were_only_thought_of_are_shown_but_not_sent_again() -> None:
    draft = {"inlineData": {"mimeType": "image/png", "data": "iVBO"}, "thought": True}
    assert failure(response(said(draft, finish="IMAGE_SAFETY"))).reason == "content_filter"
    message = whole(response(said(draft, {"text": "Done."})))[0]["choices"][0]["message"]
    assert message["google_parts"] == [draft]
    assert sent(messages=[message])["contents"][0]["parts"] == [{"text": "Done."}]


def test_an_answer_that_names_no_model_has_the_one_that_was_asked() -> None:
    assert whole(json.dumps({"candidates": [said({"text": "x"})]}).encode())[0]["model"] == "gemini-2.5-flash"


def test_what_we_do_not_model_stays_in_the_choice_under_googles_name() -> None:
    grounding = {"webSearchQueries": ["madang"]}
    told, _ = whole(response(said({"text": "x"}, groundingMetadata=grounding), modelStatus={"stage": "NEW"}))
    assert told["choices"][0]["groundingMetadata"] == grounding
    assert told["modelStatus"] == {"stage": "NEW"}


def test_what_every_response_of_a_stream_repeats_is_told_once() -> None:
    ratings = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}]
    first = response(said({"text": "a"}, finish=None, safetyRatings=ratings))
    raw, _, _ = read(frames(first, response(said({"text": "b"}, safetyRatings=ratings))))
    assert sum("safetyRatings" in chunk["choices"][0] for chunk in chunks(raw)) == 1


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_log_probabilities_are_openais(streamed: bool) -> None:
    def result(token: str) -> dict[str, Any]:
        one = {"token": token, "tokenId": 1, "logProbability": -0.5}
        return {"chosenCandidates": [one], "topCandidates": [{"candidates": [one]}]}

    if streamed:
        first = response(said({"text": "a"}, finish=None, logprobsResult=result("a")))
        parts = read(frames(first, response(said({"text": "b"}, logprobsResult=result("b")))))[1]
        choice = msgspec.json.decode(completion_of(parts))["choices"][0]
        assert [one["token"] for one in choice["logprobs"]["content"]] == ["a", "b"]
    else:
        choice = whole(response(said({"text": "a"}, logprobsResult=result("a"))))[0]["choices"][0]
    plain = {"token": "a", "logprob": -0.5, "bytes": [97]}
    assert choice["logprobs"]["content"][0] == {**plain, "top_logprobs": [plain]}


def test_several_candidates_are_several_choices() -> None:
    told, _ = whole(response(said({"text": "a"}), {**said({"text": "b"}), "index": 1}), n=2)
    assert [choice["message"]["content"] for choice in told["choices"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("finish", "reason"), [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")]
)
def test_an_answer_ends_for_a_reason_of_openais(finish: str, reason: str) -> None:
    told, _ = whole(response(said({"text": "a"}, finish=finish)))
    assert told["choices"][0]["finish_reason"] == reason


def test_thinking_that_used_up_all_tokens_is_an_answer_of_no_text() -> None:
    told, event = whole(response({"finishReason": "MAX_TOKENS", "index": 0}, usageMetadata={"promptTokenCount": 3}))
    assert (told["choices"][0]["finish_reason"], told["choices"][0]["message"]["content"]) == ("length", None)
    assert Consumed(Usage(3, 0)) in event.parts


# Blocks

BLOCKED_ANSWERS = [
    "SAFETY",
    "RECITATION",
    "PROHIBITED_CONTENT",
    "BLOCKLIST",
    "SPII",
    "IMAGE_SAFETY",
    "LANGUAGE",
    "OTHER",
    "MODEL_ARMOR",
]


@pytest.mark.parametrize("finish", BLOCKED_ANSWERS)
def test_an_answer_blocked_before_its_first_word_fails_so_that_another_vendor_may_answer(finish: str) -> None:
    raw = response({"finishReason": finish, "index": 0})
    failed = failure(raw)
    assert (failed.reason, failed.status, failed.code) == ("content_filter", 400, "content_filter")
    assert failed.message == f"Gemini blocked the answer: {finish}."
    _, parts, streamed = read(frames(raw))
    assert streamed is not None and streamed.reason == "content_filter"
    assert not any(isinstance(part, Text | Finished) for part in parts)


def test_a_blocked_prompt_fails_with_the_categories_whole_and_streamed() -> None:
    rating = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
    raw = response(promptFeedback={"blockReason": "SAFETY", "safetyRatings": [rating]})
    for failed in (failure(raw), read(frames(raw))[2]):
        assert failed is not None
        assert (failed.reason, failed.status) == ("content_filter", 400)
        assert failed.message == "Gemini blocked the prompt: SAFETY (HARM_CATEGORY_DANGEROUS_CONTENT)."


def test_a_block_after_words_is_a_content_filter_with_what_was_said() -> None:
    stopped = response({"finishReason": "RECITATION", "finishMessage": "Recited.", "index": 0})
    raw, parts, failed = read(frames(response(said({"text": "First"}, finish=None)), stopped))
    assert failed is None
    assert [part for part in parts if isinstance(part, Text | Finished)] == [Text("First"), Finished("content_filter")]
    assert {"native_finish_reason": "RECITATION", "finish_message": "Recited."}.items() <= chunks(raw)[-2]["choices"][
        0
    ].items()


def test_a_block_after_thoughts_alone_fails_whole_and_ends_the_stream_that_showed_them() -> None:
    thought = {"text": "Hm.", "thought": True}
    assert failure(response(said(thought, finish="SAFETY"))).reason == "content_filter"
    _, parts, failed = read(
        frames(response(said(thought, finish=None)), response({"finishReason": "SAFETY", "index": 0}))
    )
    assert failed is None
    assert [part for part in parts if isinstance(part, Reasoning | Finished)] == [
        Reasoning("Hm."),
        Finished("content_filter"),
    ]


def test_one_blocked_candidate_of_two_does_not_fail_the_other() -> None:
    raw = response({"finishReason": "SAFETY", "index": 0}, {**said({"text": "b"}), "index": 1})
    told, _ = whole(raw, n=2)
    assert [choice["finish_reason"] for choice in told["choices"]] == ["content_filter", "stop"]
    assert failure(response(*({"finishReason": "SAFETY", "index": i} for i in (0, 1))), n=2).reason == "content_filter"


@pytest.mark.parametrize("finish", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])
def test_a_model_that_breaks_off_without_an_answer_is_a_bad_reply(finish: str) -> None:
    raw = response({"finishReason": finish, "finishMessage": "Malformed call.", "index": 0})
    failed = failure(raw)
    assert (failed.reason, failed.status, failed.code) == ("bad_reply", 502, finish.lower())
    assert failed.message == f"Gemini's model ended without an answer: {finish}. Malformed call."
    streamed = read(frames(raw))[2]
    assert streamed is not None and streamed.reason == "bad_reply"


# Broken answers


@pytest.mark.parametrize("raw", [b'{"candidates": [', b"<html>", b"[]", b"{}", b'{"usageMetadata":{}}'])
def test_what_is_no_answer_is_a_bad_reply_and_never_an_empty_answer(raw: bytes) -> None:
    assert failure(raw).reason == "bad_reply"


@pytest.mark.parametrize("stream", [b"", b": keep-alive\r\n\r\n", frames(response(said({"text": "a"}, finish=None)))])
def test_a_stream_that_ends_without_a_reason_was_cut(stream: bytes) -> None:
    failed = read(stream)[2]
    assert failed is not None and failed.reason == "stream_cut"


def test_an_error_inside_an_answer_with_status_200_is_that_error() -> None:
    raw = b'{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED"}}'
    assert (failure(raw).reason, failure(raw).status) == ("rate_limited", 429)
    failed = read(frames(response(said({"text": "a"}, finish=None)), raw))[2]
    assert failed is not None and failed.reason == "rate_limited"


@pytest.mark.parametrize(
    "frame",
    [
        b'data: {"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}',
        b'{\n  "error": {\n    "code": 503,\n    "message": "Overloaded",\n    "status": "UNAVAILABLE"\n  }\n}\n',
        b'[{"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}]',
    ],
)
def test_an_error_is_told_however_it_is_framed(frame: bytes) -> None:
    failed = read(frames(response(said({"text": "a"}, finish=None))) + frame)[2]
    assert failed is not None and (failed.reason, failed.message) == ("overloaded", "Overloaded")


STREAM = frames(
    response(said({"text": "Hm.", "thought": True}, finish=None)),
    response(said({"text": "가나", "thoughtSignature": "c2ln"}, finish=None)),
    response(said({"functionCall": {"name": "f", "args": {"a": "다"}}}), usageMetadata={"promptTokenCount": 3}),
)


def test_where_the_network_cuts_a_stream_changes_nothing() -> None:
    expected = read(STREAM, wants_usage=True)
    for offset in range(1, len(STREAM)):
        assert read(STREAM[:offset], STREAM[offset:], wants_usage=True) == expected


def test_a_stream_broken_off_at_any_byte_is_cut_or_complete() -> None:
    for offset in range(len(STREAM)):
        raw, parts, failed = read(STREAM[:offset])
        if failed is None:
            assert any(isinstance(part, ToolCall) for part in parts) and raw.endswith(b"data: [DONE]\n\n")
        else:
            assert failed.reason == "stream_cut" and b"[DONE]" not in raw
