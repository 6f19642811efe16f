"""What a caller may wish for one call, and what each wrong wish is told."""

from typing import Any

import pytest
from tests.sdk.request_builder import route, target

from madang.calls.policy import Policy
from madang.calls.target import Route
from madang.errors import ConfigError
from madang.routing.override import overridden

MINI = Route("mini", (target("mini-1", alias="mini"), target("mini-2", alias="mini")))
LARGE = Route("large", (target("large-1", alias="large"),))
CHAT = route(target("east"), target("west"), fallbacks=(MINI,), after={"timeout": (LARGE,), "outage": (MINI, LARGE)})
ROUTES = {"chat": CHAT, "mini": MINI, "large": LARGE}


def wished(**wishes: Any) -> Route:
    return overridden(CHAT, wishes, ROUTES)


def names(to: Route) -> list[str]:
    """All that could be asked first or after an unclassified failure."""
    return [each.name for one in (to, *to.fallbacks) for each in one.targets]


def test_without_wishes_the_route_stays_as_it_is() -> None:
    assert wished() == CHAT


def test_each_wish_is_granted_and_the_rest_stays() -> None:
    to = wished(
        strategy="latency",
        prefer_regions=["seoul"],
        retries=0,
        timeout_s=30,
        first_token_timeout_s=2.5,
        answer_timeout_s=20,
        idle_timeout_s=5,
        hedge_after_s=1.5,
        on_cut="continue",
    )
    assert to.policy == Policy("latency", prefer_regions=("seoul",), hedge_after_s=1.5, on_cut="continue")
    limits = (to.timeout_s, to.first_token_timeout_s, to.answer_timeout_s, to.idle_timeout_s)
    assert (to.retries, limits) == (0, (30.0, 2.5, 20.0, 5.0))
    assert (to.targets, to.fallbacks, to.after) == (CHAT.targets, CHAT.fallbacks, CHAT.after)


def test_a_caller_may_hedge_by_measured_times_or_not_at_all() -> None:
    assert wished(hedge_after_s="p95").policy == Policy(hedges_at_p95=True)
    hedging = route(target(), policy=Policy(hedges_at_p95=True))
    assert overridden(hedging, {"hedge_after_s": False}, {}).policy == Policy()
    assert overridden(hedging, {"hedge_after_s": 2}, {}).policy == Policy(hedge_after_s=2.0)


def test_only_and_avoid_hold_for_all_that_could_be_asked() -> None:
    to = wished(only=["east", "mini-2"])
    assert names(to) == ["east", "mini-2"]
    assert {kind: names(Route("", (), fallbacks=instead)) for kind, instead in to.after.items()} == {
        "timeout": [],
        "outage": ["mini-2"],
    }
    assert names(wished(avoid=["east", "mini-1"])) == ["west", "mini-2"]
    avoiding = wished(avoid=["large-1"])
    assert (avoiding.after["timeout"], avoiding.after["outage"]) == ((), (MINI,))


def test_fallbacks_are_models_of_the_project_after_every_failure() -> None:
    to = wished(fallbacks=["large"])
    assert (to.fallbacks, to.after) == ((LARGE,), {})
    none = wished(fallbacks=False)
    assert (none.fallbacks, none.after) == ((), {})


@pytest.mark.parametrize("turned", [False, True])
def test_wishes_mean_the_same_in_any_sequence(turned: bool) -> None:
    wishes: list[tuple[str, Any]] = [("only", ["east", "large-1"]), ("fallbacks", ["large", "mini"])]
    to = overridden(CHAT, dict(reversed(wishes) if turned else wishes), ROUTES)
    assert names(to) == ["east", "large-1"]


def test_only_a_fallback_may_be_left() -> None:
    assert names(wished(only=["mini-1"])) == ["mini-1"]


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"strategy": "fastest"}, "'strategy' must be one of weighted, latency, cost, least_busy"),
        ({"strategy": ["latency"]}, "'strategy' must be one of"),
        ({"prefer_regions": "seoul"}, "'prefer_regions' must be a list of names"),
        ({"prefer_regions": [""]}, "'prefer_regions' must be a list of names"),
        ({"only": "east"}, "'only' must be a list of names"),
        ({"only": [1]}, "'only' must be a list of names"),
        ({"avoid": None}, "'avoid' must be a list of names"),
        ({"fallbacks": "mini"}, "'fallbacks' must be a list of names"),
        ({"fallbacks": True}, "'fallbacks' must be a list of names"),
        ({"fallbacks": ["mini", "secret"]}, "'fallbacks' names 'secret', which is not a model of this project"),
        ({"retries": -1}, "'retries' must be a number from 0 to 10"),
        ({"retries": 11}, "'retries' must be a number from 0 to 10"),
        ({"retries": 1.5}, "'retries' must be a number from 0 to 10"),
        ({"retries": True}, "'retries' must be a number from 0 to 10"),
        ({"timeout_s": 0}, "'timeout_s' must be seconds above 0, up to 3600"),
        ({"timeout_s": 3601}, "'timeout_s' must be seconds"),
        ({"timeout_s": float("nan")}, "'timeout_s' must be seconds"),
        ({"timeout_s": float("inf")}, "'timeout_s' must be seconds"),
        ({"timeout_s": 10**400}, "'timeout_s' must be seconds"),
        ({"timeout_s": "5"}, "'timeout_s' must be seconds"),
        ({"first_token_timeout_s": True}, "'first_token_timeout_s' must be seconds"),
        ({"answer_timeout_s": -1}, "'answer_timeout_s' must be seconds"),
        ({"idle_timeout_s": None}, "'idle_timeout_s' must be seconds"),
        ({"hedge_after_s": "p99"}, "'hedge_after_s' must be seconds"),
        ({"hedge_after_s": 0}, "'hedge_after_s' must be seconds"),
        ({"on_cut": "stop"}, "'on_cut' must be one of error, continue"),
        ({"only": ["nobody"]}, "'only' and 'avoid' leave no deployment of this model"),
        ({"only": ["east"], "avoid": ["east"]}, "'only' and 'avoid' leave no deployment of this model"),
        ({"speed": 1}, "'speed' is not known; known: answer_timeout_s, avoid, fallbacks"),
    ],
)
def test_a_wrong_wish_is_named_and_told_what_would_be_right(wishes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=r"^routing: ") as caught:
        overridden(CHAT, wishes, ROUTES)
    assert told in str(caught.value)
