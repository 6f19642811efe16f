"""The whole platform in real processes for tests: start it, call it, change its models, read its traces, kill parts of it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from openai import OpenAI
from tests.studio.world import Answer, Browser

from madang_server.cli.up import free_port
from madang_simulator import RunningSimulator, simulator_in_thread

T = TypeVar("T")
Part = Literal["store", "worker", "simulator", "server"]

COMMAND = (sys.executable, "-m", "madang_server.cli")
PUBLIC_KEY = "pk-md-of-the-tests"
SECRET_KEY = "sk-md-of-the-tests-0123456789"
EMAIL = "owner@example.com"
PASSWORD = "correct horse battery"
STORE_PASSWORD = "of-the-tests"
START_S = 60.0
VENDOR = {"name": "vendor", "vendor": "openai", "api_key": "sk-vendor-key-that-nobody-may-see"}


def until(ask: Callable[[], T | None], what: str, *, within_s: float = 30.0) -> T:
    """The first answer that is not None or False. Fails with `what` when none came in time."""
    deadline = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within_s:g} s: {what}")
        time.sleep(0.05)


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    """An environment for a platform with a known key and owner; nothing of the developer's own MADANG_* comes along."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "MADANG_HOME": str(home),
        "MADANG_PORT": str(port),
        "MADANG_INIT_PUBLIC_KEY": PUBLIC_KEY,
        "MADANG_INIT_SECRET_KEY": SECRET_KEY,
        "MADANG_INIT_USER_EMAIL": EMAIL,
        "MADANG_INIT_USER_PASSWORD": PASSWORD,
        "MADANG_STORE_PASSWORD": STORE_PASSWORD,
        "MADANG_STORE_MEMORY_MB": "600",
        **more,
    }


