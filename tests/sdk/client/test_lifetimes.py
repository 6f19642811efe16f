"""Clients, threads, event loops and the interpreter: who starts what, and that everything ends."""

import asyncio
import concurrent.futures
import gc
import subprocess
import sys
import threading
import warnings

import pytest
from tests.sdk.client.conftest import MESSAGES
from tests.sdk.client.small_platform import KEY, SmallPlatform
from tests.sdk.waiting import until

from madang import AsyncMadang, ConfigError, Madang
from madang_simulator import RunningSimulator


def run_program(text: str, platform: SmallPlatform) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "default", "-c", text, KEY, platform.url], capture_output=True, text=True, timeout=60
    )


def gone(simulator: RunningSimulator) -> int:
    """How many clients hung up on the deployment "east"."""
    count: int = simulator.requests("east")["deployments"]["east"]["client_left"]
    return count


# Event loops


def test_one_client_serves_one_event_loop_after_the_other_and_leaves_no_connection_open(
    platform: SmallPlatform,
) -> None:
    client = AsyncMadang(KEY, platform.url)

    async def call() -> str:
        return (await client.chat.completions.create(model="chat", messages=MESSAGES)).choices[0].message.content or ""

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            assert asyncio.run(call())
        gc.collect()
    asyncio.run(client.close())
    assert len(platform.traces()) == 3


def test_one_client_serves_event_loops_side_by_side(platform: SmallPlatform) -> None:
    client = AsyncMadang(KEY, platform.url)

    async def calls() -> int:
        answers = [client.chat.completions.create(model="chat", messages=MESSAGES) for _ in range(5)]
        return len(await asyncio.gather(*answers))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: asyncio.run(calls()), range(4))) == [5] * 4
    asyncio.run(client.close())
    assert len(platform.traces()) == 20


@pytest.mark.anyio
async def test_a_plain_client_may_be_used_inside_of_a_running_loop(client: Madang) -> None:
    assert client.chat.completions.create(model="chat", messages=MESSAGES).choices[0].message.content


@pytest.mark.anyio
async def test_a_cancelled_call_stops_the_vendors_and_leaves_its_trace(
    platform: SmallPlatform, simulator: RunningSimulator
) -> None:
    simulator.configure("east", first_token_ms=60_000)
    async with AsyncMadang(KEY, platform.url) as client:
        task = asyncio.create_task(client.chat.completions.create(model="chat", messages=MESSAGES))
        while not simulator.requests("east")["requests"]:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    until(lambda: gone(simulator) == 1, "the vendor's call has stopped")
    assert [span.error_type for span in platform.spans] == ["cancelled", "cancelled"]


@pytest.mark.anyio
async def test_a_stream_that_nobody_read_is_traced_and_stopped_when_closed(
    platform: SmallPlatform, simulator: RunningSimulator
) -> None:
    simulator.configure("east", per_token_ms=50, output_tokens=2000)
    async with AsyncMadang(KEY, platform.url) as client:
        stream = await client.chat.completions.create(model="chat", messages=MESSAGES, stream=True)
        await stream.close()
    until(lambda: gone(simulator) == 1, "the vendor's call has stopped")
    assert [span.error_type for span in platform.spans] == ["cancelled", "cancelled"]


@pytest.mark.anyio
async def test_a_stream_that_is_forgotten_is_stopped_too(platform: SmallPlatform, simulator: RunningSimulator) -> None:
    simulator.configure("east", per_token_ms=50, output_tokens=2000)
    async with AsyncMadang(KEY, platform.url) as client:
        stream = await client.chat.completions.create(model="chat", messages=MESSAGES, stream=True)
        async for _ in stream:
            break
        del stream
        for _ in range(500):
            if gone(simulator):
                break
            await asyncio.sleep(0.01)
        assert gone(simulator) == 1


# Closing


def test_a_client_that_was_never_used_started_nothing(platform: SmallPlatform) -> None:
    before = threading.active_count()
    with Madang(KEY, platform.url):
        assert threading.active_count() == before
    assert platform.asked == []


