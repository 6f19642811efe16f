"""Starts what bench/gateway.py compares, each ready for calls and stopped at the end: Madang, nginx, LiteLLM's proxy.

The process under test runs on core 0, everything around it on core 1.
"""

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import peer_environment
from bench.processes import cpu_s_so_far, rss_mb

TESTED_CORE = 0
OTHER_CORE = 1
MODEL = "bench-chat"
_HERE = Path(__file__).parent
_START_LIMIT_S = 120.0
_CALL = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}).encode()


class CannotRun(Exception):
    """This target cannot be measured here; the message says why and what would help."""


@dataclass
class Start:
    """What it took until the first answered call."""

    cpu_s: float
    wall_s: float
    rss_mb: float


@dataclass
class Target:
    """Something that answers calls at `url`. `tested` are the processes whose cost counts; `storing` keep its traces."""

    name: str
    url: str
    key: str
    tested: list[int]
    start: Start | None = None
    storing: list[int] = field(default_factory=list)
    home: Path | None = None


@dataclass(frozen=True)
class Place:
    """Where a run happens. `realtime` asks the system to prefer the measured processes to other work on the machine."""

    folder: Path
    vendor_port: int
    realtime: bool


@contextlib.contextmanager
def process(
    command: Sequence[str],
    log: Path,
    *,
    core: int,
    realtime: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program held on one core, in a session of its own, ended with all its children."""

    def prepare() -> None:
        os.sched_setaffinity(0, {core})
        if realtime:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))

    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env=environment,
            preexec_fn=prepare,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait(5)


@contextlib.contextmanager
def vendor(folder: Path, *, realtime: bool) -> Iterator[int]:
    """The port of the mock vendor."""
    port = free_port()
    log = folder / "vendor.log"
    command = [sys.executable, str(_HERE / "mock_vendor.py"), str(port)]
    with process(command, log, core=OTHER_CORE, realtime=realtime) as started:
        first_answer(f"http://127.0.0.1:{port}/v1/chat/completions", "", started, log)
        yield port


@contextlib.contextmanager
def direct(place: Place) -> Iterator[Target]:
    """The vendor without anything before it: what the others' latencies are compared with."""
    yield Target("direct", f"http://127.0.0.1:{place.vendor_port}/v1/chat/completions", "sk-bench", [])


@contextlib.contextmanager
def nginx(place: Place) -> Iterator[Target]:
    """Debian's nginx as a reverse proxy with one worker."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise CannotRun("nginx is not installed; on Debian: apt-get install nginx-light")
    folder = place.folder / "nginx"
    folder.mkdir()
    port = free_port()
    text = (_HERE / "nginx.conf").read_text()
    for name, value in {"FOLDER": folder, "PORT": port, "VENDOR_PORT": place.vendor_port}.items():
        text = text.replace(f"@{name}@", str(value))
    configuration = folder / "nginx.conf"
    configuration.write_text(text)
    command = [program, "-p", str(folder), "-c", str(configuration)]
    with _tested("nginx", command, folder / "nginx.log", port, "sk-bench", place) as target:
        yield target


@contextlib.contextmanager
def litellm(place: Place) -> Iterator[Target]:
    """LiteLLM's proxy without a database: one worker, a master key, three weighted deployments, no retries."""
    try:
        program = peer_environment.prepare("litellm")
    except peer_environment.CannotInstall as error:
        raise CannotRun(str(error)) from None
    folder = place.folder / "litellm"
    folder.mkdir()
    key = f"sk-{secrets.token_hex(16)}"
    deployments = [
        {
            "model_name": MODEL,
            "litellm_params": {
                "model": "openai/gpt-4o",
                "api_base": f"http://127.0.0.1:{place.vendor_port}/v1",
                "api_key": "sk-vendor",
                "weight": weight,
            },
        }
        for weight in (3, 2, 1)
    ]
    configuration = folder / "config.yaml"  # JSON is YAML
    configuration.write_text(
        json.dumps(
            {
                "model_list": deployments,
                "litellm_settings": {"num_retries": 0, "telemetry": False},
                "router_settings": {"num_retries": 0, "routing_strategy": "simple-shuffle"},
                "general_settings": {"master_key": key},
            }
        )
    )
    environment = {
        **_plain_environment(),
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_OFFLINE_MODE": "true",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    port = free_port()
    command = [str(program), "--config", str(configuration), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--num_workers", "1"]
    with _tested("litellm", command, folder / "litellm.log", port, key, place, environment) as target:
        yield target


@contextlib.contextmanager
def madang(place: Place) -> Iterator[Target]:
    """Madang's server with all of its work on: key, routes, price, spool; worker and store run beside it."""
    folder = place.folder / "madang"
    folder.mkdir()
    home = folder / "home"
    key = f"sk-md-{secrets.token_hex(16)}"
    password = secrets.token_hex(16)
    store_port, port = free_port(), free_port()
    shared = {**_plain_environment(), "MADANG_HOME": str(home)}
    storing = {**shared, "MADANG_STORE_PASSWORD": password}
    shared["MADANG_CLICKHOUSE_URL"] = f"http://madang:{password}@127.0.0.1:{store_port}/madang"
    serving = {
        **shared,
        "MADANG_PORT": str(port),
        "MADANG_INIT_ORG": "Bench",
        "MADANG_INIT_PROJECT": "bench",
        "MADANG_INIT_PUBLIC_KEY": "pk-md-bench",
        "MADANG_INIT_SECRET_KEY": key,
        "MADANG_INIT_USER_EMAIL": "bench@example.com",
        "MADANG_INIT_USER_PASSWORD": secrets.token_hex(16),
    }
    program = [sys.executable, "-m", "madang_server.cli"]
    with contextlib.ExitStack() as stack:

        def beside(name: str, command: list[str], environment: dict[str, str]) -> int:
            log = folder / f"{name}.log"
            started = process([*program, *command], log, core=OTHER_CORE, environment=environment)
            return stack.enter_context(started).pid

        store = beside("store", ["store", "--port", str(store_port)], storing)
        worker = beside("worker", ["worker"], shared)
        log = folder / "server.log"
        with process([*program, "server"], log, core=TESTED_CORE, environment=serving) as started:
            base = f"http://127.0.0.1:{port}"
            _wait_for(base + "/health/live", started, log)
            _apply(base, key, place.vendor_port)
        # The first start made database, owner and project; what an operator waits for at every other one is measured.
        with _tested("madang", [*program, "server"], log, port, key, place, serving) as target:
            target.storing = [store, worker]
            target.home = home
            yield target


STARTERS = {"direct": direct, "nginx": nginx, "madang": madang, "litellm": litellm}


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def first_answer(url: str, key: str, started: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when a call was answered with 200. Raises CannotRun when the process ends or takes too long."""
    end = time.monotonic() + _START_LIMIT_S
    status = 0
    while time.monotonic() < end:
        if started.poll() is not None:
            raise CannotRun(f"it ended with code {started.returncode}; its last words: {_last_words(log)}")
        status = _post(url, key, _CALL)
        if status == 200:
            return
        time.sleep(0.02)
    raise CannotRun(f"no call was answered within {_START_LIMIT_S:.0f} s (last status {status}): {_last_words(log)}")


@contextlib.contextmanager
def _tested(
    name: str,
    command: Sequence[str],
    log: Path,
    port: int,
    key: str,
    place: Place,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Target]:
    began = time.monotonic()
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    with process(
        command, log, core=TESTED_CORE, realtime=place.realtime, environment=environment or _plain_environment()
    ) as started:
        first_answer(url, key, started, log)
        pids = [started.pid]
        start = Start(cpu_s_so_far(pids), time.monotonic() - began, rss_mb(pids))
        yield Target(name, url, key, pids, start)


def _apply(base: str, key: str, vendor_port: int) -> None:
    """One model with three weighted and priced deployments."""
    deployments = [
        {
            "name": f"vendor-{number}",
            "vendor": "openai",
            "vendor_model": "gpt-4o",
            "credential": "vendor",
            "weight": weight,
            "input_usd_per_million": "2.5",
            "cached_input_usd_per_million": "1.25",
            "output_usd_per_million": "10",
        }
        for number, weight in enumerate((3, 2, 1), 1)
    ]
    document = {
        "credentials": [
            {
                "name": "vendor",
                "vendor": "openai",
                "base_url": f"http://127.0.0.1:{vendor_port}/v1",
                "api_key": "sk-vendor",
            }
        ],
        "models": [{"alias": MODEL, "deployments": deployments}],
    }
    status = _post(f"{base}/api/apply", key, json.dumps(document).encode())
    if status != 200:
        raise CannotRun(f"the models could not be applied: HTTP {status}")


def _wait_for(url: str, started: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_LIMIT_S
    while _request("GET", url, {}, b"") != 200:
        if started.poll() is not None:
            raise CannotRun(f"it ended with code {started.returncode}; its last words: {_last_words(log)}")
        if time.monotonic() > end:
            raise CannotRun(f"it did not start within {_START_LIMIT_S:.0f} s: {_last_words(log)}")
        time.sleep(0.02)


def _post(url: str, key: str, body: bytes) -> int:
    return _request("POST", url, {"authorization": f"Bearer {key}", "content-type": "application/json"}, body)


def _request(method: str, url: str, headers: dict[str, str], body: bytes) -> int:
    """The status; 0 while nobody listens."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method, parts.path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("MADANG_", "LITELLM_"))}


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "none"
