"""What a model and its project say about routing holds for the Gateway and for the SDK that calls vendors itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.running_platform import SECRET_KEY, VENDOR, Platform

from madang import CallFailed, Madang
from madang.config import Mode

pytestmark = pytest.mark.xdist_group("platform")

MODES: tuple[Mode, ...] = ("gateway", "direct")
AZURE_CREDENTIAL = {
    "name": "azure-vendor",
    "vendor": "azure",
    "base_url": "https://madang.openai.azure.com",
    "api_version": "2024-10-21",
    "api_key": "azure-key-of-the-tests-0123456789",
}
OTHER_CREDENTIAL = {"name": "other-vendor", "vendor": "anthropic", "api_key": "sk-ant-of-the-tests-0123456789"}


def broken(platform: Platform) -> dict[str, Any]:
    """A deployment that always answers with an error of its server."""
    return platform.deployment({"kind": "server_error", "probability": 1.0})


def at_anthropic(platform: Platform) -> dict[str, Any]:
    """A deployment at another vendor, opened by another credential."""
    plain = platform.deployment()
    return {
        **plain,
        "vendor": "anthropic",
        "vendor_model": "claude-sonnet-4-5",
        "credential": OTHER_CREDENTIAL["name"],
        "base_url": platform.simulator.vendor_url(plain["name"]),
    }


def two_models(
    platform: Platform, failing: dict[str, Any], routing: dict[str, Any], **document: Any
) -> tuple[str, str]:
    """The aliases of a model with this deployment and this routing, and of one at another vendor that may take over."""
    alias, spare = f"first-{failing['name']}", f"spare-{failing['name']}"
    models = [
        {"alias": alias, "deployments": [failing], "retries": 0, "routing": routing_to(spare, routing)},
        {"alias": spare, "deployments": [at_anthropic(platform)]},
    ]
    platform.apply({"credentials": [VENDOR, AZURE_CREDENTIAL, OTHER_CREDENTIAL], "models": models, **document})
    return alias, spare


def routing_to(spare: str, routing: dict[str, Any]) -> dict[str, Any]:
    after = {kind: [spare] for kind in routing.get("fallbacks_after", ())}
    return {**routing, "fallbacks_after": after}


def answered_by(platform: Platform, alias: str, mode: Mode) -> str:
    """The deployment's model that answered a call."""
    with Madang(api_key=SECRET_KEY, base_url=platform.url, mode=mode) as client:
        answer = client.chat.completions.create(model=alias, messages=[{"role": "user", "content": "Hello"}])
        assert answer.choices[0].message.content
        spans = platform.trace(answer.call.trace_id)["spans"]
        return str(next(s["model"] for s in spans if s["kind"] == "attempt" and s["status"] == "ok"))


@pytest.mark.parametrize("mode", MODES)
def test_a_fallback_after_one_class_of_failure_answers_with_its_own_credential(platform: Platform, mode: Mode) -> None:
    alias, spare = two_models(platform, broken(platform), {"fallbacks_after": ["outage"]})
    assert answered_by(platform, alias, mode) == spare


@pytest.mark.parametrize("mode", MODES)
def test_a_fallback_after_another_class_stays_out_of_it(platform: Platform, mode: Mode) -> None:
    alias, _ = two_models(platform, broken(platform), {"fallbacks_after": ["context_overflow"]})
    with Madang(api_key=SECRET_KEY, base_url=platform.url, mode=mode) as client, pytest.raises(CallFailed) as failed:
        client.chat.completions.create(model=alias, messages=[{"role": "user", "content": "Hello"}])
    assert failed.value.reason == "server_error"


@pytest.mark.parametrize("mode", MODES)
def test_a_vendor_that_the_project_allows_answers_after_a_policy_block(platform: Platform, mode: Mode) -> None:
    blocking = platform.deployment({"kind": "content_filter", "probability": 1.0})
    blocking |= {
        "vendor": "azure",
        "credential": AZURE_CREDENTIAL["name"],
        "base_url": platform.simulator.vendor_url(blocking["name"]),
        "api_version": "2024-10-21",
    }
    routing = {"fallbacks_after": ["policy_block"]}
    alias, spare = two_models(platform, blocking, routing, policy_block_vendors=["anthropic"])
    assert answered_by(platform, alias, mode) == spare
