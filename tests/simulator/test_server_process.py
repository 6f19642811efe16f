"""The simulator as a process: start, stop, taken port; and inside a program's event loop."""

import asyncio
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import aiohttp
import httpx2 as httpx
import pytest

from madang_simulator import CannotListen, RunningSimulator, start_simulator
from madang_simulator.__main__ import main

COMMAND = [sys.executable, "-m", "madang_simulator", "--port", "0"]


def test_process_serves_until_it_is_told_to_stop() -> None:
    with subprocess.Popen([*COMMAND, "--first-token-ms", "5"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert httpx.get(f"{url}/_control").json()["defaults"]["first_token_ms"] == 5
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0


def test_taken_port_is_named_with_a_way_out(simulator: RunningSimulator, capfd: pytest.CaptureFixture[str]) -> None:
    port = urlsplit(simulator.url).port

    assert main(["--port", str(port)]) == 1
    assert capfd.readouterr().err.startswith(f"Port {port} on 127.0.0.1 is already in use.")


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--jitter", "2"], ["--first-token-ms", "-1"]])
def test_impossible_arguments_are_refused(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "error:" in capfd.readouterr().err


def test_starts_in_a_running_event_loop() -> None:
    async def look() -> str:
        async with start_simulator() as simulator, aiohttp.ClientSession() as session:
            simulator.configure("east", region="eastus")
            async with session.get(f"{simulator.url}/_control/east") as reply:
                return str((await reply.json())["region"])

    assert asyncio.run(look()) == "eastus"


def test_address_of_another_machine_is_refused() -> None:
    async def listen() -> None:
        async with start_simulator(host="192.0.2.1"):
            pass

    with pytest.raises(CannotListen, match="not an address of this machine"):
        asyncio.run(listen())
