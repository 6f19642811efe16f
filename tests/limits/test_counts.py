"""Money and refusals in the database: added up by all gateways, on both engines."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from madang_server.accounts import organisations
from madang_server.accounts.organisations import Organisation
from madang_server.accounts.randomness import new_id
from madang_server.limits.book import CounterId, Counts
from madang_server.limits.counts import add_counts, current_counts, forget_old_counts
from madang_server.limits.limit import LimitKind
from madang_server.limits.store import Place, WantedLimit, put_limit
from madang_server.storage.sql.engine import Database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def limit_id(database: Database) -> str:
    """A budget of an organisation."""
    kind: LimitKind = "usd_per_day"
    wanted = WantedLimit(scope="organisation", subject="", kind=kind, amount=Decimal(1), soft_share=Decimal("0.8"))
    with database.transaction() as connection:
        acme = Organisation(id=new_id(secrets.token_bytes), name="Acme", created_at=NOW)
        organisations.add_organisation(connection, acme)
        place = Place(organisation_id=acme.id)
        made = put_limit(connection, place, wanted, limit_id="lim_1", user_id=None, now=NOW)
        return made.limit.id


def add(database: Database, counts: Counts) -> Counts:
    with database.transaction() as connection:
        return add_counts(connection, counts)


def current(database: Database) -> Counts:
    with database.reading() as connection:
        return current_counts(connection, NOW)


def test_what_several_gateways_add_is_the_sum_and_each_is_told_it(database: Database, limit_id: str) -> None:
    day = CounterId(limit_id, "", "2026-11-22")
    assert add(database, Counts(paid={day: Decimal("0.1")})).paid == {day: Decimal("0.1")}
    assert add(database, Counts(paid={day: Decimal("0.000000001")})).paid == {day: Decimal("0.100000001")}
    assert current(database).paid == {day: Decimal("0.100000001")}


def test_each_user_and_each_window_has_its_own_sum(database: Database, limit_id: str) -> None:
    ann, ben = CounterId(limit_id, "ann", "2026-11-22"), CounterId(limit_id, "ben", "2026-11-22")
    month = CounterId(limit_id, "", "2026-11")
    paid = {ann: Decimal(1), ben: Decimal(2), month: Decimal(3)}
    add(database, Counts(paid=paid))
    assert current(database).paid == paid


def test_days_that_are_over_are_not_read_again(database: Database, limit_id: str) -> None:
    add(database, Counts(paid={CounterId(limit_id, "", "2026-11-21"): Decimal(1)}))
    assert current(database).paid == {}


def test_refusals_are_summed_by_day(database: Database, limit_id: str) -> None:
    today = (limit_id, "2026-11-22")
    add(database, Counts(refused={today: 3}))
    assert add(database, Counts(refused={today: 4})).refused == {today: 7}
    assert current(database).refused == {today: 7}


def test_what_was_counted_under_a_deleted_limit_is_dropped(database: Database, limit_id: str) -> None:
    day = CounterId("lim_gone", "", "2026-11-22")
    kept = CounterId(limit_id, "", "2026-11-22")
    assert add(database, Counts(paid={day: Decimal(1), kept: Decimal(1)})).paid == {kept: Decimal(1)}


def test_old_counts_are_forgotten_after_a_month(database: Database, limit_id: str) -> None:
    places = [
        CounterId(limit_id, "", window) for window in ("2026-09-30", "2026-09", "2026-10", "2026-10-01", "2026-11")
    ]
    add(database, Counts(paid=dict.fromkeys(places, Decimal(1))))
    with database.transaction() as connection:
        forget_old_counts(connection, NOW)
        sums = add_counts(connection, Counts(paid=dict.fromkeys(places, Decimal(1))))
    assert [int(sums.paid[place]) for place in places] == [1, 1, 2, 2, 2]
