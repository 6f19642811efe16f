"""The simulator without sockets: the same replies and faults, in real or virtual time."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import pytest

from madang.calls.transport import Transport
from madang_simulator import InMemoryTransport

T = TypeVar("T")
URL = "simulator://d/east/v1/chat/completions"
KEY = {"Authorization": "Bearer sk-any"}
BODY = msgspec.json.encode({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]})
STREAM = msgspec.json.encode({**msgspec.json.decode(BODY), "stream": True})


class _SkippingSelector(selectors.DefaultSelector):
    """Waits for nothing: what would have been waited is added to the clock."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now_s += timeout or 0.0
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose minutes pass at once."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now_s


def in_virtual_time(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """What `work` gives, and how many virtual seconds it took."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        result = runner.run(work)
        return result, runner.get_loop().time()


@pytest.fixture
def transport() -> InMemoryTransport:
    return InMemoryTransport(wall_s=lambda: 1_700_000_000.0)


async def answer(transport: Transport, body: bytes = BODY, url: str = URL) -> tuple[int, bytes]:
    response = await transport.send("POST", url, KEY, body)
    return response.status, await response.read()


def test_whole_answer_is_that_of_the_server(transport: InMemoryTransport) -> None:
    status, body = asyncio.run(answer(transport))

    assert status == 200
    assert msgspec.json.decode(body)["created"] == 1_700_000_000


def test_only_the_path_of_a_url_counts(transport: InMemoryTransport) -> None:
    status, _ = asyncio.run(answer(transport, url="https://anything.invalid/d/east/v1/chat/completions"))

    assert status == 200
    assert transport.simulation.requests("east")["deployments"]["east"]["requests"] == 1


def test_host_is_that_of_the_url(transport: InMemoryTransport) -> None:
    asyncio.run(answer(transport, url="https://vendor.example/d/east/v1/chat/completions"))

    assert transport.simulation.requests("east")["requests"][-1]["headers"]["host"] == "vendor.example"


def test_waits_pass_in_virtual_time(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", first_token_ms=20_000, per_token_ms=1_000, output_tokens=[40, 40])

    (status, body), seconds = in_virtual_time(answer(transport, STREAM))

    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")
    assert seconds == pytest.approx(59.0)


def test_reset_is_a_connection_error(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", faults=[{"kind": "reset"}])

    with pytest.raises(ConnectionError, match="ConnectionResetError"):
        asyncio.run(answer(transport))


def test_cut_gives_the_pieces_before_it(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", faults=[{"kind": "cut", "after_chunks": 4}])

    async def pieces() -> list[bytes]:
        seen: list[bytes] = []
        response = await transport.send("POST", URL, KEY, STREAM)
        with pytest.raises(ConnectionError, match="ConnectionResetError"):
            async for piece in response.chunks():
                seen.append(piece)
        return seen

    assert len(asyncio.run(pieces())) == 1 + 4  # the role comes first
    assert transport.simulation.requests("east")["requests"][-1]["client_left"] is False


def test_hang_ends_in_a_reset_after_its_time(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", faults=[{"kind": "hang", "duration_s": 45}])

    async def failure() -> str:
        with pytest.raises(ConnectionError) as caught:
            await answer(transport)
        return str(caught.value)

    assert in_virtual_time(failure()) == ("ConnectionResetError", 45.0)


def test_body_shorter_than_its_length_is_a_connection_error(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", faults=[{"kind": "wrong_length"}])

    with pytest.raises(ConnectionError, match="ContentLengthError"):
        asyncio.run(answer(transport))


def test_caller_that_closes_early_has_left(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", per_token_ms=100)

    async def leave() -> None:
        response = await transport.send("POST", URL, KEY, STREAM)
        pieces = response.chunks()
        await anext(pieces)
        response.close()

    in_virtual_time(leave())

    shown = transport.simulation.requests("east")
    assert (shown["in_flight"], shown["requests"][-1]["client_left"]) == (0, True)


def test_caller_that_is_cancelled_has_left(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", faults=[{"kind": "hang"}])

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer(transport), 5)

    _, seconds = in_virtual_time(give_up())

    assert seconds == 5
    assert transport.simulation.requests("east")["requests"][-1]["client_left"] is True


def test_caller_that_reads_all_has_not_left(transport: InMemoryTransport) -> None:
    asyncio.run(answer(transport))
    asyncio.run(answer(transport, STREAM))

    assert [one["client_left"] for one in transport.simulation.requests("east")["requests"]] == [False, False]


def test_endless_stream_goes_on_until_the_caller_leaves(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", per_token_ms=1_000, faults=[{"kind": "endless"}])

    async def listen() -> int:
        seen = 0
        response = await transport.send("POST", URL, KEY, STREAM)
        try:
            async with asyncio.timeout(600):
                async for _ in response.chunks():
                    seen += 1
        except TimeoutError:
            return seen
        raise AssertionError("the stream ended")

    seen, seconds = in_virtual_time(listen())

    assert seconds == 600
    assert seen == pytest.approx(600, abs=5)


def test_region_that_is_down_resets(transport: InMemoryTransport) -> None:
    transport.simulation.configure("east", region="koreacentral")
    transport.simulation.set_region("koreacentral", down=True)

    with pytest.raises(ConnectionError):
        asyncio.run(answer(transport))