@dataclass
class Platform:
    """One running platform and one simulator for its vendors' answers."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    simulator: RunningSimulator
    output: Path
    _browser: Browser | None = field(default=None, repr=False)
    _clients: list[OpenAI] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = SECRET_KEY,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """What a program with this key is answered."""
        sent = {} if key is None else {"authorization": f"Bearer {key}"}
        program = Browser(self.port)
        program.origin = None
        return program.send(method, path, body, headers={**sent, **(headers or {})}, raw=raw)

    def chat(
        self, model: str, *, key: str | None = SECRET_KEY, headers: Mapping[str, str] | None = None, **more: object
    ) -> Answer:
        """The answer to a chat call by plain HTTP."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}
        return self.send("POST", "/v1/chat/completions", body, key=key, headers=headers)

    def openai(self, *, key: str = SECRET_KEY, **options: Any) -> OpenAI:
        """The official client, with its own retries on as by default."""
        client = OpenAI(api_key=key, base_url=f"{self.url}/v1", **{"timeout": 30.0, **options})
        self._clients.append(client)
        return client

    @property
    def key(self) -> str:
        return SECRET_KEY

    def raw(self, *pieces: bytes, until: bytes | None = None) -> bytes:
        """What comes back for these bytes, until the connection is closed or `until` has come."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            with contextlib.suppress(ConnectionError):  # refused before everything was sent
                for piece in pieces:
                    connection.sendall(piece)
            while until is None or until not in received:
                try:
                    data = connection.recv(65_536)
                except ConnectionResetError:
                    break
                if not data:
                    break
                received += data
        return received

    # What stands behind the models

    def model(self, *deployments: Mapping[str, Any], **settings: Any) -> str:
        """The alias of a new model with these deployments (see `deployment`), in force when this returns."""
        alias = settings.pop("alias", None) or f"model-{secrets.token_hex(4)}"
        key = settings.pop("key", SECRET_KEY)
        model = {"alias": alias, "deployments": list(deployments), **settings}
        self.apply({"credentials": [VENDOR], "models": [model]}, key=key)
        return str(alias)

    def deployment(self, *faults: Mapping[str, Any], **behaviour: Any) -> dict[str, Any]:
        """A deployment at the simulator that behaves like this and costs 1, 0.5 and 2 dollars per million tokens."""
        name = f"at-{secrets.token_hex(4)}"
        settings = {key: behaviour.pop(key) for key in list(behaviour) if key in _DEPLOYMENT_FIELDS}
        self.simulator.configure(name, faults=list(faults), **behaviour)
        return {
            "name": name,
            "vendor": "openai",
            "vendor_model": "gpt-4o",
            "credential": VENDOR["name"],
            "base_url": self.simulator.openai_url(name),
            "input_usd_per_million": "1",
            "cached_input_usd_per_million": "0.5",
            "output_usd_per_million": "2",
            **settings,
        }

    def apply(self, document: Mapping[str, Any], *, key: str = SECRET_KEY) -> Mapping[str, Any]:
        """The report of applying the document; what it changed is in force when this returns."""
        before = self.config_version()
        answer = self.send("POST", "/api/apply", document, key=key)
        assert answer.status == 200, answer.body
        report: Mapping[str, Any] = answer.json
        if report["created"] or report["changed"] or report["removed"]:
            until(lambda: self.config_version() > before, "the new configuration is in force")
        return report

    def config_version(self) -> int:
        version: int = self.readiness()["config_version"]
        return version

    def readiness(self) -> Mapping[str, Any]:
        report: Mapping[str, Any] = self.send("GET", "/health/ready", key=None).json
        return report

    # What a person sees

    def browser(self) -> Browser:
        """A browser in which the owner is signed in."""
        if self._browser is None:
            browser = Browser(self.port)
            answer = browser.post("/api/sign-in", {"email": EMAIL, "password": PASSWORD})
            assert answer.status == 200, answer.body
            self._browser = browser
        return self._browser

    def project_id(self) -> str:
        """The id of the project that `SECRET_KEY` belongs to."""
        projects = [p for o in self.browser().get("/api/session").json["organisations"] for p in o["projects"]]
        return str(next(project["id"] for project in projects if not project["is_sandbox"]))

    def new_project(self) -> tuple[str, str]:
        """Id and secret key of another project in the owner's organisation; the key is in force."""
        organisation = self.browser().get("/api/session").json["organisations"][0]["id"]
        made = self.browser().post(
            f"/api/organisations/{organisation}/projects", {"name": f"Other {secrets.token_hex(3)}"}
        )
        assert made.status == 201, made.body
        project_id = str(made.json["id"])
        return project_id, self.new_key(project_id)["secret_key"]

    def new_key(self, project_id: str) -> Mapping[str, str]:
        """A new key pair of a project, in force when this returns."""
        made = self.browser().post(f"/api/projects/{project_id}/keys", {"name": "made by a test"})
        assert made.status == 201, made.body
        key: Mapping[str, str] = made.json
        until(lambda: self.send("GET", "/v1/models", key=key["secret_key"]).status == 200, "the new key is in force")
        return key

    def trace(self, trace_id: str, project_id: str | None = None) -> Mapping[str, Any]:
        """One trace as the UI gets it, once it is there: {"trace": …, "spans": […]}."""
        project_id = project_id or self.project_id()

        def read() -> Mapping[str, Any] | None:
            answer = self.browser().get(f"/api/projects/{project_id}/traces/{trace_id}")
            assert answer.status in (200, 404, 503), answer.body
            return answer.json if answer.status == 200 else None

        return until(read, f"trace {trace_id} can be read")

    def trace_of(self, answer: Answer) -> Mapping[str, Any]:
        return self.trace(answer.headers["x-madang-trace-id"])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What the trace store answers, or [] while it does not."""
        try:
            port = json.loads((self.home / "run" / "store.json").read_text())["port"]
        except (OSError, ValueError):  # between two stores
            return []
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/?database=madang", f"{sql} FORMAT JSONEachRow".encode()
        )
        secret = base64.b64encode(f"madang:{STORE_PASSWORD}".encode()).decode()
        request.add_header("authorization", f"Basic {secret}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return [json.loads(line) for line in answer.read().splitlines() if line]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None
        except OSError:
            return []

    # Its processes

    def pid_of(self, part: Part) -> int | None:
        """The process that is this part at the moment, or None between two."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            pid, parent, arguments = line.split(None, 2)
            if int(parent) == self.process.pid and f"madang_server.cli {_COMMANDS[part]}" in arguments:
                return int(pid)
        return None

    def kill(self, part: Part) -> None:
        """Kills a part outright."""
        pid = until(lambda: self.pid_of(part), f"{part} runs")
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(pid, signal.SIGKILL)

    def is_live(self) -> bool:
        try:
            return self.send("GET", "/health/live", key=None).status == 200
        except OSError:
            return False

    def stop(self) -> int:
        """Asks it to stop and gives back the exit code."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


_COMMANDS: Mapping[Part, str] = {"store": "store", "worker": "worker", "simulator": "simulate", "server": "server"}
_DEPLOYMENT_FIELDS = frozenset(
    {"vendor", "vendor_model", "base_url", "api_version", "credential", "weight", "order", "enabled", "region"}
    | {"input_usd_per_million", "cached_input_usd_per_million", "output_usd_per_million"}
)


@contextlib.contextmanager
def running_platform(
    home: Path, *, port: int | None = None, ready: Literal["ok", "any"] = "ok", **more: str
) -> Iterator[Platform]:
    """A platform with a simulator of the test's own; stopped at the end. `more` goes into its environment.

    It is given out when all its parts are well; with `ready="any"` already when it serves calls.
    """
    port = port or free_port()
    home.mkdir(parents=True, exist_ok=True)
    output = home.with_name(f"{home.name}.out")
    with simulator_in_thread() as simulator, output.open("ab") as file:
        process = subprocess.Popen(
            [*COMMAND, "up"], env=environment(home, port, **more), stdout=file, stderr=file, stdin=subprocess.DEVNULL
        )
        platform = Platform(home, port, process, simulator, output)
        try:
            until(lambda: _is_ready(platform, ready), "the platform is ready", within_s=START_S)
            yield platform
        finally:
            platform.stop()


def _is_ready(platform: Platform, wanted: Literal["ok", "any"]) -> bool:
    assert platform.process.poll() is None, platform.output.read_text()
    try:
        status = platform.readiness()["status"]
        return bool(status == "ok" or (wanted == "any" and status == "degraded"))
    except (OSError, ValueError):
        return False
