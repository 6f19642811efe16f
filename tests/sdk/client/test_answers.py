"""Answers read as attributes and as dicts, and are exactly what the vendor sent."""

import copy
import json
import pickle
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang import CallFailed
from madang.client.answers import (
    CallFacts,
    ChatCompletion,
    EmbeddingList,
    read_answer,
    read_chunks,
    read_whole_as_chunks,
)

CALL = CallFacts("a1" * 16, "east", 1, Decimal("0.1"))
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def read(body: Any) -> ChatCompletion:
    return read_answer(json.dumps(body).encode(), ChatCompletion, CALL)


@given(st.dictionaries(st.text() | st.sampled_from(["choices", "usage", "data", "call", "message"]), _json, max_size=5))
def test_an_answer_is_exactly_what_was_sent(body: dict[str, Any]) -> None:
    answer = read(body)
    assert answer == body
    assert answer.model_dump() == body
    assert answer.call == CALL


def test_fields_are_attributes_and_what_was_not_sent_is_none() -> None:
    answer = read({"choices": [{"message": {"content": "Hi", "new_field": {"deep": [{"a": 1}]}}}]})
    assert answer.choices[0].message.content == answer["choices"][0]["message"]["content"] == "Hi"
    assert answer.choices[0].message.new_field.deep[0].a == 1
    assert answer.usage is None


def test_an_answer_can_be_copied_pickled_and_sent_back_as_a_message() -> None:
    answer = read({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]})
    assert copy.deepcopy(answer) == answer
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert json.loads(json.dumps(answer.choices[0].message)) == {"role": "assistant", "content": "Hi"}


@pytest.mark.parametrize("raw", [b"", b"[]", b'"text"', b"data: {}\n\n"])
def test_what_is_no_json_object_is_a_failed_call_and_no_strange_exception(raw: bytes) -> None:
    with pytest.raises(CallFailed) as caught:
        read_answer(raw, EmbeddingList, CALL)
    assert (caught.value.reason, caught.value.trace_id) == ("bad_reply", CALL.trace_id)


def test_chunks_are_read_from_frames_and_marks_are_skipped() -> None:
    raw = b': hello\n\ndata: {"id":"1"}\n\nevent: x\r\ndata: {"id":"2"}\r\n\r\ndata: [DONE]\n\ndata: {"id":"3"}'
    assert [chunk.id for chunk in read_chunks(raw)] == ["1", "2", "3"]


def test_a_whole_answer_to_a_stream_is_one_chunk() -> None:
    raw = json.dumps({"id": "1", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]})
    (chunk,) = read_whole_as_chunks(raw.encode())
    assert (chunk.choices[0].delta.content, chunk.choices[0].finish_reason) == ("Hi", "stop")
