"""The exporter never blocks, never raises, never forgets to count, and delivers as soon as it can."""

import json
import logging
import threading
from collections.abc import Iterator, Sequence

import pytest
from tests.sdk.waiting import until

from madang.calls.span import Span
from madang.errors import PlatformRefused, PlatformUnavailable
from madang.tracing.exporter import BATCH, SpanExporter


class Receiver:
    """A platform that takes, refuses or cannot take batches, as told."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.error: Exception | None = None
        self.tries = 0
        self.takes = threading.Event()
        self.takes.set()

    def send(self, body: bytes) -> None:
        self.tries += 1
        self.takes.wait(20)
        if self.error is not None:
            raise self.error
        self.batches.append(json.loads(body))

    @property
    def names(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


def encode(spans: Sequence[Span]) -> bytes:
    if any(span.name == "impossible" for span in spans):
        raise TypeError("the user's text")
    return json.dumps([span.name for span in spans]).encode()


def named(*names: str) -> list[Span]:
    return [Span(trace_id="a" * 32, span_id="b" * 16, start_us=1, name=name) for name in names]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def exporter(receiver: Receiver) -> Iterator[SpanExporter]:
    exporter = SpanExporter(encode, receiver.send, most_waiting=2 * BATCH, interval_s=0.01)
    yield exporter
    receiver.takes.set()
    exporter.close(1)


def test_spans_arrive_by_themselves_in_their_order(exporter: SpanExporter, receiver: Receiver) -> None:
    exporter.keep("p", named("a", "b"))
    exporter.keep("p", named("c"))
    until(lambda: receiver.names == ["a", "b", "c"], "the spans arrive")


def test_many_spans_go_in_batches_and_flush_waits_for_the_last(receiver: Receiver) -> None:
    exporter = SpanExporter(encode, receiver.send, interval_s=600)
    names = [str(number) for number in range(BATCH * 2 + 1)]
    exporter.keep("p", named(*names))
    assert exporter.flush(20)
    assert receiver.names == names
    assert max(map(len, receiver.batches)) == BATCH
    exporter.close()


def test_a_full_queue_drops_the_newest_and_counts_them(
    exporter: SpanExporter, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.takes.clear()
    names = [str(number) for number in range(2 * BATCH)]
    with caplog.at_level(logging.WARNING):
        exporter.keep("p", named(*names))
        until(lambda: receiver.tries == 1, "a batch is on its way")
        for _ in range(5):
            exporter.keep("p", named("too", "much"))
    assert exporter.dropped == 10
    assert caplog.text.count("Spans are being dropped") == 1
    receiver.takes.set()
    assert exporter.flush(20)
    assert receiver.names == names


def test_what_could_not_be_delivered_is_tried_again_in_the_same_order(
    exporter: SpanExporter, receiver: Receiver
) -> None:
    receiver.error = PlatformUnavailable("away")
    exporter.keep("p", named("a"))
    until(lambda: receiver.tries >= 2, "delivery is tried again")
    exporter.keep("p", named("b"))
    receiver.error = None
    until(lambda: receiver.names == ["a", "b"], "both arrive")
    assert exporter.dropped == 0


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_is_refused_for_good_is_dropped_and_counted(
    exporter: SpanExporter, receiver: Receiver, status: int
) -> None:
    receiver.error = PlatformRefused("no", status)
    exporter.keep("p", named("a", "b"))
    assert exporter.flush(20)
    assert exporter.dropped == 2


@pytest.mark.parametrize("error", [RuntimeError("the user's text"), OSError("disk"), KeyError("x")])
def test_a_bug_on_the_way_out_neither_stops_the_exporter_nor_shows_what_was_in_it(
    exporter: SpanExporter, receiver: Receiver, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.error = error
    with caplog.at_level(logging.ERROR):
        exporter.keep("p", named("a"))
        assert exporter.flush(20)
    assert exporter.dropped == 1
    assert "user's text" not in caplog.text
    receiver.error = None
    exporter.keep("p", named("b"))
    assert exporter.flush(20)
    assert receiver.names == ["b"]


def test_spans_that_cannot_be_encoded_are_dropped_without_the_rest(exporter: SpanExporter, receiver: Receiver) -> None:
    exporter.keep("p", named("impossible"))
    assert exporter.flush(20)
    exporter.keep("p", named("a"))
    assert exporter.flush(20)
    assert (receiver.names, exporter.dropped) == (["a"], 1)


def test_closing_delivers_what_waits_and_later_spans_are_counted_as_dropped(receiver: Receiver) -> None:
    exporter = SpanExporter(encode, receiver.send, interval_s=600)
    exporter.keep("p", named("a"))
    exporter.close()
    exporter.keep("p", named("b", "c"))
    assert receiver.names == ["a"]
    assert exporter.dropped == 2


def test_closing_in_vain_ends_in_time_and_counts_what_was_lost(receiver: Receiver) -> None:
    exporter = SpanExporter(encode, receiver.send, interval_s=0.01)
    receiver.error = PlatformUnavailable("away")
    exporter.keep("p", named("a", "b", "c"))
    exporter.close(0.3)
    until(lambda: exporter.dropped == 3, "all are counted")


def test_an_exporter_that_was_never_used_has_no_thread(receiver: Receiver) -> None:
    before = threading.active_count()
    exporter = SpanExporter(encode, receiver.send)
    assert threading.active_count() == before
    exporter.close()


def test_many_threads_lose_nothing(receiver: Receiver) -> None:
    exporter = SpanExporter(encode, receiver.send, interval_s=0.001)

    def keep_fifty(first: int) -> None:
        for number in range(50):
            exporter.keep("p", named(f"{first}.{number}"))

    threads = [threading.Thread(target=keep_fifty, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    exporter.close()
    assert sorted(receiver.names) == sorted(f"{t}.{n}" for t in range(8) for n in range(50))
