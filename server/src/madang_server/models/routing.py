"""How a model wants its calls to go: the part of a route's policy that belongs to the model, and its form in the database.

The words are those of `madang.calls.policy`. Fallback models are aliases here; the Gateway makes routes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from madang.calls.policy import OnCut, StickyBy, Strategy


@dataclass(frozen=True, kw_only=True)
class Routing:
    """`fallbacks_after` names, by failure class, the aliases to go on with; a class that is missing uses the model's
    `fallbacks`, an empty tuple none. `hedge_after_s` is seconds. See `madang.calls.policy.Policy` for the rest.
    """

    strategy: Strategy = "weighted"
    prefer_regions: tuple[str, ...] = ()
    sticky_by: StickyBy = "none"
    fallbacks_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hedge_after_s: float | None = None
    hedges_at_p95: bool = False
    on_cut: OnCut = "error"

    def renamed(self, rename: Callable[[str], str]) -> Routing:
        """The same with every alias in it replaced by `rename(alias)`."""
        after = {kind: tuple(rename(alias) for alias in aliases) for kind, aliases in self.fallbacks_after.items()}
        return replace(self, fallbacks_after=after)


PLAIN_ROUTING = Routing()


def stored_form(routing: Routing) -> dict[str, Any]:
    """JSON with what differs from the defaults, so that a default which changes later changes for old models too."""
    plain = _values(PLAIN_ROUTING)
    return {name: value for name, value in _values(routing).items() if value != plain[name]}


def routing_of(stored: Mapping[str, Any] | None) -> Routing:
    """The routing that was stored. Fields of a newer version are passed over, so that going back a version works."""
    given = stored or {}
    return Routing(
        strategy=given.get("strategy", PLAIN_ROUTING.strategy),
        prefer_regions=tuple(given.get("prefer_regions", ())),
        sticky_by=given.get("sticky_by", PLAIN_ROUTING.sticky_by),
        fallbacks_after={kind: tuple(aliases) for kind, aliases in given.get("fallbacks_after", {}).items()},
        hedge_after_s=given.get("hedge_after_s"),
        hedges_at_p95=given.get("hedges_at_p95", False),
        on_cut=given.get("on_cut", PLAIN_ROUTING.on_cut),
    )


def _values(routing: Routing) -> dict[str, Any]:
    return {
        "strategy": routing.strategy,
        "prefer_regions": list(routing.prefer_regions),
        "sticky_by": routing.sticky_by,
        "fallbacks_after": {kind: list(aliases) for kind, aliases in routing.fallbacks_after.items()},
        "hedge_after_s": routing.hedge_after_s,
        "hedges_at_p95": routing.hedges_at_p95,
        "on_cut": routing.on_cut,
    }
