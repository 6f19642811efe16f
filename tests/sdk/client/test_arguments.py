"""Arguments of `create` that cannot work are refused before anything is sent."""

import math
from typing import Any

import pytest
from tests.sdk.client.conftest import MESSAGES

from madang import ConfigError
from madang.testing import fake_client


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"trace_id": "my-trace"}, "32 lower-case hex digits"),
        ({"trace_id": "0" * 32}, "32 lower-case hex digits"),
        ({"trace_id": "a" * 31 + "\n"}, "32 lower-case hex digits"),
        ({"parent_span_id": "x"}, "16 lower-case hex digits"),
        ({"metadata": object()}, "cannot be written as JSON"),
        ({"stop": "\ud800"}, "cannot be written as JSON"),
        ({"extra_headers": {"x": "y"}}, "extra_headers is not supported"),
        ({"extra_query": {"x": "y"}}, "extra_query is not supported"),
    ],
)
def test_what_cannot_work_is_refused(arguments: dict[str, Any], words: str) -> None:
    client = fake_client()
    with pytest.raises(ConfigError, match=words):
        client.chat.completions.create(model="chat", messages=MESSAGES, **arguments)
    assert client.requests == []
    assert client.spans == []


def test_numbers_as_session_or_user_become_text_in_the_trace() -> None:
    client = fake_client()
    client.chat.completions.create(model="chat", messages=MESSAGES, session_id=7, user_id=8, tags=[1, 2])
    client.chat.completions.create(model="chat", messages=MESSAGES, user="u1", tags="one")
    first, second = client.spans[0], client.spans[2]
    assert (first.session_id, first.user_id, first.tags) == ("7", "8", ("1", "2"))
    assert (second.user_id, second.tags) == ("u1", ("one",))


def test_arguments_that_are_none_are_not_sent() -> None:
    client = fake_client()
    client.chat.completions.create(model="chat", messages=MESSAGES, temperature=None, stop=None, extra_headers=None)
    assert set(client.requests[0]) == {"model", "messages"}


def test_a_number_that_json_does_not_have_becomes_null() -> None:
    client = fake_client()
    client.chat.completions.create(model="chat", messages=MESSAGES, temperature=math.nan)
    assert '"temperature":null' in client.spans[0].input
