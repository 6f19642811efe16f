"""The simulator as a running server: `run` for a process of its own, `start_simulator` inside a program or a test."""

import asyncio
import errno
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from aiohttp import web

from madang_simulator.behaviour import Behaviour
from madang_simulator.control_routes import ControlRoutes
from madang_simulator.exchange import Exchange
from madang_simulator.fleet import Fleet
from madang_simulator.http_front import HttpFront
from madang_simulator.journal import Journal
from madang_simulator.simulation import Simulation

T = TypeVar("T")

DEFAULT_PORT = 7700
_LARGEST_BODY = 64 * 2**20
_CLOSING_S = 1.0
_STARTING_S = 10.0


class CannotListen(Exception):
    """The address cannot be listened on; the message says what to do."""


class RunningSimulator:
    """A simulator that is listening: its addresses, and its controls without HTTP.

    `configure` and the others take what PUT /_control/… takes, and raise ControlError.
    """

    def __init__(self, url: str, simulation: Simulation, call: Callable[[Callable[[], Any]], Any]) -> None:
        self.url = url
        self._simulation = simulation
        self._call = call

    def openai_url(self, deployment: str = "default") -> str:
        """Base URL for an OpenAI client."""
        return f"{self.url}/d/{deployment}/v1"

    def azure_url(self, deployment: str = "default") -> str:
        """Endpoint for an Azure OpenAI client."""
        return self.vendor_url(deployment)

    def vendor_url(self, deployment: str = "default") -> str:
        """Base URL for clients that add their vendor's whole path, version included."""
        return f"{self.url}/d/{deployment}"

    def configure(self, deployment: str, **settings: object) -> None:
        """Sets a deployment's behaviour; what is left out is as by default."""
        self._call(lambda: self._simulation.configure(deployment, **settings))

    def set_region(self, region: str, **settings: object) -> None:
        """Takes a region down (`down=True`, `how="reset"` or "unavailable") or up."""
        self._call(lambda: self._simulation.set_region(region, **settings))

    def reset(self) -> None:
        """All deployments as by default, all regions up, nothing in the journal."""
        self._call(self._simulation.reset)

    def requests(self, deployment: str | None = None, limit: int = 1000) -> Mapping[str, Any]:
        """Counters and the newest requests, as GET /_requests gives them."""
        shown: Mapping[str, Any] = self._call(lambda: self._simulation.requests(deployment, limit))
        return shown


def build_app(fleet: Fleet, journal: Journal) -> web.Application:
    """The web application with all paths."""
    exchange = Exchange(
        fleet,
        journal,
        now_s=lambda: asyncio.get_running_loop().time(),
        wall_s=time.time,
        new_id=lambda: secrets.token_hex(16),
    )
    app = web.Application(client_max_size=_LARGEST_BODY)
    ControlRoutes(fleet, journal).add_to(app)
    app.router.add_route("*", "/{path:.*}", HttpFront(exchange).handle)
    return app


@asynccontextmanager
async def start_simulator(
    *, host: str = "127.0.0.1", port: int = 0, defaults: Behaviour | None = None
) -> AsyncIterator[RunningSimulator]:
    """A simulator in the running event loop, by default on a free port; stopped on leaving."""
    fleet, journal = Fleet(defaults or Behaviour()), Journal()
    # A handler whose client has gone is cancelled, so that a hang ends and the journal can tell.
    runner = web.AppRunner(
        build_app(fleet, journal), access_log=None, handler_cancellation=True, shutdown_timeout=_CLOSING_S
    )
    await runner.setup()
    try:
        await _listen(runner, host, port)
        address = runner.addresses[0]
        shown_host = f"[{address[0]}]" if ":" in address[0] else address[0]
        simulation = Simulation(fleet, journal)
        yield RunningSimulator(f"http://{shown_host}:{address[1]}", simulation, lambda function: function())
    finally:
        await runner.cleanup()


@contextmanager
def simulator_in_thread(*, defaults: Behaviour | None = None) -> Iterator[RunningSimulator]:
    """A simulator on a free port with its own event loop and thread, for programs without one; both end on leaving."""
    started: list[RunningSimulator | BaseException] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        try:
            async with start_simulator(defaults=defaults) as simulator:
                started.append(simulator)
                ready.set()
                await stop.wait()
        except BaseException as error:
            started.append(error)  # raised again in the thread that waits below
            raise
        finally:
            ready.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve())
        finally:
            loop.close()

    def call(function: Callable[[], T]) -> T:
        async def inside() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(inside(), loop).result(_STARTING_S)

    thread = threading.Thread(target=work, name="madang-simulator", daemon=True)
    thread.start()
    ready.wait(_STARTING_S)
    running = started[0] if started else TimeoutError(f"The simulator did not start within {_STARTING_S:g} s")
    if isinstance(running, BaseException):
        raise running
    try:
        yield RunningSimulator(running.url, running._simulation, call)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_STARTING_S)


def run(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    defaults: Behaviour | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT. `announce` gets the URL when listening; port 0 picks a free one.

    Raises CannotListen when the address is taken or not ours.
    """
    asyncio.run(_serve(host, port, defaults, announce or _print_url))


async def _serve(host: str, port: int, defaults: Behaviour | None, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with start_simulator(host=host, port=port, defaults=defaults) as simulator:
        announce(simulator.url)
        await stop.wait()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except socket.gaierror as error:
        raise CannotListen(f"The host {host!r} is not known on this machine; use 127.0.0.1 or 0.0.0.0.") from error
    except OSError as error:
        raise CannotListen(_what_to_do(error, host, port)) from error


def _what_to_do(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is already in use. Stop what holds it, or choose another port with --port."
        case errno.EACCES:
            return f"Port {port} may not be opened by this user. Choose one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host!r} is not an address of this machine; use 127.0.0.1 or 0.0.0.0."
    return f"Cannot listen on {host}:{port}: {error.strerror or type(error).__name__}."


def _print_url(url: str) -> None:
    sys.stdout.write(f"Madang simulator listening on {url}\n")
    sys.stdout.flush()
