"""Who is left in the line after which failure: each class apart, and one after the other."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from tests.sdk.request_builder import route, target

from madang.calls.policy import CLASS_OF, FAILURE_CLASSES, FailureClass, Policy
from madang.calls.target import Route
from madang.errors import FAILURE_REASONS, CallFailed, FailureReason
from madang.routing.books import Books
from madang.routing.health import key_of
from madang.routing.line import Choice, Line
from madang.routing.needs import Needs
from madang.routing.rank import Sight

REASON_OF: dict[FailureClass, FailureReason] = {kind: reason for reason, kind in CLASS_OF.items()}


def model(name: str, **fields: Any) -> Route:
    """A model with one deployment of the same name."""
    return Route(name, (target(name, alias=name, **fields),))


def line(to: Route, books: Books | None = None, avoid: frozenset[str] = frozenset(), **sight: Any) -> Line:
    return Line(to, Sight(books or Books(), 1.0, **sight), Random(1), avoid)


def failed(reason: FailureReason) -> CallFailed:
    return CallFailed("", reason=reason, status=500)


def asked(to: Route, *reasons: FailureReason, **sight: Any) -> list[str]:
    """Who is asked when the first fails with the first reason and so on, and those after that with the last of them."""
    waiting, names = line(to, **sight), []
    while (choice := waiting.next()) is not None:
        names.append(choice.target.name)
        waiting.failed(choice.target, failed(reasons[min(len(names), len(reasons)) - 1]), 2.0)
    return names


BLOCKED: FailureReason = "content_filter"
TOO_LONG: FailureReason = "context_overflow"
EVERY_CLASS = pytest.mark.parametrize("kind", FAILURE_CLASSES)


@EVERY_CLASS
def test_after_a_class_with_models_of_its_own_these_are_asked_instead(kind: FailureClass) -> None:
    after: Mapping[FailureClass, tuple[Route, ...]] = {kind: (model("instead"),)}
    to = route(target("east"), fallbacks=(model("plain"),), after=after)
    assert asked(to, REASON_OF[kind]) == ["east", "instead"]
    for other in set(FAILURE_CLASSES) - {kind, "policy_block"}:
        assert asked(to, REASON_OF[other]) == ["east", "plain"]


@EVERY_CLASS
def test_after_a_class_without_models_nobody_else_is_asked(kind: FailureClass) -> None:
    after: Mapping[FailureClass, tuple[Route, ...]] = {kind: ()}
    to = route(target("east"), fallbacks=(model("plain"),), after=after)
    assert asked(to, REASON_OF[kind]) == ["east"]


@EVERY_CLASS
def test_the_models_own_targets_go_before_the_models_for_a_class(kind: FailureClass) -> None:
    policy = Policy(policy_block_vendors=("azure",))
    to = route(
        target("east", context_window=8_000),
        target("west", order=2, vendor="azure", context_window=16_000),
        after={kind: (model("instead", vendor="azure", context_window=32_000),)},
        policy=policy,
    )
    assert asked(to, REASON_OF[kind], "server_error")[:2] == ["east", "west"]
    assert asked(to, REASON_OF[kind])[1] == "west"


@pytest.mark.parametrize("reason", sorted(set(FAILURE_REASONS) - set(CLASS_OF)))
def test_the_callers_own_mistake_ends_the_line(reason: FailureReason) -> None:
    to = route(target("east"), target("west", order=2), fallbacks=(model("plain"),))
    assert asked(to, reason) == ["east"]


def test_models_for_one_class_do_not_come_back_for_another() -> None:
    to = route(
        target("east"),
        fallbacks=(model("plain"),),
        after={"timeout": (model("quick"), model("plain")), "throttled": (model("spare"), model("quick"))},
    )
    assert asked(to, "timeout", "rate_limited") == ["east", "quick", "spare"]
    assert asked(to, "timeout", "timeout", "server_error") == ["east", "quick", "plain"]


def test_a_class_without_models_of_its_own_goes_on_with_those_that_wait() -> None:
    to = route(target("east"), fallbacks=(model("plain"),), after={"timeout": (model("a"), model("b"))})
    assert asked(to, "timeout", "server_error") == ["east", "a", "b", "plain"]


def test_a_class_to_none_does_not_take_the_fallbacks_from_the_failures_of_others() -> None:
    to = route(target("east"), target("west", order=2), fallbacks=(model("plain"),), after={"timeout": ()})
    assert asked(to, "timeout", "server_error") == ["east", "west", "plain"]


# A prompt that is too long


def test_after_an_overflow_only_longer_contexts_are_asked() -> None:
    to = route(
        target("east", context_window=16_000),
        target("same", order=2, context_window=16_000),
        target("twin", order=3, vendor_model="east-model"),
        target("unknown", order=4),
        target("longer", order=5, context_window=32_000),
        fallbacks=(model("short", context_window=8_000), model("longest", context_window=128_000)),
    )
    assert asked(to, TOO_LONG) == ["east", "unknown", "longer", "longest"]


def test_an_overflow_is_remembered_through_other_failures() -> None:
    short = model("short", context_window=8_000)
    to = route(
        target("east", context_window=16_000),
        fallbacks=(model("longer", context_window=32_000),),
        after={"outage": (short, model("longest", context_window=64_000))},
    )
    assert asked(to, TOO_LONG, "server_error") == ["east", "longer", "longest"]


def test_a_prompt_that_looks_too_long_for_a_target_tries_it_last() -> None:
    needs = Needs(prompt_tokens=50_000)
    to = route(target("short", context_window=8_000), target("long", order=2), fallbacks=(model("plain"),))
    waiting = line(to, needs=needs)
    found = []
    while (choice := waiting.next()) is not None:
        found.append((choice.target.name, choice.reason))
    assert found[-1] == ("short", "the prompt looks too long for it, tried last")
    assert [name for name, _ in found] == ["long", "plain", "short"]


# A refusal by policy


def vendors(*allowed: str) -> Policy:
    return Policy(policy_block_vendors=allowed)


def test_a_refusal_is_final_where_the_project_allows_nobody() -> None:
    to = route(target("east"), target("west", order=2, vendor="openai"), fallbacks=(model("plain", vendor="azure"),))
    assert asked(to, BLOCKED) == ["east"]


def test_after_a_refusal_only_allowed_vendors_are_asked() -> None:
    to = route(
        target("gemini", vendor="gemini"),
        target("openai", vendor="openai", order=2),
        target("bedrock", vendor="bedrock", order=3),
        fallbacks=(model("azure", vendor="azure"), model("claude", vendor="anthropic")),
        policy=vendors("bedrock", "anthropic"),
    )
    assert asked(to, BLOCKED) == ["gemini", "bedrock", "claude"]


def test_a_vendor_that_refused_is_not_asked_again_however_many_deployments_it_has() -> None:
    to = route(
        target("a1", vendor="azure"),
        target("a2", vendor="azure", order=2),
        target("o1", vendor="openai", order=3),
        target("o2", vendor="openai", order=4),
        policy=vendors("azure", "openai"),
    )
    assert asked(to, BLOCKED) == ["a1", "o1"]


def test_a_refusal_is_remembered_through_other_failures() -> None:
    to = route(
        target("a1", vendor="azure"),
        target("o1", vendor="openai", order=2),
        after={"outage": (model("a2", vendor="azure"), model("g", vendor="gemini"), model("o2", vendor="openai"))},
        policy=vendors("azure", "openai"),
    )
    assert asked(to, BLOCKED, "server_error") == ["a1", "o1", "o2"]


def test_models_named_for_a_refusal_are_asked_whatever_their_vendor() -> None:
    to = route(
        target("a1", vendor="azure"),
        target("o1", vendor="openai", order=2),
        fallbacks=(model("plain", vendor="openai"),),
        after={"policy_block": (model("lenient", vendor="gemini"),)},
    )
    assert asked(to, BLOCKED) == ["a1", "lenient"]


def test_a_refusal_after_an_outage_still_narrows_the_line() -> None:
    to = route(
        target("a1", vendor="azure"),
        target("o1", vendor="openai", order=2),
        target("g1", vendor="gemini", order=3),
        policy=vendors("gemini"),
    )
    assert asked(to, "server_error", BLOCKED) == ["a1", "o1", "g1"]
    assert asked(to, "server_error", BLOCKED, "server_error") == ["a1", "o1", "g1"]


# Who can serve at all


def test_what_cannot_serve_is_passed_over_with_its_reason() -> None:
    needs = Needs(features=frozenset({"vision"}))
    to = route(
        target("blind", supports=frozenset()),
        target("seeing", supports=frozenset({"vision"})),
        fallbacks=(model("deaf", supports=frozenset({"tools"})),),
    )
    waiting = line(to, needs=needs)
    assert [(each.target.name, each.why, each.fallback) for each in waiting.passed_over] == [
        ("blind", "has no vision", ""),
        ("deaf", "has no vision", "deaf"),
    ]
    assert asked(to, "server_error", needs=needs) == ["seeing"]


def test_models_for_a_class_that_cannot_serve_are_not_asked_either() -> None:
    needs = Needs(features=frozenset({"vision"}))
    to = route(target("east"), after={"outage": (model("blind", supports=frozenset()), model("other"))})
    assert asked(to, "server_error", needs=needs) == ["east", "other"]
    assert asked(route(target("east"), after={"outage": to.after["outage"][:1]}), "server_error", needs=needs) == [
        "east"
    ]


def test_the_only_deployment_is_asked_even_if_it_seems_to_lack_something() -> None:
    needs = Needs(features=frozenset({"vision"}))
    assert asked(route(target("east", supports=frozenset())), "server_error", needs=needs) == ["east"]


def test_nobody_is_asked_twice_though_a_fallback_names_the_same_deployment() -> None:
    east = target("east")
    twice = Route("east/chat", (east,))
    assert asked(route(east, fallbacks=(twice, model("b"), model("b"))), "server_error") == ["east", "b"]


def test_who_is_to_be_avoided_is_not_asked_nor_brought_back_by_a_failure() -> None:
    to = route(target("east"), target("west", order=2), after={"outage": (Route("east/chat", (target("east"),)),)})
    waiting = line(to, avoid=frozenset({key_of(target("east"))}))
    choice = waiting.next()
    assert choice is not None
    assert choice.target.name == "west"
    waiting.failed(choice.target, failed("server_error"))
    assert waiting.next() is None


# Health, as it is when a target's turn comes


def test_one_whose_trial_somebody_else_began_meanwhile_goes_to_the_end() -> None:
    books = Books()
    west, south = target("west", order=2), target("south", order=3)
    books.health.failed(west, CallFailed("", reason="rate_limited", status=429, retry_after_s=0.5), 0.0)
    waiting = line(route(target("east"), west, south), books)
    first = waiting.next()
    assert first is not None
    books.health.begin(west, 1.5)  # by another call
    waiting.failed(first.target, failed("server_error"), 2.0)
    assert [waiting.next().target.name for _ in range(2)] == ["south", "west"]  # type: ignore[union-attr]  # both wait


def test_one_that_recovered_while_another_was_tried_is_asked_at_its_place() -> None:
    books = Books()
    west, south = target("west", order=2), target("south", order=3)
    books.health.failed(west, CallFailed("", reason="rate_limited", status=429, retry_after_s=20.0), 0.0)
    waiting = line(route(target("east"), west, south), books)
    first = waiting.next()
    assert first is not None
    assert waiting.upcoming is not None
    assert waiting.upcoming.target.name == "south"
    waiting.failed(first.target, failed("timeout"), 30.0)
    assert waiting.upcoming.target.name == "west"


def first(waiting: Line) -> Choice:
    choice = waiting.next()
    assert choice is not None
    return choice


def test_the_classes_after_which_somebody_is_left_are_known_beforehand() -> None:
    to = route(target("east"), fallbacks=(model("plain"),), after={"outage": (), "timeout": (model("quick"),)})
    waiting = line(to)
    assert waiting.classes_left(first(waiting)) == set(FAILURE_CLASSES) - {"outage"}
    assert waiting.classes_left(first(waiting)) == {"timeout"}


def test_one_that_rests_is_no_better_than_asking_a_healthy_one_again() -> None:
    books = Books()
    for name in ("west", "south"):
        books.health.failed(target(name), CallFailed("", reason="rate_limited", status=429, retry_after_s=50.0), 0.0)
    waiting = line(route(target("east"), target("west"), target("south")), books)
    assert waiting.classes_left(first(waiting)) == frozenset()
    assert waiting.classes_left(first(waiting)) == set(FAILURE_CLASSES), "both rest"
    assert waiting.classes_left(first(waiting)) == frozenset()
