"""The fake client does for an application's tests what its documentation says."""

import inspect
import textwrap
from typing import Any

import pytest

import madang.testing
from madang import CallFailed, ConfigError
from madang.providers.fake import ScriptEnded
from madang.testing import FakeMadang, fake_async_client, fake_client

MESSAGES = [{"role": "user", "content": "bibimbap with an egg"}]
TOOL_CALL = {"tool_calls": [{"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"a":1}'}}]}


def overloaded() -> CallFailed:
    return CallFailed("too much", reason="overloaded", status=503)


def said(client: FakeMadang, **more: Any) -> str:
    stream = client.chat.completions.create(model="chat", messages=MESSAGES, stream=True, **more)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_the_example_in_the_documentation_works() -> None:
    documentation = inspect.getdoc(madang.testing) or ""
    example = textwrap.dedent(documentation.partition("\n\n")[2].partition("\n\nAn answer")[0])

    def translate(client: FakeMadang, dish: str) -> str | None:
        asked = [{"role": "system", "content": "Translate."}, {"role": "user", "content": dish}]
        return client.chat.completions.create(model="chat", messages=asked).choices[0].message.content

    names: dict[str, Any] = {"translate": translate}
    exec(example, names)
    names["test_the_menu_is_translated"]()


def test_answers_come_in_their_order_streamed_or_not() -> None:
    client = fake_client(answers=["one", "two or three"])
    assert client.chat.completions.create(model="chat", messages=MESSAGES).choices[0].message.content == "one"
    assert said(client) == "two or three"


def test_without_answers_the_last_message_is_repeated() -> None:
    assert said(fake_client()) == "bibimbap with an egg"


@pytest.mark.parametrize("stream", [False, True])
def test_streamed_and_whole_calls_leave_the_same_spans(stream: bool) -> None:
    client = fake_client(answers=["one two"])
    if stream:
        said(client)
    else:
        client.chat.completions.create(model="chat", messages=MESSAGES)
    root, attempt = client.spans
    assert (root.kind, root.status, root.simulated, root.output_tokens) == ("generation", "ok", True, 2)
    assert '"content":"one two"' in root.output
    assert attempt.parent_span_id == root.span_id


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_can_be_an_answer(stream: bool) -> None:
    client = fake_client(answers=[TOOL_CALL])
    if stream:
        chunks = list(client.chat.completions.create(model="chat", messages=MESSAGES, stream=True))
        message, reason = chunks[1].choices[0].delta, chunks[2].choices[0].finish_reason
    else:
        choice = client.chat.completions.create(model="chat", messages=MESSAGES).choices[0]
        message, reason = choice.message, choice.finish_reason
    assert message.tool_calls is not None
    assert message.tool_calls[0].function.name == "weather"
    assert reason == "tool_calls"


def test_a_failure_is_raised_and_traced() -> None:
    client = fake_client(answers=[overloaded()])
    with pytest.raises(CallFailed, match="too much"):
        said(client)
    assert [span.error_type for span in client.spans] == ["overloaded", "overloaded"]


def test_with_retries_a_failure_is_tried_again_without_waiting() -> None:
    client = fake_client(answers=[overloaded(), overloaded(), "at last"], retries=2)
    assert said(client) == "at last"
    assert len(client.requests) == client.spans[0].attempts == 3


def test_more_requests_than_answers_say_so() -> None:
    client = fake_client(answers=["only one"])
    said(client)
    with pytest.raises(ScriptEnded, match="once more than it has answers"):
        said(client)


def test_named_models_are_the_only_ones() -> None:
    client = fake_client(models=["chat"])
    assert said(client)
    with pytest.raises(ConfigError, match="Known models: chat"):
        client.chat.completions.create(model="other", messages=MESSAGES)


def test_embeddings_are_answered_too() -> None:
    client = fake_client()
    assert len(client.embeddings.create(model="embed", input=["a", "b"]).data) == 2
    assert client.spans[0].kind == "embedding"


@pytest.mark.anyio
async def test_the_asynchronous_one_does_the_same() -> None:
    async with fake_async_client(answers=["one two"]) as client:
        stream = await client.chat.completions.create(model="chat", messages=MESSAGES, stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "one two"
        assert client.spans[0].status == "ok"
