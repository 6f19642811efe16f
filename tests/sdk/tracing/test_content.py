"""What a span keeps of a text: all that a person reads, not megabytes of files, and never a broken character."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from madang.tracing.content import FILES_KEPT_UP_TO, LONGEST_TEXT, kept_text

PICTURE = base64.b64encode(bytes(range(256)) * 4_000).decode()  # 1.4 MB


def test_a_usual_text_is_kept_as_it_is() -> None:
    raw = '{"messages":[{"role":"user","content":"한옥의 마당"}]}'
    assert kept_text(raw.encode()) == raw


def test_a_large_picture_is_replaced_by_its_size_and_the_rest_stays_json() -> None:
    body = {
        "messages": [{"content": [{"image_url": {"url": f"data:image/png;base64,{PICTURE}"}}, {"text": "What is it?"}]}]
    }
    kept = json.loads(kept_text(json.dumps(body).encode()))
    picture, question = kept["messages"][0]["content"]
    assert picture["image_url"]["url"] == f"data:image/png;base64,({len(PICTURE)} bytes of base64)"
    assert question["text"] == "What is it?"


def test_large_files_outside_of_data_urls_are_replaced_too() -> None:
    body = {"input_audio": {"data": PICTURE, "format": "wav"}, "file": {"file_data": PICTURE}, "b64_json": PICTURE}
    kept = kept_text(json.dumps(body).encode())
    assert len(kept) < 500
    assert json.loads(kept)["input_audio"]["format"] == "wav"


def test_a_small_picture_is_kept() -> None:
    raw = json.dumps({"url": "data:image/png;base64," + PICTURE[: FILES_KEPT_UP_TO // 2]})
    assert kept_text(raw.encode()) == raw


def test_a_text_that_is_too_long_is_cut_and_says_so_in_json() -> None:
    raw = json.dumps({"content": "한" * LONGEST_TEXT}, ensure_ascii=False).encode()
    kept = json.loads(kept_text(raw))
    assert kept["bytes"] == len(raw)
    assert kept["cut_after_bytes"] == LONGEST_TEXT
    assert kept["start"].startswith('{"content": "한한')
    assert LONGEST_TEXT - 3 <= len(kept["start"].encode()) <= LONGEST_TEXT
    assert "\ufffd" not in kept["start"]


@given(st.binary(max_size=300))
def test_any_bytes_become_a_text_that_can_be_stored(raw: bytes) -> None:
    assert kept_text(raw).encode("utf-8").decode("utf-8") == kept_text(raw)
