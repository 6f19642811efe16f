"""The writing end of the spool: what `append` promises, and what it refuses."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from madang_server.storage.spool.lane import lanes, take_lane
from madang_server.storage.spool.reader import LaneReader
from madang_server.storage.spool.writer import Spool, SpoolFull, open_spool


def read_all(root: Path) -> list[bytes]:
    found: list[bytes] = []
    for lane in lanes(root):
        reader = LaneReader(lane, root / "damaged")
        while (batch := reader.next_batch()) is not None:
            found += batch.payloads
            reader.done(batch)
    return found


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append(b"one")
    spool.append_many([b"two", b"three", b""])
    spool.close()
    assert read_all(tmp_path) == [b"one", b"two", b"three", b""]


def test_what_was_appended_can_be_read_while_the_spool_is_open(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append(b"live")
    assert read_all(tmp_path) == [b"live"]
    spool.close()


def test_durable_returns_for_every_waiter(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)

    async def append_and_wait(number: int) -> None:
        await spool.durable(spool.append(str(number).encode()))

    async def many() -> None:
        await asyncio.wait_for(asyncio.gather(*(append_and_wait(number) for number in range(50))), 10)
        await asyncio.wait_for(spool.sync(), 10)

    asyncio.run(many())
    spool.close()
    assert sorted(read_all(tmp_path), key=int) == [str(number).encode() for number in range(50)]


def test_full_segments_are_followed_by_new_ones_and_removed_when_read(tmp_path: Path) -> None:
    spool = Spool(take_lane(tmp_path), segment_bytes=1000)
    payloads = [b"x" * 100 + str(number).encode() for number in range(100)]
    for payload in payloads:
        spool.append(payload)
    assert len(lanes(tmp_path)[0].segments()) > 5
    assert read_all(tmp_path) == payloads
    assert len(lanes(tmp_path)[0].segments()) == 1
    spool.close()


def test_refuses_more_than_its_limit_and_counts_what_it_refused(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, max_bytes=1000)
    spool.append(b"x" * 500)
    with pytest.raises(SpoolFull) as refused:
        spool.append_many([b"y" * 300, b"z" * 300])
    assert refused.value.refused == 2
    spool.append(b"small")
    spool.close()
    assert read_all(tmp_path) == [b"x" * 500, b"small"]


def test_takes_more_again_once_it_was_emptied(tmp_path: Path) -> None:
    spool = Spool(take_lane(tmp_path), max_bytes=2000, segment_bytes=500)
    with pytest.raises(SpoolFull):
        for _ in range(100):
            spool.append(b"x" * 200)
    read_all(tmp_path)
    deadline = time.monotonic() + 20
    while True:
        try:
            spool.append(b"again")
            break
        except SpoolFull:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    spool.close()


def test_refuses_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, min_free_bytes=1 << 60)
    with pytest.raises(SpoolFull, match="disk is nearly full"):
        spool.append(b"x")
    spool.close()


def test_a_write_cut_short_by_the_disk_leaves_no_torn_record(tmp_path: Path) -> None:
    code = """
import resource, signal, sys, time
from pathlib import Path
from madang_server.storage.spool.writer import SpoolFull, open_spool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spool = open_spool(Path(sys.argv[1]))
spool.append(b"a" * 600)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    spool.append(b"b" * 600)
except SpoolFull:
    print("refused")
for _ in range(200):
    try:
        spool.append(b"c" * 100)
        break
    except SpoolFull:
        time.sleep(0.05)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "refused"
    assert read_all(tmp_path) == [b"a" * 600, b"c" * 100]
    assert not (tmp_path / "damaged").exists()


def test_everything_appended_survives_kill_9(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from madang_server.storage.spool.writer import open_spool
spool = open_spool(Path(sys.argv[1]))
number = 0
while True:
    spool.append(b"%d" % number)
    sys.stdout.write("%d\\n" % number)
    sys.stdout.flush()
    number += 1
"""
    last = -1
    expected: list[int] = []
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            last = int(line)
            if last == 500:
                os.kill(process.pid, signal.SIGKILL)
                break
        rest = process.stdout.read().split()
        process.wait(10)
        told = int(rest[-1]) if rest and rest[-1].isdigit() else last
        expected.append(told)
    found = [int(payload) for payload in read_all(tmp_path)]
    runs = [index for index, number in enumerate(found) if number == 0]
    lengths = [end - start for start, end in zip(runs, [*runs[1:], len(found)], strict=True)]
    assert len(lengths) == 5
    assert all(length > told for length, told in zip(lengths, expected, strict=True))


def test_a_second_process_gets_a_lane_of_its_own_and_a_free_lane_is_used_again(tmp_path: Path) -> None:
    first, second = open_spool(tmp_path), open_spool(tmp_path)
    assert [lane.name for lane in lanes(tmp_path)] == ["lane-0", "lane-1"]
    first.close()
    third = open_spool(tmp_path)
    third.append(b"x")
    assert [lane.name for lane in lanes(tmp_path)] == ["lane-0", "lane-1"]
    second.close()
    third.close()
    assert read_all(tmp_path) == [b"x"]


def test_a_segment_number_never_comes_back(tmp_path: Path) -> None:
    made: list[int] = []
    for _ in range(3):
        spool = Spool(take_lane(tmp_path), segment_bytes=100)
        for _ in range(5):
            spool.append(b"x" * 90)
        made += [number for number in lanes(tmp_path)[0].segments() if number not in made[-1:]]
        read_all(tmp_path)
        spool.close()
    assert len(made) == len(set(made)) == 18


def test_a_closed_spool_takes_nothing_and_writes_into_no_other_file(tmp_path: Path) -> None:
    spool = open_spool(tmp_path / "spool")
    spool.append(b"before")
    spool.close()
    others = [(tmp_path / f"other-{number}").open("wb+") for number in range(4)]  # they get the descriptors it had
    with pytest.raises(SpoolFull, match="closed"):
        spool.append(b"after")
    with pytest.raises(SpoolFull, match="closed"):
        spool.append_many([b"after"])
    for other in others:
        other.close()
    assert [(tmp_path / f"other-{number}").read_bytes() for number in range(4)] == [b""] * 4
    assert read_all(tmp_path / "spool") == [b"before"]
