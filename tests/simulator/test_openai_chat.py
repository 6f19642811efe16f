"""Whole chat completions through the official client."""

import base64
import struct
from collections.abc import Callable

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]


def user(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


def text_of(reply: ChatCompletion) -> str:
    text = reply.choices[0].message.content
    assert text is not None
    return text


def test_answer_says_that_it_is_simulated_and_speaks_of_the_topic(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=user("How do we plan the database migration?"))

    assert text_of(reply).startswith("Simulated answer:")
    assert "database migration" in text_of(reply)
    assert reply.choices[0].finish_reason == "stop"


def test_korean_question_gets_a_korean_answer(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=user("환불 정책을 설명해줘"))

    assert text_of(reply).startswith("모의 응답:")
    assert "환불 정책" in text_of(reply)


def test_reply_names_the_dated_model_that_answered(openai: Clients) -> None:
    assert openai().chat.completions.create(model="gpt-4o", messages=user("hi")).model == "gpt-4o-2024-08-06"


def test_usage_adds_up(openai: Clients) -> None:
    usage = openai().chat.completions.create(model="gpt-4o", messages=user("hi")).usage

    assert usage is not None
    assert usage.prompt_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_length_is_exactly_what_is_set(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", output_tokens=[40, 40])

    usage = openai().chat.completions.create(model="gpt-4o", messages=user("hi")).usage

    assert usage is not None
    assert usage.completion_tokens == 40


def test_max_tokens_cuts_the_answer_and_says_so(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=user("hi"), max_tokens=5)

    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 5


def test_stop_sequence_ends_the_answer_before_it(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=user("hi"), stop=["answer"])

    assert text_of(reply) == "Simulated "
    assert reply.choices[0].finish_reason == "stop"


def test_same_seed_gives_the_same_text_and_another_seed_another(openai: Clients) -> None:
    def ask(seed: int) -> str:
        return text_of(openai().chat.completions.create(model="gpt-4o", messages=user("hi"), seed=seed))

    assert ask(1) == ask(1)
    assert ask(1) != ask(2)


def test_n_gives_that_many_different_choices(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=user("hi"), n=3)

    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in reply.choices}) > 1


def test_logprobs_cover_the_whole_text(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=user("hi"), logprobs=True, top_logprobs=2)

    logprobs = reply.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert "".join(entry.token for entry in logprobs.content) == text_of(reply)
    assert all(len(entry.top_logprobs) == 2 and entry.logprob <= 0 for entry in logprobs.content)


def test_picture_counts_by_its_size(openai: Clients) -> None:
    def prompt_tokens(width: int, height: int) -> int:
        header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
        url = "data:image/png;base64," + base64.b64encode(header).decode()
        content: list[ChatCompletionMessageParam] = [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url, "detail": "high"}}]}
        ]
        usage = openai().chat.completions.create(model="gpt-4o", messages=content).usage
        assert usage is not None
        return usage.prompt_tokens

    assert prompt_tokens(1024, 1024) - prompt_tokens(512, 512) == 3 * 170


def test_long_beginning_counts_as_cached_the_second_time(openai: Clients) -> None:
    def cached(question: str) -> int | None:
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": "Company rules. " * 600},
            {"role": "user", "content": question},
        ]
        usage = openai().chat.completions.create(model="gpt-4o", messages=messages).usage
        assert usage is not None
        assert usage.prompt_tokens_details is not None
        return usage.prompt_tokens_details.cached_tokens

    assert cached("first question") == 0
    assert (cached("second question") or 0) >= 1024


def test_reasoning_model_reports_its_thinking(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-5-mini", messages=user("hi"), reasoning_effort="low")

    assert reply.usage is not None
    assert reply.usage.completion_tokens_details is not None
    assert reply.usage.completion_tokens_details.reasoning_tokens == 64
    assert reply.usage.completion_tokens > 64


def test_headers_name_the_request_and_the_limits(openai: Clients) -> None:
    raw = openai().chat.completions.with_raw_response.create(model="gpt-4o", messages=user("hi"))

    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["openai-processing-ms"].isdigit()
    assert int(raw.headers["x-ratelimit-remaining-requests"]) < int(raw.headers["x-ratelimit-limit-requests"])


@pytest.mark.parametrize("field", ["x_unknown", "metadata"])
def test_unknown_field_is_let_through(simulator: RunningSimulator, openai: Clients, field: str) -> None:
    openai().chat.completions.create(model="gpt-4o", messages=user("hi"), extra_body={field: {"kept": "yes"}})

    assert simulator.requests("east")["requests"][-1]["body"][field] == {"kept": "yes"}


def test_model_that_tells_its_thoughts_does_so_beside_the_content(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="deepseek-reasoner", messages=user("hi"))

    message = reply.choices[0].message
    assert (message.model_extra or {})["reasoning_content"].startswith("Simulated reasoning:")
    assert message.content
    assert reply.usage is not None
    assert reply.usage.completion_tokens_details is not None
    assert reply.usage.completion_tokens_details.reasoning_tokens == 48


def test_streamed_thoughts_come_before_the_content(openai: Clients) -> None:
    stream = openai().chat.completions.create(model="Qwen3-30B-Thinking", messages=user("hi"), stream=True)
    kinds = []
    for chunk in stream:
        delta = chunk.choices[0].delta
        if (delta.model_extra or {}).get("reasoning_content"):
            kinds.append("thought")
        elif delta.content:
            kinds.append("content")

    assert kinds == sorted(kinds, reverse=True)
    assert kinds.count("thought") == 48
