"""What broken requests once broke: each is refused now in words that name what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.every_vendor import VENDORS, model_of
from tests.studio.world import Answer
from tests.support.running_platform import Platform

from madang.providers.openai_wire import without_keys

HELLO = [{"role": "user", "content": "Hello"}]
AN_OBJECT = {"type": "what_is_this"}
DOCUMENTS = ["sun", "rain"]


def check_refused(answer: Answer, param: str | None) -> None:
    assert answer.status == 400, answer.body
    assert answer.error["param"] == param
    assert len(answer.error["message"]) < 4_000


@pytest.mark.parametrize("vendor", ["azure", "anthropic", "gemini", "bedrock", "litellm"])
def test_an_item_whose_type_is_no_text_is_refused(platform: Platform, vendor: str) -> None:
    body = {"model": model_of(platform, vendor), "input": [{"type": AN_OBJECT, "role": "user", "content": "Hello"}]}
    check_refused(platform.send("POST", "/v1/responses", body), "input")


@pytest.mark.parametrize("vendor", ["openai", "bedrock", "litellm"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("top_n", "1"),
        ("top_n", [1]),
        ("top_n", True),
        ("top_n", 0),
        ("top_n", 1.5),
        ("documents", [["sun"]]),
        ("documents", [None]),
        ("documents", ["sun", 7]),
    ],
)
def test_a_ranking_asked_for_wrongly_reaches_no_vendor(platform: Platform, vendor: str, field: str, value: Any) -> None:
    body = {"model": _ranking(platform, vendor), "query": "rain", "documents": DOCUMENTS, field: value}
    answer = platform.send("POST", "/v1/rerank", body)
    check_refused(answer, field)
    assert "x-madang-trace-id" not in answer.headers


_rankings: dict[tuple[str, str], str] = {}


def _ranking(platform: Platform, vendor: str) -> str:
    """A model of this vendor, the same for all tests: nothing may arrive there."""
    known = (platform.url, vendor)
    if known not in _rankings:
        _rankings[known] = model_of(platform, vendor)
    return _rankings[known]


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_named_in_a_refusal_is_not_repeated_at_any_length(platform: Platform, vendor: str) -> None:
    body = {"model": model_of(platform, vendor), "messages": HELLO, "reasoning_effort": "x" * 200_000}
    answer = platform.send("POST", "/v1/chat/completions", body)
    assert answer.status in (200, 400), answer.body
    assert len(answer.body) < 4_000


@pytest.mark.parametrize("word", ["x", "9", "key-", "sk-a.", "api-a.", "*", "-", "a**", "* "])
def test_words_of_any_length_are_looked_through_for_keys_in_no_time(word: str) -> None:
    # Were the time more than in proportion to the length, this would take hours.
    assert len(without_keys(word * 400_000)) <= 400_000 * len(word)


@pytest.mark.parametrize("key", ["sk-proj-abcdef", "abc***def", "sk-ab***yz", "***", "api-key1234", "key-ab.cd9"])
def test_a_key_in_a_vendor_s_words_is_not_shown(key: str) -> None:
    assert without_keys(f"Incorrect API key: {key}, try api-version or key-words.") == (
        "Incorrect API key: (key), try api-version or key-words."
    )


@pytest.mark.parametrize(
    "head",
    [
        b'content-disposition: form-data; name="mod\xfbel"',
        b'content-disposition: form-data; name="file"; filename="a\xfb.wav"',
        b'content-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/\xfb',
    ],
)
def test_a_form_whose_heads_are_no_text_is_refused(platform: Platform, head: bytes) -> None:
    raw = (
        b'--f\r\ncontent-disposition: form-data; name="model"\r\n\r\nhear\r\n--f\r\n' + head + b"\r\n\r\nx\r\n--f--\r\n"
    )
    answer = platform.send(
        "POST", "/v1/audio/transcriptions", raw=raw, headers={"content-type": "multipart/form-data; boundary=f"}
    )
    check_refused(answer, None)
    assert answer.error["code"] == "invalid_form"
