"""Frames come out of a byte stream whole, wherever the network cut it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.calls.sse import FrameSplitter, data_of

_line = st.sampled_from([b"data: {}", b"data:x", b": keep-alive", b"event: ping", b"data: \xed\x95\x9c"])
_end = st.sampled_from([b"\n", b"\r\n"])


@st.composite
def frames(draw: st.DrawFn) -> list[bytes]:
    """Whole frames, each with line ends of its own kind."""
    found = []
    for lines in draw(st.lists(st.lists(_line, min_size=1, max_size=3), max_size=5)):
        end = draw(_end)
        found.append(b"".join(line + end for line in lines) + end)
    return found


@given(frames(), st.lists(st.integers(0, 200), max_size=8))
def test_frames_are_the_same_however_the_stream_was_cut(sent: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(sent)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    splitter = FrameSplitter()
    received = [frame for start, end in itertools.pairwise(edges) for frame in splitter.feed(stream[start:end])]
    assert received == sent
    assert splitter.rest == b""


def test_what_follows_the_last_empty_line_is_the_rest() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(b"data: 1\n\ndata: 2\n") == [b"data: 1\n\n"]
    assert splitter.rest == b"data: 2\n"


def test_a_frame_of_megabytes_in_many_reads_comes_out_whole() -> None:
    frame = b"data: " + b"x" * 5_000_000 + b"\n\n"
    splitter = FrameSplitter()
    received = [
        whole for start in range(0, len(frame), 10_000) for whole in splitter.feed(frame[start : start + 10_000])
    ]
    assert received == [frame]


@pytest.mark.parametrize(
    ("frame", "data"),
    [
        (b"data: 1\n\n", b"1"),
        (b"data:1\r\n\r\n", b"1"),
        (b"event: ping\ndata: 1\n\n", b"1"),
        (b"data: 1\ndata: 2\n\n", b"1\n2"),
        (b": keep-alive\n\n", b""),
        (b"\n\n", b""),
    ],
)
def test_data_is_what_stands_behind_the_fields_name(frame: bytes, data: bytes) -> None:
    assert data_of(frame) == data
