"""A simulated vendor, a small platform that knows it, and the real server for calls through the Gateway."""

import contextlib
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.sdk.client.small_platform import KEY, SmallPlatform, deployment, model, small_platform
from tests.sdk.waiting import until

from madang import Madang
from madang.config import Mode
from madang_server.cli.up import free_port
from madang_simulator import RunningSimulator, simulator_in_thread

MESSAGES = [{"role": "user", "content": "What is a madang?"}]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MADANG_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: RunningSimulator) -> RunningSimulator:
    running_simulator.reset()
    return running_simulator


@pytest.fixture
def platform(simulator: RunningSimulator) -> Iterator[SmallPlatform]:
    """Knows "chat" (deployments east, then west) and "embed"."""
    with small_platform() as platform:
        east, west = (
            deployment(name, simulator.openai_url(name), order=order) for order, name in enumerate(("east", "west"), 1)
        )
        platform.models = [model("chat", east, west), model("embed", east)]
        yield platform


@pytest.fixture
def client(platform: SmallPlatform) -> Iterator[Madang]:
    with Madang(KEY, platform.url) as client:
        yield client


class Server(NamedTuple):
    """A real server, without a store: its Gateway and what the SDK asks of it."""

    url: str
    key: str


@pytest.fixture(scope="session")
def server(running_simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    started = Server(f"http://127.0.0.1:{port}", KEY)
    home = tmp_path_factory.mktemp("home")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    settings = {
        "MADANG_HOME": str(home),
        "MADANG_PORT": str(port),
        "MADANG_INIT_PUBLIC_KEY": "pk-md-of-the-tests",
        "MADANG_INIT_SECRET_KEY": KEY,
        "MADANG_INIT_USER_EMAIL": "owner@example.com",
        "MADANG_INIT_USER_PASSWORD": "correct horse battery",
    }
    with (home / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "madang_server.cli", "server"],
            env=inherited | settings,
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: process.poll() is not None or _answers(started), "the server answers", within_s=60)
        assert process.poll() is None, (home / "output.txt").read_text()
        _apply(started, running_simulator)
        yield started
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(params=["direct", "gateway"])
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def on_server(server: Server, simulator: RunningSimulator) -> Iterator[Callable[..., Madang]]:
    """Makes clients of the real server; a test gets its simulator as by default."""
    with contextlib.ExitStack() as stack:
        yield lambda mode: stack.enter_context(Madang(server.key, server.url, mode=mode))


def _answers(server: Server) -> bool:
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"{server.url}/health/live", timeout=5).status == 200  # type: ignore[no-any-return]
    return False


def _apply(server: Server, simulator: RunningSimulator) -> None:
    prices = {"input_usd_per_million": "2.5", "output_usd_per_million": "10"}

    def described(name: str, order: int) -> dict[str, Any]:
        return {
            "name": name,
            "vendor": "openai",
            "vendor_model": "gpt-4o",
            "base_url": simulator.openai_url(name),
            "credential": "vendor",
            "order": order,
            **prices,
        }

    document = {
        "credentials": [{"name": "vendor", "vendor": "openai", "api_key": "sk-vendor-1"}],
        "models": [
            {"alias": "chat", "deployments": [described("east", 1), described("west", 2)]},
            {"alias": "embed", "deployments": [described("east", 1)]},
        ],
    }
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{server.url}/api/apply", msgspec.json.encode(document), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
