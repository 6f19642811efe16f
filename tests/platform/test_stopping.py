"""Stopping the platform: by asking, when calls in flight are answered, and by killing its supervisor."""

import concurrent.futures
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.support.running_platform import Part, running_platform, until

PARTS: tuple[Part, ...] = ("store", "worker", "simulator", "server")


def test_calls_in_flight_are_answered_and_kept_when_it_is_asked_to_stop(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_platform(home) as first, concurrent.futures.ThreadPoolExecutor() as callers:
        alias = first.model(first.deployment(first_token_ms=1000, per_token_ms=5, output_tokens=50))
        calls = [callers.submit(first.chat, alias, stream=stream) for stream in (False, True)]
        until(lambda: first.simulator.requests()["in_flight"] == 2, "both calls are on their way")
        assert first.stop() == 0
        answers = [call.result(timeout=30) for call in calls]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json["choices"][0]["finish_reason"] == "stop"
    assert answers[1].body.endswith(b"data: [DONE]\n\n")
    with running_platform(home) as second:
        for answer in answers:
            assert second.trace_of(answer)["trace"]["status"] == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_a_killed_supervisor_leaves_nothing_running(tmp_path: Path) -> None:
    with running_platform(tmp_path / "home") as running:
        pids = [until(lambda: running.pid_of(part), f"{part} runs") for part in PARTS]  # noqa: B023
        running.process.kill()
        running.process.wait()
        until(lambda: not any(_runs(pid) for pid in pids), "its parts have ended")


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    with running_platform(tmp_path / "home") as running:
        pids = [until(lambda: running.pid_of(part), f"{part} runs") for part in PARTS]  # noqa: B023
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=60) == 0
        assert not any(_runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended stays listed until its parent asks for it.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
