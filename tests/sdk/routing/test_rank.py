"""In which sequence a route's targets are tried, by strategy, region and session, and what is said about it."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.request_builder import route, target

from madang.calls.operation import Operation
from madang.calls.policy import Policy
from madang.calls.target import Price, Route, Target
from madang.routing.books import Books
from madang.routing.faded import HALF_LIFE_S
from madang.routing.needs import Needs
from madang.routing.rank import EXPLORED_SHARE, Ranked, Sight, ranked

NOW = 1000.0


def by(strategy: str, *targets: Target, **policy: Any) -> Route:
    return route(*targets, policy=Policy(strategy=strategy, **policy))  # type: ignore[arg-type]  # words of the tests


def order(to: Route, books: Books | None = None, rng: Random | None = None, **sight: Any) -> list[Ranked]:
    return ranked(to, Sight(books or Books(), sight.pop("now", NOW), **sight), rng or Random(3))


def names(places: list[Ranked]) -> list[str]:
    return [place.target.name for place in places]


def firsts(to: Route, books: Books | None = None, calls: int = 4000, **sight: Any) -> Counter[str]:
    rng = Random(7)
    return Counter(order(to, books, rng, **sight)[0].target.name for _ in range(calls))


def measured(books: Books, **seconds: float) -> Books:
    """Books in which each of these targets has answered ten calls in so many seconds, whole and streamed."""
    for name, took in seconds.items():
        for is_stream in (False, True):
            for _ in range(10):
                books.latency.begin(target(name), NOW)
                books.latency.end(target(name), NOW, took, is_stream=is_stream)
    return books


def priced(name: str, given: str, written: str | None = "1", per_request: str | None = None) -> Target:
    amounts = (None if amount is None else Decimal(amount) for amount in (written, per_request))
    output, fee = amounts
    return target(name, price=Price(Decimal(given), output, per_request=fee))


# Latency


@pytest.mark.parametrize("is_stream", [False, True])
def test_the_fastest_comes_first_but_for_the_calls_that_explore(is_stream: bool) -> None:
    to = by("latency", target("slow"), target("fast"), target("middle"))
    books = measured(Books(), slow=2.0, fast=0.2, middle=0.7)
    seen = firsts(to, books, is_stream=is_stream)
    explored = EXPLORED_SHARE * 2 / 3  # a third of those who explore find the fastest
    assert seen["fast"] / 4000 == pytest.approx(1 - explored, abs=0.02)
    assert seen["slow"] > 0
    assert seen["middle"] > 0


def test_reasons_tell_how_fast_each_is() -> None:
    books = measured(Books(), slow=2.0, fast=0.2)
    places = order(by("latency", target("slow"), target("fast"), target("new")), books)
    assert {place.target.name: place.reason for place in places} == {
        "new": "order 1, not measured lately, so it is tried",
        "fast": "order 1, answer lately in 197 ms (median)",
        "slow": "order 1, answer lately in 1.9 s (median)",
    }
    streamed = order(by("latency", target("slow"), target("fast")), books, is_stream=True)
    assert streamed[0].reason == "order 1, first token lately in 197 ms (median)"


def test_one_that_explores_says_so() -> None:
    books = measured(Books(), slow=2.0, fast=0.2)
    to = by("latency", target("slow"), target("fast"))
    rng = Random(7)
    reasons = {order(to, books, rng)[0].reason for _ in range(500)}
    assert "order 1, tried now and then to see how fast it is" in reasons


def test_one_that_became_fast_is_noticed_within_minutes() -> None:
    books = measured(Books(), east=1.0, west=0.5)
    to = by("latency", target("east"), target("west"))
    later = NOW + HALF_LIFE_S
    for _ in range(6):  # the calls that explore
        books.latency.begin(target("east"), later)
        books.latency.end(target("east"), later, 0.1, is_stream=False)
    assert firsts(to, books, now=later).most_common(1)[0][0] == "east"


def test_what_was_measured_long_ago_counts_as_unknown() -> None:
    books = measured(Books(), east=1.0, west=0.5)
    places = order(by("latency", target("east"), target("west")), books, now=NOW + 3600)
    assert {place.reason for place in places} == {"order 1, not measured lately, so it is tried"}


def test_one_target_alone_is_chosen_whatever_the_strategy() -> None:
    assert order(by("latency", target("east")))[0].reason == "the only deployment"


# Cost


def test_the_cheapest_for_this_very_call_comes_first() -> None:
    reader = priced("reader", "1", "10")  # cheap to read
    writer = priced("writer", "5", "5")  # cheap to write
    to = by("cost", reader, writer)
    long_prompt = Needs(prompt_tokens=100_000)
    assert names(order(to, needs=long_prompt, answer_tokens=100)) == ["reader", "writer"]
    assert names(order(to, needs=Needs(prompt_tokens=100), answer_tokens=4000)) == ["writer", "reader"]


def test_the_cost_is_told_in_dollars() -> None:
    first, second = order(by("cost", priced("a", "2"), priced("b", "4")), needs=Needs(prompt_tokens=1_000_000))
    assert (first.reason, second.reason) == ("order 1, about $2.0 for this call", "order 1, about $4.0 for this call")


@pytest.mark.parametrize("unknown", [None, Price(), Price(output=Decimal(0)), Price(input=Decimal(0))])
def test_an_unknown_price_comes_last_and_is_never_taken_for_free(unknown: Price | None) -> None:
    to = by("cost", target("unknown", price=unknown), priced("dear", "500", "500"))
    places = order(to)
    assert names(places) == ["dear", "unknown"]
    assert places[1].reason == "order 1, price unknown"


def test_what_is_free_comes_first() -> None:
    free = target("own", price=Price(Decimal(0), Decimal(0)))
    assert names(order(by("cost", priced("east", "0.01"), free))) == ["own", "east"]


def test_an_answer_without_tokens_needs_no_price_for_them() -> None:
    vectors = Needs("embeddings")
    to = by("cost", priced("dear", "3", None), priced("cheap", "2", None))
    assert names(order(to, needs=vectors)) == ["cheap", "dear"]


def test_a_fee_per_request_and_the_dearer_tier_of_a_long_prompt_count() -> None:
    fee = priced("fee", "1", "1", per_request="0.01")
    assert names(order(by("cost", fee, priced("plain", "2")), needs=Needs(prompt_tokens=100))) == ["plain", "fee"]
    dearer = Price(Decimal(4), Decimal(4))
    tiered = target("tiered", price=Price(Decimal(1), Decimal(1), tiers=((200_000, dearer),)))
    to = by("cost", tiered, priced("plain", "2", "2"))
    assert names(order(to, needs=Needs(prompt_tokens=100_000))) == ["tiered", "plain"]
    assert names(order(to, needs=Needs(prompt_tokens=300_000))) == ["plain", "tiered"]


# Least busy


def test_the_one_with_the_fewest_calls_in_hand_comes_first() -> None:
    books = Books()
    for _ in range(3):
        books.latency.begin(target("east"), NOW)
    books.latency.begin(target("west"), NOW)
    places = order(by("least_busy", target("east"), target("west")), books)
    assert [place.reason for place in places] == ["order 1, 1 calls in hand", "order 1, 3 calls in hand"]
    books.latency.end(target("east"), NOW, None, is_stream=False)
    books.latency.end(target("east"), NOW, 1.0, is_stream=True)
    books.latency.end(target("east"), NOW, 1.0, is_stream=True)
    assert names(order(by("least_busy", target("east"), target("west")), books)) == ["east", "west"]


def test_a_target_of_twice_the_weight_takes_twice_the_calls_in_hand() -> None:
    books = Books()
    big, small = target("big", weight=2.0), target("small")
    for _ in range(30):
        books.latency.begin(order(by("least_busy", big, small), books)[0].target, NOW)
    assert (books.latency.in_flight(big), books.latency.in_flight(small)) == (20, 10)


# What holds for every strategy

STRATEGIES = ["weighted", "latency", "cost", "least_busy"]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("regions", [(), ("seoul",)])
def test_a_standby_comes_last_of_its_order_and_says_so(strategy: str, regions: tuple[str, ...]) -> None:
    """Also the cheapest, the fastest and the idlest."""
    standby = replace(priced("standby", "0.01"), weight=0.0)
    books = measured(Books(), main=3.0, standby=0.1)
    books.latency.begin(target("main"), NOW)
    to = by(strategy, standby, priced("main", "5"), target("next", order=2), prefer_regions=regions)
    for seed in range(40):
        places = order(to, books, Random(seed))
        assert names(places) == ["main", "standby", "next"]
        assert places[1].reason == "order 1, standby (weight 0)"


@given(
    st.sampled_from(STRATEGIES),
    st.lists(st.tuples(st.integers(1, 3), st.floats(0, 10), st.sampled_from(["", "a", "b"])), min_size=1, max_size=6),
    st.sampled_from([(), ("a",), ("b", "a")]),
    st.sampled_from(["", "s1", "s2"]),
    st.integers(),
)
def test_every_target_has_one_place_and_a_reason(
    strategy: str, given: list[tuple[int, float, str]], regions: tuple[str, ...], key: str, seed: int
) -> None:
    targets = [target(str(n), order=o, weight=w, region=r) for n, (o, w, r) in enumerate(given)]
    to = by(strategy, *targets, prefer_regions=regions)
    places = order(to, rng=Random(seed), sticky_key=key)
    assert sorted(names(places)) == sorted(each.name for each in targets)
    assert [place.target.order for place in places] == sorted(place.target.order for place in places)
    assert all(place.reason for place in places)


# Regions


def test_preferred_regions_come_first_in_their_sequence() -> None:
    to = by(
        "weighted",
        target("us", region="us-east"),
        target("eu", region="eu-west"),
        target("kr", region="seoul"),
        prefer_regions=("seoul", "eu-west"),
    )
    places = order(to)
    assert [place.reason for place in places] == [
        "order 1, preferred region seoul",
        "order 1, preferred region eu-west",
        "order 1, weight 1 of 3",
    ]


def test_within_a_preferred_region_the_strategy_decides() -> None:
    books = measured(Books(), a=0.1, b=1.0, c=0.5)
    to = by(
        "latency",
        target("a", region="us-east"),
        target("b", region="seoul"),
        target("c", region="seoul"),
        prefer_regions=("seoul",),
    )
    places = order(to, books)
    assert names(places) == ["c", "b", "a"]
    assert places[0].reason == "order 1, preferred region seoul, answer lately in 470 ms (median)"


def test_order_goes_before_region() -> None:
    first, second = target("us", region="us-east"), target("kr", region="seoul", order=2)
    assert names(order(by("weighted", first, second, prefer_regions=("seoul",)))) == ["us", "kr"]


# Sessions

SESSIONS = [f"session-{number}" for number in range(2000)]


def homes(to: Route) -> dict[str, str]:
    return {key: order(to, rng=Random(hash(key)), sticky_key=key)[0].target.name for key in SESSIONS}


def test_the_calls_of_a_session_stay_together() -> None:
    to = by("weighted", target("a"), target("b"), target("c"))
    for key in SESSIONS[:50]:
        lines = {tuple(names(order(to, rng=Random(seed), sticky_key=key))) for seed in range(20)}
        assert len(lines) == 1, "also where it goes when its target is gone"
    places = order(to, sticky_key="s1")
    assert [place.reason for place in places] == [
        "order 1, where this session's calls stay",
        "order 1, where they go when it cannot answer",
        "order 1, where they go when it cannot answer",
    ]


def test_sessions_are_spread_by_weight() -> None:
    seen = Counter(homes(by("weighted", target("a", weight=3.0), target("b"), target("c", weight=0.0))).values())
    assert seen["a"] / len(SESSIONS) == pytest.approx(0.75, abs=0.04)
    assert seen["c"] == 0


def test_a_target_that_goes_moves_only_its_own_sessions() -> None:
    all_three = [target("a"), target("b", weight=2.0), target("c")]
    before = homes(by("weighted", *all_three))
    after = homes(by("weighted", *all_three[:2]))
    assert {key for key in SESSIONS if before[key] != after[key]} == {key for key in SESSIONS if before[key] == "c"}


def test_a_target_that_comes_takes_sessions_and_moves_no_other() -> None:
    before = homes(by("weighted", target("a"), target("b")))
    after = homes(by("weighted", target("a"), target("b"), target("c")))
    assert {after[key] for key in SESSIONS if before[key] != after[key]} == {"c"}


def test_a_session_stays_within_the_order_and_the_preferred_region() -> None:
    far, near = target("far", region="us-east"), target("near", region="seoul")
    to = by("weighted", far, near, target("next", order=2, region="seoul"), prefer_regions=("seoul",))
    assert set(homes(to).values()) == {"near"}


def test_a_session_with_only_standbys_still_has_a_line() -> None:
    to = by("weighted", target("a", weight=0.0), target("b", weight=0.0))
    assert sorted(names(order(to, sticky_key="s1"))) == ["a", "b"]


@pytest.mark.parametrize("operation", ["images", "speech", "transcription"])
def test_calls_that_are_not_paid_by_the_token_are_not_compared_by_it(operation: Operation) -> None:
    drawn = target("drawn", price=Price(per_image=Decimal("0.04")))
    places = order(by("cost", drawn, target("other")), needs=Needs(operation))
    assert {place.reason for place in places} == {"order 1, price unknown"}
