"""Vendor keys on loan: fetched once, renewed in time, kept while the platform is away, forgotten when it refuses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from madang.credentials.leases import Leases
from madang.errors import PlatformRefused, PlatformUnavailable


class Lender:
    """Lends keys for 900 seconds of a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_767_225_600.0
        self.asked: list[list[str]] = []
        self.error: Exception | None = None
        self.leases = Leases(self.lend, lambda: self.now)

    def lend(self, credential_ids: list[str]) -> Mapping[str, Any]:
        self.asked.append(credential_ids)
        if self.error is not None:
            raise self.error
        expires = datetime.fromtimestamp(self.now + 900, UTC).isoformat().replace("+00:00", "Z")
        return {name: {"api_key": f"{name}-key-{len(self.asked)}", "expires_at": expires} for name in credential_ids}


@pytest.fixture
def lender() -> Lender:
    lender = Lender()
    lender.leases.fetch(["b", "a"])
    return lender


def test_several_keys_are_fetched_at_once_and_only_once(lender: Lender) -> None:
    lender.leases.fetch(["a", "b"])
    lender.leases.fetch(["a", "c"])
    assert lender.asked == [["a", "b"], ["c"]]
    assert lender.leases.key_of("a") == "a-key-1"
    assert lender.leases.key_of("unknown") is None


def test_a_key_is_renewed_when_a_third_of_its_life_is_left(lender: Lender) -> None:
    lender.now += 600
    lender.leases.renew()
    assert len(lender.asked) == 1
    lender.now += 4
    lender.leases.renew()
    assert lender.leases.key_of("a") == "a-key-2"
    lender.leases.renew()
    assert len(lender.asked) == 2


def test_a_key_whose_lease_has_ended_is_used_while_the_platform_is_away(lender: Lender) -> None:
    lender.now += 5000
    lender.error = PlatformUnavailable("away")
    with pytest.raises(PlatformUnavailable):
        lender.leases.renew()
    assert lender.leases.key_of("a") == "a-key-1"


def test_a_key_that_the_platform_refuses_to_renew_is_forgotten(lender: Lender) -> None:
    lender.now += 5000
    lender.error = PlatformRefused("no", 404)
    with pytest.raises(PlatformRefused):
        lender.leases.renew()
    assert lender.leases.key_of("a") is None


@pytest.mark.parametrize("lent", [{"a": {}}, {"a": {"api_key": "k", "expires_at": "soon"}}, {"a": None}, {"a": "k"}])
def test_a_platform_of_another_version_is_told_and_what_is_held_is_kept(lent: Mapping[str, Any]) -> None:
    leases = Leases(lambda _: lent, lambda: 0.0)
    with pytest.raises(PlatformUnavailable, match="this version cannot read"):
        leases.fetch(["a"])
    assert leases.key_of("a") is None
