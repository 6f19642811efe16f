"""Forms as the Gateway reads them: what the SDK writes comes back, and damaged bytes are refused, never our fault."""

import asyncio
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from madang.calls.request import Upload
from madang.providers.multipart import encode_multipart, multipart_type
from madang_server.gateway.errors import Refused
from madang_server.gateway.forms import MOST_FIELDS, is_form, read_form

TYPE = multipart_type("frontier").encode()
FORM = encode_multipart(
    {"model": "hear", "file": Upload("a.wav", "audio/wav", b"RIFF\r\n--front\r\n"), "include": ["a", "b"]}, "frontier"
)


def read(raw: bytes, content_type: bytes = TYPE) -> dict[str, Any]:
    return asyncio.run(read_form(content_type, raw))


def test_what_the_sdk_writes_comes_back() -> None:
    assert read(FORM) == {
        "model": "hear",
        "file": Upload("a.wav", "audio/wav", b"RIFF\r\n--front\r\n"),
        "include": ["a", "b"],
    }


def test_a_stream_is_asked_for_by_a_word() -> None:
    assert read(encode_multipart({"stream": True}, "frontier")) == {"stream": True}


def test_a_field_that_comes_twice_is_a_list() -> None:
    twice = b'--frontier\r\ncontent-disposition: form-data; name="image"\r\n\r\na\r\n' * 2 + b"--frontier--\r\n"
    assert read(twice) == {"image": ["a", "a"]}


def test_a_form_with_endless_fields_is_refused() -> None:
    with pytest.raises(Refused):
        read(encode_multipart({"x": ["y"] * (MOST_FIELDS + 1)}, "frontier"))


def test_a_form_that_was_cut_off_anywhere_is_refused() -> None:
    for length in range(len(FORM) - len(b"--\r\n")):
        with pytest.raises(Refused):
            read(FORM[:length])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"--frontier", b"--", b"\r\n", b'content-disposition: form-data; name="a"', b"\xff", b"x", b": "]
        )
    )
)
@example([b"--frontier", b"\r\n", b"content-type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"])
def test_whatever_is_sent_is_read_or_refused(pieces: list[bytes]) -> None:
    try:
        read(b"".join(pieces))
    except Refused as refused:
        assert refused.status == 400


@pytest.mark.parametrize(
    "content_type",
    [b"multipart/form-data", b'multipart/form-data; boundary="', b"multipart/form-data; boundary=" + b"x" * 100],
)
def test_a_boundary_that_cannot_be_is_refused(content_type: bytes) -> None:
    assert is_form(content_type)
    with pytest.raises(Refused):
        read(FORM, content_type)
