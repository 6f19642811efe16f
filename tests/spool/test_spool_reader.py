"""The reading end of the spool: the same batch after a crash, and damage that costs only what it hit."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from madang_server.storage.spool.lane import Lane, lanes
from madang_server.storage.spool.reader import LaneReader
from madang_server.storage.spool.record import header, scan
from madang_server.storage.spool.writer import open_spool

payloads_drawn = st.lists(st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode), max_size=20)


def segment_of(payloads: list[bytes]) -> bytes:
    return b"".join(header(payload) + payload for payload in payloads)


def one_lane(root: Path, payloads: list[bytes]) -> Lane:
    spool = open_spool(root)
    spool.append_many(payloads)
    spool.close()
    return lanes(root)[0]


@given(payloads_drawn, st.data())
def test_a_cut_segment_gives_every_record_before_the_cut(payloads: list[bytes], data: st.DataObject) -> None:
    whole = segment_of(payloads)
    cut = data.draw(st.integers(0, len(whole)))
    found = scan(whole[:cut], last=True).payloads
    assert found == payloads[: len(found)]
    assert len(segment_of(payloads[: len(found) + 1])) > cut or len(found) == len(payloads)


@given(payloads_drawn.filter(bool), st.data())
def test_a_flipped_byte_costs_at_most_the_record_it_is_in(payloads: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(segment_of(payloads))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    starts = [len(segment_of(payloads[:number])) for number in range(len(payloads))]
    hit = max(number for number, start in enumerate(starts) if start <= at)
    assert scan(bytes(whole), last=True).payloads == payloads[:hit] + payloads[hit + 1 :]


@given(payloads_drawn, st.binary(max_size=40), st.integers(0, 20))
def test_foreign_bytes_between_records_are_skipped(payloads: list[bytes], noise: bytes, place: int) -> None:
    whole = segment_of(payloads[:place]) + noise.replace(b"\xf9", b"") + segment_of(payloads[place:])
    assert scan(whole, last=True).payloads == payloads


@settings(deadline=None)
@given(payloads_drawn, st.data())
def test_reading_a_growing_segment_waits_for_the_rest_of_a_record(payloads: list[bytes], data: st.DataObject) -> None:
    whole = segment_of(payloads)
    cut = data.draw(st.integers(0, len(whole)))
    first = scan(whole[:cut])
    second = scan(whole[first.end :])
    assert first.payloads + second.payloads == payloads
    assert not first.damaged


def test_a_reader_that_starts_again_gives_the_same_batch_under_the_same_token(tmp_path: Path) -> None:
    lane = one_lane(tmp_path, [str(number).encode() for number in range(100)])
    before = LaneReader(lane, tmp_path / "damaged").next_batch(max_records=10)
    after = LaneReader(lane, tmp_path / "damaged").next_batch(max_records=50)
    assert before is not None
    assert after == before


def test_tokens_of_different_batches_differ(tmp_path: Path) -> None:
    lane = one_lane(tmp_path, [b"same"] * 40)
    reader = LaneReader(lane, tmp_path / "damaged")
    tokens = []
    while (batch := reader.next_batch(max_records=10)) is not None:
        tokens.append(batch.token)
        reader.done(batch)
    assert len(set(tokens)) == 4


def test_lanes_made_again_in_an_emptied_folder_have_other_tokens(tmp_path: Path) -> None:
    batches = [LaneReader(one_lane(tmp_path / name, [b"x"]), tmp_path).next_batch() for name in ("a", "b")]
    assert batches[0] is not None
    assert batches[1] is not None
    assert batches[0].token.split("/")[0] != batches[1].token.split("/")[0]


def test_damaged_bytes_are_kept_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    lane = one_lane(tmp_path, [b"first", b"second", b"third"])
    path = lane.segment(lane.segments()[0])
    content = path.read_bytes()
    path.write_bytes(content.replace(b"second", b"sec?nd"))
    batch = LaneReader(lane, tmp_path / "damaged").next_batch()
    assert batch is not None
    assert batch.payloads == [b"first", b"third"]
    kept = list((tmp_path / "damaged").iterdir())
    assert len(kept) == 1
    assert b"sec?nd" in kept[0].read_bytes()


def test_a_record_that_was_never_finished_is_not_called_damage(tmp_path: Path) -> None:
    lane = one_lane(tmp_path, [b"whole", b"torn away"])
    path = lane.segment(lane.segments()[0])
    path.write_bytes(path.read_bytes()[:-3])
    one_lane(tmp_path, [b"next process"])
    reader = LaneReader(lane, tmp_path / "damaged")
    found = []
    while (batch := reader.next_batch()) is not None:
        found += batch.payloads
        reader.done(batch)
    assert found == [b"whole", b"next process"]
    assert not (tmp_path / "damaged").exists()


def test_unreadable_progress_reads_from_the_start_instead_of_stopping(tmp_path: Path) -> None:
    lane = one_lane(tmp_path, [b"x", b"y"])
    reader = LaneReader(lane, tmp_path / "damaged")
    batch = reader.next_batch()
    assert batch is not None
    reader.done(batch)
    (lane.folder / "progress.json").write_text('{"segment":')
    again = LaneReader(lane, tmp_path / "damaged").next_batch()
    assert again is not None
    assert again.payloads == [b"x", b"y"]
