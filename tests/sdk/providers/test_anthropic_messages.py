"""OpenAI's messages in Anthropic's words: turns, files, tools and their results, and what goes back with them."""

import base64
from typing import Any

import pytest
from tests.sdk.providers.anthropic_requests import raw_sent, refused, sent, turns, user_blocks

MARK = {"type": "ephemeral"}
PDF = base64.b64encode(b"%PDF-1.7").decode()
HI = {"role": "user", "content": "hi"}


def call(number: int, arguments: str = '{"city":"Seoul"}', **extra: Any) -> dict[str, Any]:
    return {
        "id": f"toolu_{number}",
        "type": "function",
        "function": {"name": "weather", "arguments": arguments},
        **extra,
    }


def use(number: int, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "weather", "input": {"city": "Seoul"}, **fields}


def assistant(**fields: Any) -> list[dict[str, Any]]:
    """The blocks of an assistant's message."""
    found: list[dict[str, Any]] = turns(HI, {"role": "assistant", **fields})[1]["content"]
    return found


def test_a_plain_question_byte_for_byte() -> None:
    assert raw_sent(messages=[{"role": "user", "content": "한옥?"}]) == (
        '{"model":"claude-opus-4-5","max_tokens":8192,'
        '"messages":[{"role":"user","content":[{"type":"text","text":"한옥?"}]}]}'.encode()
    )


def test_system_and_developer_messages_become_the_system_prompt() -> None:
    body = sent(
        messages=[
            {"role": "system", "content": "Be brief."},
            HI,
            {"role": "developer", "content": [{"type": "text", "text": "Be kind.", "cache_control": MARK}]},
        ]
    )
    assert body["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Be kind.", "cache_control": MARK},
    ]
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


def test_messages_of_one_side_are_one_turn() -> None:
    found = turns(HI, {"role": "user", "content": "there"}, {"role": "assistant", "content": "yes?"}, HI)
    assert [turn["role"] for turn in found] == ["user", "assistant", "user"]
    assert [block["text"] for block in found[0]["content"]] == ["hi", "there"]


def test_parallel_calls_and_their_results_stand_in_one_turn_each() -> None:
    found = turns(
        HI,
        {"role": "assistant", "content": None, "tool_calls": [call(1), call(2)]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "21"},
        {"role": "tool", "tool_call_id": "toolu_2", "content": [{"type": "text", "text": "no"}], "is_error": True},
        {"role": "user", "content": "And?"},
    )
    assert found[1] == {"role": "assistant", "content": [use(1), use(2)]}
    assert found[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "21"},
        {
            "type": "tool_result",
            "tool_use_id": "toolu_2",
            "content": [{"type": "text", "text": "no"}],
            "is_error": True,
        },
        {"type": "text", "text": "And?"},
    ]
    assert len(found) == 3


def test_ids_of_another_vendor_are_written_in_letters_that_are_allowed() -> None:
    found = turns(
        HI,
        {"role": "assistant", "tool_calls": [{**call(1), "id": "call:7/b"}]},
        {"role": "tool", "tool_call_id": "call:7/b", "content": "21"},
    )
    assert found[1]["content"][0]["id"] == found[2]["content"][0]["tool_use_id"] == "call_7_b"


@pytest.mark.parametrize(
    ("arguments", "sent_as"),
    [
        ("", {}),
        ('{"a":[1]}', {"a": [1]}),
        ('{"city":"Se', {"INVALID_JSON": '{"city":"Se'}),
        ("[1]", {"INVALID_JSON": "[1]"}),
    ],
)
def test_arguments_are_an_object_whatever_the_model_wrote(arguments: str, sent_as: dict[str, Any]) -> None:
    assert assistant(tool_calls=[call(1, arguments)])[0]["input"] == sent_as


def test_thinking_goes_back_signed_and_first() -> None:
    thinking = {"type": "thinking", "thinking": "Hmm.", "signature": "EiA"}
    hidden = {"type": "redacted_thinking", "data": "abc"}
    blocks = assistant(
        content="It is", tool_calls=[call(1)], thinking_blocks=[thinking, hidden], reasoning_content="Hmm."
    )
    assert blocks == [thinking, hidden, {"type": "text", "text": "It is"}, use(1)]


def test_thinking_that_the_vendor_could_not_verify_stays_away() -> None:
    assert assistant(content="It is", thinking_blocks=[{"type": "thinking", "thinking": "Hmm."}]) == [
        {"type": "text", "text": "It is"}
    ]