def test_closing_ends_all_threads(platform: SmallPlatform) -> None:
    before = set(threading.enumerate())
    with Madang(KEY, platform.url) as client:
        client.chat.completions.create(model="chat", messages=MESSAGES)
        started = {thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("madang-")}
        assert {"madang-calls", "madang-config", "madang-spans"} <= started
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("madang-")]
    assert ours == []


def test_closing_twice_is_no_mistake_and_a_closed_client_says_so(platform: SmallPlatform) -> None:
    client = Madang(KEY, platform.url)
    client.chat.completions.create(model="chat", messages=MESSAGES)
    client.close()
    client.close()
    with pytest.raises(ConfigError, match="closed"):
        client.chat.completions.create(model="chat", messages=MESSAGES)


def test_closing_lets_go_of_a_thread_that_waits_for_an_answer(
    platform: SmallPlatform, simulator: RunningSimulator
) -> None:
    simulator.configure("east", first_token_ms=60_000)
    client = Madang(KEY, platform.url)
    ended: list[BaseException] = []

    def work() -> None:
        try:
            client.chat.completions.create(model="chat", messages=MESSAGES)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: simulator.requests("east")["requests"], "the call is under way")
    client.close()
    thread.join(20)
    assert len(ended) == 1
    assert [span.error_type for span in platform.spans] == ["cancelled", "cancelled"]


# The interpreter

PLAIN = """
import sys
from madang import Madang
client = Madang(sys.argv[1], sys.argv[2])
client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "Hello"}])
"""
STREAM_LEFT_OPEN = """
import sys
from madang import Madang
client = Madang(sys.argv[1], sys.argv[2])
for chunk in client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "Hello"}], stream=True):
    break
"""
ASYNCHRONOUS = """
import asyncio, sys
from madang import AsyncMadang
client = AsyncMadang(sys.argv[1], sys.argv[2])
async def main():
    await client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "Hello"}])
asyncio.run(main())
"""
FORKING = (
    PLAIN
    + """
import os
client.flush()
child = os.fork()
client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "Hello"}])
if not child:
    client.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "Hello"}])
"""
)
RAISING = PLAIN + "raise SystemExit(3)"


@pytest.mark.parametrize("program", [PLAIN, STREAM_LEFT_OPEN, ASYNCHRONOUS, RAISING])
def test_the_interpreters_end_delivers_traces_quietly(platform: SmallPlatform, program: str) -> None:
    ended = run_program(program, platform)
    assert ended.stderr == ""
    assert ended.returncode == (3 if program == RAISING else 0)
    assert len(platform.traces()) == 1


def test_a_client_used_before_a_fork_works_on_both_sides_of_it(platform: SmallPlatform) -> None:
    ended = run_program(FORKING, platform)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(platform.traces()) == 4


def test_the_interpreter_ends_although_the_platform_has_died(platform: SmallPlatform) -> None:
    program = PLAIN + "print('called', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, KEY, platform.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"called\n"
    platform.broken = (503, b"")
    process.communicate(timeout=60)
    assert process.returncode == 0


IMPORTS = """
import socket, sys, threading
def forbidden(*_, **__):
    raise AssertionError("network at import time")
socket.socket.connect = forbidden
socket.getaddrinfo = forbidden
import {module}
heavy = {{"aiohttp", "asyncio", "ssl", "http", "email", "uvloop", "pydantic", "httpx", "logging"}}
print(sorted(heavy & set(sys.modules)), threading.active_count())
"""


def test_importing_the_package_loads_no_http_client_and_starts_no_thread(platform: SmallPlatform) -> None:
    assert run_program(IMPORTS.format(module="madang"), platform).stdout == "[] 1\n"


def test_importing_the_clients_does_no_network_and_starts_no_thread(platform: SmallPlatform) -> None:
    ended = run_program(IMPORTS.format(module="madang.client, madang.testing"), platform)
    assert ended.stdout.endswith(" 1\n"), ended.stderr
    assert "pydantic" not in ended.stdout
    assert "httpx" not in ended.stdout
    assert platform.asked == []
