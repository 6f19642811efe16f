"""Which target a call goes to: by order and weight, the resting ones last, each with its reason in words."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.request_builder import route, target

from madang.calls.target import Route
from madang.errors import CallFailed
from madang.routing.books import Books
from madang.routing.line import Choice, Line
from madang.routing.rank import Sight


def resting(*names: str) -> Books:
    """Books in which these targets, as `target` makes them, rest after a throttling."""
    books = Books()
    for name in names:
        books.health.failed(target(name), CallFailed("", reason="rate_limited", status=429, retry_after_s=50.0), 0.0)
    return books


def choices(to: Route, books: Books | None = None, rng: Random | None = None, **sight: Any) -> list[Choice]:
    line = Line(to, Sight(books or Books(), 1.0, **sight), rng or Random(1))
    found = []
    while (choice := line.next()) is not None:
        found.append(choice)
    return found


def names(found: list[Choice]) -> list[str]:
    return [choice.target.name for choice in found]


def line(to: Route, books: Books | None = None, seed: int = 1) -> list[str]:
    return names(choices(to, books, Random(seed)))


@pytest.mark.parametrize("weights", [(9.0, 1.0), (1.0, 1.0, 2.0), (0.5, 0.25, 0.25), (100.0, 1.0)])
def test_a_target_comes_first_as_often_as_its_weight_says(weights: tuple[float, ...]) -> None:
    calls = 20_000
    to = route(*(target(str(number), weight=weight) for number, weight in enumerate(weights)))
    rng = Random(7)
    first = Counter(choices(to, rng=rng)[0].target.name for _ in range(calls))
    for number, weight in enumerate(weights):
        share = weight / sum(weights)
        tolerance = 4 * (share * (1 - share) / calls) ** 0.5  # four standard deviations
        assert abs(first[str(number)] / calls - share) < tolerance


def test_the_second_place_goes_by_weight_among_those_left() -> None:
    calls = 20_000
    to = route(target("a", weight=2.0), target("b", weight=3.0), target("c", weight=1.0))
    rng = Random(7)
    lines = [each for each in (names(choices(to, rng=rng)) for _ in range(calls)) if each[0] == "a"]
    share = sum(each[1] == "b" for each in lines) / len(lines)
    assert abs(share - 3 / 4) < 4 * (3 / 16 / len(lines)) ** 0.5


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 10)), min_size=1, max_size=6), st.integers())
def test_every_target_is_in_the_line_once_and_orders_never_mix(given: list[tuple[int, float]], seed: int) -> None:
    targets = [target(str(number), order=order, weight=weight) for number, (order, weight) in enumerate(given)]
    chosen = choices(route(*targets), rng=Random(seed))
    assert sorted(names(chosen)) == sorted(t.name for t in targets)
    orders = [choice.target.order for choice in chosen]
    assert orders == sorted(orders)


@pytest.mark.parametrize("seed", range(10))
def test_a_standby_comes_after_the_others_of_its_order_and_before_the_next_order(seed: int) -> None:
    to = route(target("standby", weight=0.0), target("main"), target("next", order=2))
    assert line(to, seed=seed) == ["main", "standby", "next"]


def test_a_resting_target_goes_to_the_end_of_the_line_even_past_the_fallback_models() -> None:
    other = Route("mini", (target("west"),))
    to = route(target("east"), target("south", order=2), fallbacks=(other,))
    assert line(to, resting("east")) == ["south", "west", "east"]


def test_when_all_rest_all_are_tried_own_ones_first() -> None:
    other = Route("mini", (target("west"),))
    assert line(route(target("east"), fallbacks=(other,)), resting("east", "west")) == ["east", "west"]


def test_fallback_models_come_in_their_order_after_the_own_targets() -> None:
    to = route(target("own"), fallbacks=(Route("b", (target("b1"),)), Route("c", (target("c1"),))))
    assert line(to) == ["own", "b1", "c1"]


def test_a_model_without_targets_goes_to_its_fallback() -> None:
    assert line(Route("chat", (), fallbacks=(Route("b", (target("b1"),)),))) == ["b1"]
    assert line(Route("chat", ())) == []


def test_every_place_in_the_line_has_its_reason_in_words() -> None:
    to = route(
        target("main", weight=3.0),
        target("standby", weight=0.0),
        target("tired", weight=1.0),
        target("next", order=2),
        fallbacks=(Route("mini", (target("mini-1"),)),),
    )
    reasons = {choice.target.name: choice.reason for choice in choices(to, resting("tired"))}
    assert reasons == {
        "main": "order 1, weight 3 of 4",
        "standby": "order 1, standby (weight 0)",
        "next": "order 2",
        "mini-1": "fallback model mini: the only deployment",
        "tired": "resting after rate_limited, tried last",
    }
    assert choices(route(target()))[0].reason == "the only deployment"