def test_thoughts_that_nothing_followed_stay_away_because_the_vendor_refuses_them() -> None:
    found = turns(
        HI, {"role": "assistant", "thinking_blocks": [{"type": "thinking", "thinking": "Hm", "signature": "EiA"}]}, HI
    )
    assert [turn["role"] for turn in found] == ["user"]


def test_blocks_that_were_kept_whole_go_back_as_they_came() -> None:
    blocks = [
        {"type": "text", "text": "Looking."},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "madang"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "text", "text": "A courtyard."},
    ]
    assert assistant(content="Looking.A courtyard.", anthropic_content=blocks) == blocks


def test_what_the_vendor_said_beside_a_call_goes_back_with_it() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    blocks = assistant(tool_calls=[call(1, extra_content={"anthropic": {"caller": caller}})])
    assert blocks == [use(1, caller=caller)]


def test_another_vendors_signature_on_a_call_stays_away() -> None:
    assert assistant(tool_calls=[call(1, extra_content={"google": {"thought_signature": "x"}})]) == [use(1)]


def test_a_refusal_that_was_said_is_text() -> None:
    assert assistant(content=[{"type": "refusal", "refusal": "No."}]) == [{"type": "text", "text": "No."}]


def test_empty_text_is_left_out_because_the_vendor_refuses_it() -> None:
    assert assistant(content="", tool_calls=[call(1)]) == [use(1)]
    assert user_blocks({"type": "text", "text": ""}, {"type": "text", "text": "hi"}) == [{"type": "text", "text": "hi"}]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO", "detail": "low"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}, "cache_control": MARK},
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}, "cache_control": MARK},
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                "title": "a.pdf",
            },
        ),
        (
            {"type": "file", "file": {"file_data": PDF}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:image/webp;base64,UklG"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "UklG"}},
        ),
        (
            {"type": "file", "file": {"filename": "a.csv", "file_data": "data:text/csv;base64,YSxi"}},
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "a,b"},
                "title": "a.csv",
            },
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/plain,a%20b"}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a b"}},
        ),
        (
            {"type": "file", "file": {"file_data": "https://example.org/a.pdf"}},
            {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
        ),
        (
            {"type": "file", "file": {"file_id": "file_011"}},
            {"type": "document", "source": {"type": "file", "file_id": "file_011"}},
        ),
        (
            {"type": "search_result", "source": "https://example.org", "title": "A", "content": []},
            {"type": "search_result", "source": "https://example.org", "title": "A", "content": []},
        ),
    ],
    ids=[
        "image",
        "image url",
        "pdf",
        "bare pdf",
        "image file",
        "text file",
        "percent text",
        "pdf url",
        "file id",
        "own",
    ],
)
def test_files_become_blocks(part: dict[str, Any], block: dict[str, Any]) -> None:
    assert user_blocks(part) == [block]


def test_cache_marks_pass_on_parts_messages_results_and_calls() -> None:
    found = turns(
        {
            "role": "user",
            "content": [{"type": "text", "text": "a", "cache_control": MARK}, {"type": "text", "text": "b"}],
        },
        {"role": "assistant", "content": "c", "tool_calls": [call(1, cache_control=MARK)]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "d", "cache_control": MARK},
        {"role": "user", "content": "e", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    )
    marks = [block.get("cache_control") for turn in found for block in turn["content"]]
    assert marks == [MARK, None, None, MARK, MARK, {"type": "ephemeral", "ttl": "1h"}]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ("hi", "'messages' must be a list"),
        (["hi"], "Message 0 must be an object"),
        ([{"role": "narrator", "content": "hi"}], "known: system, developer, user, assistant, tool"),
        ([{"role": "user", "content": 7}], "The content of message 0 must be text or a list of parts"),
        ([{"role": "user", "content": [{"text": "hi"}]}], "must be an object with a type"),
        ([{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}], "do not take audio"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "has no url"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}], "no comma"),
        ([{"role": "user", "content": [{"type": "file", "file": {}}]}], "neither file_data nor file_id"),
        (
            [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:audio/wav;base64,UklG"}}]}],
            "is 'audio/wav'; Anthropic takes PDF, images and text",
        ),
        (
            [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/plain;base64,/w=="}}]}],
            "is not UTF-8 in base64",
        ),
        ([HI, {"role": "assistant", "tool_calls": [{"id": "1"}]}], "no function with a name"),
    ],
)
def test_what_cannot_be_said_to_the_vendor_is_refused_with_advice(messages: Any, words: str) -> None:
    failed = refused(messages=messages)
    assert words in failed.message
    assert failed.param == "messages"
