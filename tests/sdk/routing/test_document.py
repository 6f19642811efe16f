"""Routes from the platform's description of a project."""

from decimal import Decimal
from typing import Any

import pytest

from madang.calls.target import Price
from madang.routing.document import routes_of


def described_target(name: str, **fields: Any) -> dict[str, Any]:
    plain = {
        "name": name,
        "vendor": "openai",
        "vendor_model": "gpt-4o",
        "base_url": "https://east.example/v1",
        "api_version": "",
        "region": "koreacentral",
        "weight": 2.0,
        "order": 1,
        "price": {"input": "2.50", "output": "10", "cached_input": "1.25"},
        "is_simulated": False,
        "credential_id": "cred_1",
    }
    return plain | fields


def described_model(name: str, *targets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    plain = {
        "name": name,
        "retries": 1,
        "timeout_s": 60.0,
        "first_token_timeout_s": 5.0,
        "idle_timeout_s": None,
        "fallbacks": [],
        "targets": list(targets),
    }
    return plain | fields


def test_a_model_becomes_a_route_with_its_limits_and_targets() -> None:
    route = routes_of({"models": [described_model("chat", described_target("east"))]})["chat"]
    target = route.targets[0]
    assert (route.retries, route.timeout_s, route.first_token_timeout_s, route.idle_timeout_s) == (1, 60.0, 5.0, None)
    assert (target.name, target.region, target.weight, target.credential_id) == ("east", "koreacentral", 2.0, "cred_1")
    assert target.price == Price(Decimal("2.50"), Decimal(10), Decimal("1.25"))


def test_one_deployment_can_be_called_by_its_own_name_and_then_nobody_else_answers() -> None:
    models = [
        described_model("chat", described_target("east"), described_target("west"), fallbacks=["mini"]),
        described_model("mini", described_target("small")),
    ]
    direct = routes_of({"models": models})["west/chat"]
    assert [target.name for target in direct.targets] == ["west"]
    assert (direct.model, direct.fallbacks) == ("chat", ())


def test_fallbacks_are_routes_and_those_that_are_gone_are_left_out() -> None:
    models = [described_model("chat", described_target("east"), fallbacks=["gone", "mini"]), described_model("mini")]
    assert [fallback.model for fallback in routes_of({"models": models})["chat"].fallbacks] == ["mini"]


def test_two_models_that_fall_back_to_each_other_are_no_endless_chain() -> None:
    models = [described_model("a", fallbacks=["b"]), described_model("b", fallbacks=["a"])]
    routes = routes_of({"models": models})
    assert routes["a"].fallbacks[0].fallbacks == ()


def test_a_price_keeps_its_fees_its_tiers_and_who_said_so() -> None:
    price = {
        "input": "1.25",
        "output": None,
        "cached_input": None,
        "per_request": "0.012",
        "tiers": [{"above_input_tokens": 200_000, "input": "2.5"}],
        "source": "project",
    }
    routes = routes_of({"models": [described_model("chat", described_target("east", price=price))]})
    assert routes["chat"].targets[0].price == Price(
        input=Decimal("1.25"),
        per_request=Decimal("0.012"),
        tiers=((200_000, Price(input=Decimal("2.5"))),),
        source="project",
    )


@pytest.mark.parametrize("price", [None, {"input": None, "output": None, "cached_input": None}])
def test_a_price_that_is_not_known_is_no_price(price: dict[str, Any] | None) -> None:
    routes = routes_of({"models": [described_model("chat", described_target("east", price=price))]})
    assert routes["chat"].targets[0].price is None
