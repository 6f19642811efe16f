"""Routes and scenarios for drills in tests."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from madang.calls.target import Price, Route, Target
from madang_server.drill.places import Pace
from madang_server.drill.replay import play
from madang_server.drill.scenario import read_scenario

PRICE = Price(input=Decimal("2.5"), output=Decimal(10), source="deployment")


def target(name: str, vendor: str = "azure", **fields: Any) -> Target:
    plain: dict[str, Any] = {
        "vendor_model": "gpt-4o",
        "base_url": f"https://{name}.example",
        "price": PRICE,
        "alias": "chat",
    }
    return Target(name=name, vendor=vendor, **{**plain, **fields})


def route(*targets: Target, **fields: Any) -> Route:
    return Route(model="chat", targets=targets, **fields)


EAST = target("azure-eastus", region="eastus")
KOREA = target("azure-korea", region="koreacentral")
TWO_REGIONS = route(EAST, KOREA)


def played(
    over: Route, *disturbances: Mapping[str, Any], paces: Mapping[str, Pace] | None = None, **scenario: Any
) -> dict[str, Any]:
    """The report of a short drill: three minutes at five calls a second, disturbed in the second of them."""
    inner: dict[str, Any] = {"from_minute": 1, "to_minute": 2}
    document: dict[str, Any] = {
        "model": "chat",
        "minutes": 3,
        "per_second": 5,
        "disturbances": [{**inner, **each} for each in disturbances],
    }
    return play(read_scenario(document | scenario), over, paces or {}, lambda _: None)
