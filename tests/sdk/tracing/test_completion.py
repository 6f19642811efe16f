"""A streamed answer, put together again, has the shape of one that came whole."""

from typing import Any

import msgspec

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.usage import Usage


def completion(*parts: Part) -> Any:
    return msgspec.json.decode(completion_of(parts))


def tool_calls(*parts: Part) -> list[tuple[str, str, str]]:
    calls = completion(*parts)["choices"][0]["message"]["tool_calls"]
    return [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls]


def test_text_is_joined_and_the_answer_named() -> None:
    assert completion(Started("c1", "gpt"), Text("A"), Text("B"), Finished("stop"), Consumed(Usage(1, 2))) == {
        "id": "c1",
        "model": "gpt",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "AB"}, "finish_reason": "stop"}],
    }


def test_thinking_and_refusal_stand_beside_the_content() -> None:
    message = completion(Reasoning("h"), Reasoning("m"), Refusal("no"))["choices"][0]["message"]
    assert message == {"role": "assistant", "content": None, "reasoning_content": "hm", "refusal": "no"}


def test_several_answers_stay_apart_in_their_order() -> None:
    choices = completion(Text("B", 1), Text("A", 0), Finished("length", 1), Finished("stop", 0))["choices"]
    assert [(c["index"], c["message"]["content"], c["finish_reason"]) for c in choices] == [
        (0, "A", "stop"),
        (1, "B", "length"),
    ]


def test_arguments_of_several_tool_calls_are_joined_each_for_itself() -> None:
    assert tool_calls(
        ToolCall(0, "t0", "f"),
        ToolCall(1, "t1", "g"),
        ToolCall(0, arguments='{"a":'),
        ToolCall(1, arguments="{}"),
        ToolCall(0, arguments="1}"),
    ) == [("t0", "f", '{"a":1}'), ("t1", "g", "{}")]


def test_a_vendor_that_gives_every_call_the_same_number_still_has_several_calls() -> None:
    assert tool_calls(ToolCall(0, "t0", "f", "{}"), ToolCall(0, "t1", "f", '{"b":2}')) == [
        ("t0", "f", "{}"),
        ("t1", "f", '{"b":2}'),
    ]


def test_an_id_that_is_repeated_with_every_piece_is_one_call() -> None:
    assert tool_calls(ToolCall(0, "t0", "f", "{"), ToolCall(0, "t0", "", "}")) == [("t0", "f", "{}")]


def test_nothing_said_is_no_completion() -> None:
    assert completion_of([Started("c1", "gpt"), Consumed(Usage(1, 0))]) == b""
