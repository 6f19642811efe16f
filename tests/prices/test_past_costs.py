"""Agreed prices in a running platform: the next call pays them, in the Gateway and in applications, and the past stays."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.running_platform import SECRET_KEY, Platform, until

from madang import Madang

pytestmark = pytest.mark.xdist_group("platform")

UNPRICED = dict.fromkeys(("input_usd_per_million", "cached_input_usd_per_million", "output_usd_per_million"))


def model_of_tomorrow(platform: Platform) -> tuple[str, str]:
    """An alias, and the vendor's name of a model that no list knows."""
    name = f"tomorrow-{secrets.token_hex(4)}"
    return platform.model({**platform.deployment(), **UNPRICED, "vendor_model": name}), name


def agree(platform: Platform, model: str, **fields: Any) -> None:
    """Agrees on a price, in force when this returns."""
    before = platform.config_version()
    wanted = {"vendor": "openai", "model": model, "valid_from": "2026-01-01"} | fields
    answer = platform.browser().put(f"/api/projects/{platform.project_id()}/prices/overrides", wanted)
    assert answer.status == 200, answer.body
    until(lambda: platform.config_version() > before, "the price is in force")


def root(platform: Platform, trace_id: str) -> Mapping[str, Any]:
    trace: Mapping[str, Any] = platform.trace(trace_id)["trace"]
    return trace


def expected(trace: Mapping[str, Any], dollars: int) -> Decimal:
    return Decimal((trace["input_tokens"] + trace["output_tokens"]) * dollars) / 1_000_000


def test_a_new_price_holds_for_the_next_call_and_leaves_past_costs_alone(platform: Platform) -> None:
    alias, name = model_of_tomorrow(platform)
    agree(platform, name, input="1", output="1")
    first = platform.chat(alias).headers["x-madang-trace-id"]
    paid = Decimal(root(platform, first)["cost_usd"])
    assert paid == expected(root(platform, first), 1)
    agree(platform, name, input="3", output="3")
    second = platform.chat(alias).headers["x-madang-trace-id"]
    assert Decimal(root(platform, second)["cost_usd"]) == expected(root(platform, second), 3)
    assert Decimal(root(platform, first)["cost_usd"]) == paid


def test_a_price_dated_back_does_not_reach_calls_that_were_made(platform: Platform) -> None:
    alias, name = model_of_tomorrow(platform)
    unknown = platform.chat(alias).headers["x-madang-trace-id"]
    assert root(platform, unknown)["cost_usd"] is None
    agree(platform, name, valid_from="2020-01-01", input="1", output="1")
    known = platform.chat(alias).headers["x-madang-trace-id"]
    assert root(platform, known)["cost_usd"] is not None
    assert root(platform, unknown)["cost_usd"] is None


def test_a_price_that_begins_tomorrow_costs_nothing_known_today(platform: Platform) -> None:
    alias, name = model_of_tomorrow(platform)
    day_after = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    agree(platform, name, valid_from=day_after, input="1", output="1")
    assert "x-madang-cost-usd" not in platform.chat(alias).headers


def test_applications_pay_the_agreed_price_with_its_fee_and_say_whose_it_is(platform: Platform) -> None:
    alias, name = model_of_tomorrow(platform)
    agree(platform, f"{name[:-2]}*", input="1", output="1", per_request="0.25")
    with Madang(api_key=SECRET_KEY, base_url=platform.url, mode="direct") as client:
        answer = client.chat.completions.create(model=alias, messages=[{"role": "user", "content": "Hello"}])
    trace = platform.trace(answer.call.trace_id)
    cost = expected(trace["trace"], 1) + Decimal("0.25")
    assert Decimal(trace["trace"]["cost_usd"]) == cost
    top = next(span for span in trace["spans"] if span["parent_span_id"] == "")
    assert top["attributes"]["madang.price.source"] == "project"


def test_a_model_of_the_list_has_its_price_without_anybody_giving_one(platform: Platform) -> None:
    deployment = platform.deployment()
    address = platform.simulator.azure_url(deployment["name"])
    credential = {"name": "azure-by-list", "vendor": "azure", "base_url": address, "api_version": "2024-10-21"}
    platform.apply({"credentials": [credential | {"api_key": "k" * 16}]})
    opaque = deployment | UNPRICED | {"vendor": "azure", "credential": "azure-by-list", "base_url": None}
    opaque["vendor_model"] = deployment["name"]
    unknown = platform.model(opaque)
    assert "x-madang-cost-usd" not in platform.chat(unknown).headers
    known = platform.model(opaque | {"base_model": "gpt-4o"})
    answer = platform.trace_of(platform.chat(known))
    call = answer["trace"]
    tokens = call["input_tokens"] * Decimal("2.5") + call["output_tokens"] * 10
    assert Decimal(call["cost_usd"]) == tokens / 1_000_000
    top = next(span for span in answer["spans"] if span["parent_span_id"] == "")
    assert top["attributes"]["madang.price.source"].startswith("genai-prices ")
