"""What the latency book remembers of a target: percentiles, how many calls they rest on, and how that fades."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.request_builder import target

from madang.routing.faded import HALF_LIFE_S
from madang.routing.latency import LatencyBook

EAST = target("east")
NOW = 1000.0
BUCKET = 2 ** (1 / 4)  # the ratio between the two ends of one


def book_of(*seconds: float, now: float = NOW, is_stream: bool = False) -> LatencyBook:
    book = LatencyBook()
    for each in seconds:
        book.begin(EAST, now)
        book.end(EAST, now, each, is_stream=is_stream)
    return book


@given(
    st.lists(st.floats(0.002, 900.0), min_size=1, max_size=200),
    st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 1.0]),
    st.floats(0.0, 100.0),
)
def test_a_percentile_is_within_a_bucket_of_the_true_one(seconds: list[float], share: float, age_s: float) -> None:
    # The sample that a share of all did not exceed. Rounding may take the neighbour, so the share may be a hair less.
    true = sorted(seconds)[max(math.ceil(share * len(seconds) - 1e-6) - 1, 0)]
    told = book_of(*seconds).percentile(EAST, share, NOW + age_s, is_stream=False)
    if told is None:
        assert len(seconds) * 0.5 ** (age_s / HALF_LIFE_S) < 1, "only what has faded is unknown"
        return
    near = [each for each in sorted(seconds) if each / BUCKET <= told <= each * BUCKET]
    assert near
    assert min(abs(sorted(seconds).index(each) - sorted(seconds).index(true)) for each in near) == 0


@given(st.lists(st.floats(0.0, 10_000.0), min_size=1))
def test_percentiles_rise_with_their_share(seconds: list[float]) -> None:
    book = book_of(*seconds)
    told = [book.percentile(EAST, share, NOW, is_stream=False) for share in (0.1, 0.5, 0.9, 1.0)]
    assert all(each is not None for each in told)
    assert told == sorted(told, key=lambda each: each or 0.0)


def test_the_slowest_of_all_is_known_after_any_fading() -> None:
    book = LatencyBook()
    for second in range(400):
        book.begin(EAST, NOW + second)
        book.end(EAST, NOW + second, 0.5, is_stream=False)
    assert book.percentile(EAST, 1.0, NOW + 407, is_stream=False) == pytest.approx(0.5, rel=0.2)


def test_half_of_what_was_known_is_forgotten_in_a_half_life() -> None:
    book = book_of(*[1.0] * 40)
    known = [book.known_calls(EAST, NOW + lives * HALF_LIFE_S, is_stream=False) for lives in (0, 1, 2, 3)]
    assert known == pytest.approx([40, 20, 10, 5])


def test_what_has_faded_away_is_unknown() -> None:
    book = book_of(1.0, 1.0, 1.0)
    assert book.percentile(EAST, 0.5, NOW + 3600, is_stream=False) is None
    assert book.known_calls(EAST, NOW + 3600, is_stream=False) < 0.001


def test_new_calls_outweigh_old_ones() -> None:
    book = book_of(*[8.0] * 20)
    later = NOW + 2 * HALF_LIFE_S
    for _ in range(10):
        book.begin(EAST, later)
        book.end(EAST, later, 0.25, is_stream=False)
    assert book.percentile(EAST, 0.5, later, is_stream=False) == pytest.approx(0.25, rel=0.2)


def test_streams_and_whole_answers_are_measured_apart() -> None:
    book = book_of(0.2, is_stream=True)
    assert book.percentile(EAST, 0.5, NOW, is_stream=True) == pytest.approx(0.2, rel=0.2)
    assert book.percentile(EAST, 0.5, NOW, is_stream=False) is None


def test_a_failed_call_says_nothing_about_speed_and_is_no_longer_in_hand() -> None:
    book = LatencyBook()
    book.begin(EAST, NOW)
    assert book.in_flight(EAST) == 1
    book.end(EAST, NOW, None, is_stream=False)
    assert book.in_flight(EAST) == 0
    assert book.known_calls(EAST, NOW, is_stream=False) == 0


def test_a_target_nobody_called_is_unknown_and_idle() -> None:
    book = LatencyBook()
    book.end(EAST, NOW, 1.0, is_stream=False)
    assert (book.in_flight(EAST), book.known_calls(EAST, NOW, is_stream=False)) == (0, 0)
    assert book.percentile(EAST, 0.5, NOW, is_stream=False) is None
