"""The simulator without sockets: a transport that carries requests to the vendors' wires in this process.

Waits with the running event loop's clock and nothing else, so that under a loop with virtual time minutes of traffic pass in
seconds. Has the shape of the SDK's transport, which it does not import.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import urlsplit

from madang_simulator.behaviour import Behaviour
from madang_simulator.exchange import Exchange
from madang_simulator.fleet import Fleet
from madang_simulator.incoming import incoming
from madang_simulator.journal import Journal
from madang_simulator.outgoing import Break, Opening, Pause, Steps, Whole
from madang_simulator.simulation import Simulation

_RESET = "ConnectionResetError"
_CUT_SHORT = "ContentLengthError"


class SimulatedResponse:
    """A reply whose body has not been read yet. Exactly one of `read` and `chunks` may be used."""

    def __init__(self, opening: Opening, steps: Steps) -> None:
        self.status = opening.status
        self.headers: Mapping[str, str] = opening.headers
        self._length = opening.length
        self._steps = steps

    async def read(self) -> bytes:
        """The whole body. Raises ConnectionError when it breaks off."""
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises ConnectionError when it breaks off."""
        received = 0
        try:
            for step in self._steps:
                if isinstance(step, bytes):
                    received += len(step)
                    yield step
                elif isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                else:
                    raise ConnectionError(_RESET)
        finally:
            self._steps.close()
        if self._length is not None and received < self._length:
            raise ConnectionError(_CUT_SHORT)

    def close(self) -> None:
        """Gives up on what has not been read; the simulated vendor sees the caller leave."""
        self._steps.close()


class InMemoryTransport:
    """Sends requests to simulated deployments; only a URL's path counts, so `simulator://d/NAME/…` is as good as http.

    Vendors that sign their requests sign the path: for them a URL such as https://simulator/d/NAME/… is needed.

    `simulation` sets their behaviour and shows what happened. `wall_s` gives Unix seconds, `new_id` 32 hexadecimal digits.
    """

    def __init__(
        self,
        *,
        wall_s: Callable[[], float],
        new_id: Callable[[], str] = lambda: secrets.token_hex(16),
        defaults: Behaviour | None = None,
    ) -> None:
        self.simulation = Simulation(Fleet(defaults or Behaviour()), Journal())
        self._exchange = Exchange(
            self.simulation.fleet,
            self.simulation.journal,
            now_s=lambda: asyncio.get_running_loop().time(),
            wall_s=wall_s,
            new_id=new_id,
        )

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, connect_timeout_s: float | None = None
    ) -> SimulatedResponse:
        """The reply once its head is there. Raises ConnectionError for a connection that breaks before.

        `connect_timeout_s` is never reached: there is nothing to connect to.
        """
        steps = self._exchange.play(incoming(method, _target(url), {"host": urlsplit(url).netloc, **headers}, body))
        try:
            for step in steps:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                elif isinstance(step, Opening):
                    return SimulatedResponse(step, steps)
                elif isinstance(step, Whole):
                    steps.close()
                    return _whole(step)
                elif isinstance(step, Break):
                    break
            raise ConnectionError(_RESET)
        except BaseException:  # also a caller that is cancelled has left
            steps.close()
            raise

    async def close(self) -> None:
        """Nothing is held open."""


def _whole(step: Whole) -> SimulatedResponse:
    def body() -> Steps:
        yield step.body

    return SimulatedResponse(Opening(step.status, step.headers, len(step.body)), body())


def _target(url: str) -> str:
    """Path and query; in simulator://d/NAME/… the "d" stands where other URLs have their host."""
    parts = urlsplit(url)
    path = f"/d{parts.path}" if parts.scheme == "simulator" and parts.netloc == "d" else parts.path
    return f"{path}?{parts.query}" if parts.query else path
