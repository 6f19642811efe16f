"""All prices in force at one moment, for every project; and the moment when it must be opened afresh."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Protocol

from madang.calls.target import Price
from madang_server.prices.resolve import overrides_in_force, resolve_price

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from madang_server.prices.catalogue import Listed
    from madang_server.prices.overrides import Override

_Name = tuple[str, str, str, str]


class PriceList(Protocol):
    """Who knows models and what they cost."""

    def find(self, vendor: str, model: str, *, base_model: str = "", base_url: str = "", at: datetime) -> Listed | None:
        """The model that stands behind a deployment, with its price at `at` (UTC); None when it is not known."""


class PriceBook:
    """Answers for one moment; make another one for the next. It looks each model up once, however many use it."""

    def __init__(self, catalogue: PriceList, overrides: Mapping[str, Sequence[Override]], at: datetime) -> None:
        self._catalogue = catalogue
        self._overrides = overrides
        self._at = at.astimezone(UTC)
        self._listed: dict[_Name, Listed | None] = {}

    def listed(self, vendor: str, model: str, *, base_model: str = "", base_url: str = "") -> Listed | None:
        """What the list says about a deployment's model: price, context window; None when it does not know it."""
        name = (vendor, model, base_model, base_url)
        if name not in self._listed:
            self._listed[name] = self._catalogue.find(
                vendor, model, base_model=base_model, base_url=base_url, at=self._at
            )
        return self._listed[name]

    def of_project(self, project_id: str) -> ProjectPrices:
        """The same moment's prices as one project pays them."""
        return ProjectPrices(self, self._overrides.get(project_id, ()), self._at.date())

    @property
    def changes_at(self) -> datetime | None:
        """When one of the prices asked for so far, or any project's own, may be another; None when none is known to."""
        listed = [one.changes_at for one in self._listed.values() if one is not None and one.changes_at is not None]
        today = self._at.date()
        agreed = [one.valid_from for each in self._overrides.values() for one in each if one.valid_from > today]
        return min([*listed, *(datetime.combine(day, time(), UTC) for day in agreed)], default=None)


class ProjectPrices:
    """What deployments of one project cost at the book's moment."""

    def __init__(self, book: PriceBook, overrides: Sequence[Override], on: date) -> None:
        self._book = book
        self._overrides = overrides
        self._on = on
        self._known: dict[tuple[Price, _Name], Price | None] = {}

    def price_of(
        self, own: Price, vendor: str, model: str, *, base_model: str = "", base_url: str = ""
    ) -> Price | None:
        """A deployment's own price over the project's over the list's; None when nobody knows any."""
        name = (vendor, model, base_model, base_url)
        if (own, name) not in self._known:
            listed = self._book.listed(vendor, model, base_model=base_model, base_url=base_url)
            self._known[own, name] = self._laid_over(own, vendor, (model, base_model), listed)
        return self._known[own, name]

    def context_window_of(self, vendor: str, model: str, *, base_model: str = "", base_url: str = "") -> int | None:
        """What the list says of a deployment's model, in tokens; None when it does not tell."""
        listed = self._book.listed(vendor, model, base_model=base_model, base_url=base_url)
        return None if listed is None else listed.context_window

    def price_over(self, listed: Listed) -> Price | None:
        """What the project pays for a model of the list, where no deployment says otherwise."""
        return self._laid_over(Price(), listed.vendor, (listed.model,), listed)

    def _laid_over(self, own: Price, vendor: str, names: tuple[str, ...], listed: Listed | None) -> Price | None:
        agreed = overrides_in_force(self._overrides, vendor, names, self._on)
        layers = [own, *(one.price for one in agreed)]
        if listed is None or listed.price is None:
            return resolve_price(layers, {})
        return resolve_price([*layers, listed.price], listed.same_as)
