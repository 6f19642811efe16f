"""The check of each vendor's credential, against the vendor's wire in the simulator: a good secret and a wrong one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from tests.support.service_account import service_account_text

from madang.calls.operation import Vendor
from madang_server.credentials.check import CheckResult, check_credential
from madang_server.credentials.store import OpenedCredential
from madang_simulator import RunningSimulator, simulator_in_thread
from madang_simulator.wires.bedrock.signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY

PAIR = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY}


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as running:
        yield running


def checked(vendor: Vendor, base_url: str | None, secret: str) -> CheckResult:
    credential = OpenedCredential(
        id="c", project_id="p", name="c", vendor=vendor, base_url=base_url, api_version=None, api_key=secret
    )
    return asyncio.run(check_credential(credential, region="us-west-2", now_s=time.time(), seconds=time.monotonic))


@pytest.mark.parametrize("vendor", ["openai", "azure", "anthropic", "gemini", "bedrock"])
def test_a_good_key_is_accepted_and_a_wrong_one_refused(simulator: RunningSimulator, vendor: Vendor) -> None:
    base_url = simulator.openai_url("checks") if vendor == "openai" else simulator.vendor_url("checks")
    accepted = checked(vendor, base_url, "sk-good-key-1234567890")
    assert (accepted.ok, accepted.message) == (True, "The vendor accepts this key.")
    refused = checked(vendor, base_url, "sk-wrong-key-1234567890")
    assert refused.ok is False
    assert "refuses this key" in refused.message


def test_a_bedrock_key_pair_is_accepted_and_a_wrong_secret_refused(simulator: RunningSimulator) -> None:
    base_url = simulator.vendor_url("checks")
    assert checked("bedrock", base_url, json.dumps(PAIR)).ok is True
    wrong = json.dumps({**PAIR, "secret_access_key": "wrong"})
    assert "refuses this key" in checked("bedrock", base_url, wrong).message


def test_a_service_account_gets_a_token_and_a_disabled_one_does_not(simulator: RunningSimulator) -> None:
    token_uri = f"{simulator.vendor_url('checks')}/token"
    assert checked("vertex", None, service_account_text(token_uri)).ok is True
    assert "refuses this key" in checked("vertex", None, service_account_text(token_uri, name="wrong")).message
