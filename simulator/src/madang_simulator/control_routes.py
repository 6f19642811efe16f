"""The simulator's own paths: /_control sets behaviour and outages while running, /_requests shows what happened."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from madang_simulator.behaviour import FAULT_KINDS
from madang_simulator.control_body import ControlError, read_behaviour, read_region, show_behaviour
from madang_simulator.fleet import Fleet
from madang_simulator.journal import Journal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlRoutes:
    """Handlers of the own paths."""

    def __init__(self, fleet: Fleet, journal: Journal) -> None:
        self._fleet = fleet
        self._journal = journal

    def add_to(self, app: web.Application) -> None:
        """Adds the own paths to `app`."""
        app.router.add_get("/_health", self.health)
        app.router.add_get("/_control", self.show_all)
        app.router.add_delete("/_control", self.reset_all)
        app.router.add_put("/_control/regions/{region}", self.set_region)
        app.router.add_delete("/_control/regions/{region}", self.raise_region)
        app.router.add_get("/_control/{deployment}", self.show)
        app.router.add_put("/_control/{deployment}", self.set)
        app.router.add_delete("/_control/{deployment}", self.reset)
        app.router.add_get("/_requests", self.requests)
        app.router.add_delete("/_requests", self.clear_requests)

    async def health(self, request: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def show_all(self, request: web.Request) -> web.Response:
        behaviours = {name: show_behaviour(behaviour) for name, behaviour in self._fleet.behaviours().items()}
        defaults = show_behaviour(self._fleet.defaults)
        regions = {name: _region(how) for name, how in self._fleet.regions().items()}
        return _json({"deployments": behaviours, "regions": regions, "defaults": defaults, "fault_kinds": FAULT_KINDS})

    async def show(self, request: web.Request) -> web.Response:
        behaviour = self._fleet.behaviours().get(request.match_info["deployment"], self._fleet.defaults)
        return _json(show_behaviour(behaviour))

    async def set(self, request: web.Request) -> web.Response:
        try:
            behaviour = read_behaviour(await _body(request), self._fleet.defaults)
        except ControlError as error:
            return _refused(error)
        self._fleet.deployment(request.match_info["deployment"]).set(behaviour)
        return _json(show_behaviour(behaviour))

    async def reset(self, request: web.Request) -> web.Response:
        self._fleet.reset(request.match_info["deployment"])
        return web.Response(status=204)

    async def reset_all(self, request: web.Request) -> web.Response:
        self._fleet.reset_all()
        return web.Response(status=204)

    async def set_region(self, request: web.Request) -> web.Response:
        try:
            how = read_region(await _body(request))
        except ControlError as error:
            return _refused(error)
        self._fleet.set_region(request.match_info["region"], how)
        return _json(_region(how))

    async def raise_region(self, request: web.Request) -> web.Response:
        self._fleet.set_region(request.match_info["region"], None)
        return web.Response(status=204)

    async def requests(self, request: web.Request) -> web.Response:
        limit = request.query.get("limit", "100")
        if not limit.isascii() or not limit.isdigit():
            return _refused(ControlError({"limit": f"must be a whole number from 0 on, not {limit[:20]!r}"}))
        return _json(self._journal.show(deployment=request.query.get("deployment"), limit=int(limit)))

    async def clear_requests(self, request: web.Request) -> web.Response:
        self._journal.clear()
        return web.Response(status=204)


async def _body(request: web.Request) -> object:
    try:
        return msgspec.json.decode(await request.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ControlError({"": 'the body is not JSON; send an object such as {"first_token_ms": 300}'}) from error


def _region(how: str | None) -> dict[str, Any]:
    return {"down": how is not None, "how": how}


def _json(value: object, status: int = 200) -> web.Response:
    # Not msgspec: a journaled body may hold numbers beyond 64 bits.
    return web.json_response(value, status=status)


def _refused(error: ControlError) -> web.Response:
    problems = [{"field": field, "problem": problem} for field, problem in error.problems.items()]
    return _json({"error": {"message": str(error), "problems": problems}}, status=400)
