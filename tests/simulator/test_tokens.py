"""The token rule, pictures' sizes, and the sentences that are written."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_simulator.chance import seeded
from madang_simulator.pictures import ASSUMED, Size, picture_size, picture_tokens
from madang_simulator.sentences import write_answer
from madang_simulator.tokens import count_tokens, split_tokens
from madang_simulator.topics import language_of, topics_of


@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


@pytest.mark.parametrize(
    ("text", "counted_by_o200k"),
    [
        ("안녕하세요, 제 이름은 GPT-4o입니다. 저는 새로운 유형의 언어 모델입니다, 만나서 반갑습니다!", 27),
        ("Hello, my name is GPT-4o. I'm a new type of language model, it's nice to meet you!", 24),
    ],
)
def test_counts_come_near_the_real_vocabulary(text: str, counted_by_o200k: int) -> None:
    assert count_tokens(text) == pytest.approx(counted_by_o200k, rel=0.2)


@given(
    st.integers(1, 200), st.integers(0, 100), st.integers(0, 1000), st.sampled_from(["환불 정책", "refund rules", "?"])
)
def test_answers_keep_to_their_length(least: int, more: int, seed: int, prompt: str) -> None:
    text = write_answer(prompt, tool_result=None, tokens=(least, least + more), rng=seeded(seed))

    assert least <= count_tokens(text) <= least + more


def test_topics_are_nouns_without_particles() -> None:
    assert topics_of("우리 쇼핑몰의 배송 지연에 대한 사과 문자를 작성해줘", "ko") == [
        "배송 지연",
        "사과 문자",
        "쇼핑몰",
    ]


def test_korean_with_english_names_is_korean() -> None:
    assert language_of("GPT-4o와 Claude를 비교해줘") == "ko"


def data_url(content: bytes) -> str:
    return "data:image/x;base64," + base64.b64encode(content).decode()


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480),
        b"GIF89a" + struct.pack("<HH", 640, 480),
        b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little"),
        b"\xff\xd8\xff\xe0\0\x04AB\xff\xc0\0\x11\x08" + struct.pack(">HH", 480, 640) + b"\0" * 12,
    ],
    ids=["png", "gif", "webp", "jpeg"],
)
def test_size_is_read_from_the_picture(content: bytes) -> None:
    assert picture_size(data_url(content)) == Size(640, 480)


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "data:image/png;base64,????", data_url(b"\x89PNG\r\n\x1a\n")]
)
def test_unreadable_picture_has_the_assumed_size(url: str) -> None:
    assert picture_size(url) == ASSUMED


def test_low_detail_costs_the_same_for_any_size() -> None:
    assert picture_tokens("https://example.com/a.png", "low") == 85
    assert picture_tokens("https://example.com/a.png", "high") == 85 + 4 * 170
