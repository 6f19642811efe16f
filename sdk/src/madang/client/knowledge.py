"""What a client knows of its project: routes and leases, fetched at the first call and kept fresh in the background.

Once known, it holds while the platform is away: calls go on with what was known last.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from madang.calls.target import Route
from madang.credentials.leases import Leases
from madang.errors import ConfigError, PlatformRefused, PlatformUnavailable
from madang.routing.document import routes_of
from madang.routing.override import overridden
from madang.studio.platform import Platform

REFRESH_S = 15.0
_FIRST_TRIES = 3
_CLOSING_S = 2.0  # for a refresh under way; its thread does not keep the process alive

_log = logging.getLogger(__name__)


class Knowledge:
    """Routes by model name, and vendor keys. One thread refreshes both until `close`."""

    def __init__(
        self, platform: Platform, *, now: Callable[[], float] = time.time, refresh_s: float = REFRESH_S
    ) -> None:
        self._platform = platform
        self._refresh_s = refresh_s
        self._leases = Leases(platform.lease, now)
        self._routes: Mapping[str, Route] | None = None
        self._project_id = ""
        self._etag = ""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._refused: PlatformRefused | None = None

    @property
    def project_id(self) -> str:
        return self._project_id

    def has(self, model: str) -> bool:
        """Whether `route` can answer without asking the platform."""
        if self._was_forked():
            return False
        route = self._routes.get(model) if self._routes is not None and self._refused is None else None
        return route is not None and all(self._leases.key_of(c) is not None for c in _credentials_of(route))

    def route(self, model: str) -> Route:
        """Where calls for this name go. Raises ConfigError, or at the first call what the platform said. May block."""
        if self._routes is None or self._was_forked():
            self._learn()
        if not self._routes or model not in self._routes:  # it may have been added a moment ago
            self._refresh_config()
        if self._refused is not None:
            raise PlatformRefused(str(self._refused), self._refused.status)
        routes = self._routes or {}
        route = routes.get(model)
        if route is None:
            known = ", ".join(sorted(name for name in routes if "/" not in name)) or "none yet"
            raise ConfigError(f"Model {model!r} is not set up in this project. Known models: {known}.")
        self._leases.fetch(_credentials_of(route))
        return route

    def overridden(self, route: Route, wishes: Mapping[str, Any], /) -> Route:
        """The route as one call wants it, with the keys that it needs. Raises ConfigError. May block."""
        wanted = overridden(route, wishes, self._routes or {})
        self._leases.fetch(_credentials_of(wanted))
        return wanted

    def key_of(self, credential_id: str) -> str:
        """The vendor's key; "" for a deployment that needs none."""
        return (self._leases.key_of(credential_id) or "") if credential_id else ""

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_CLOSING_S)

    def _learn(self) -> None:
        with self._lock:
            if self._routes is not None and not self._was_forked():
                return
            for tries_left in range(_FIRST_TRIES - 1, -1, -1):
                try:
                    self._take_config()
                    break
                except PlatformUnavailable:
                    if self._routes is not None:  # known from before a fork
                        break
                    if not tries_left:
                        raise
                    time.sleep(0.2)
            self._thread = threading.Thread(target=self._keep_fresh, name="madang-config", daemon=True)
            self._thread.start()

    def _was_forked(self) -> bool:
        """Whether nobody refreshes any more, because the refreshing thread stayed in the parent process."""
        return self._thread is not None and not self._thread.is_alive() and not self._stop.is_set()

    def _keep_fresh(self) -> None:
        while not self._stop.wait(self._refresh_s):
            self._refresh_config()
            try:
                self._leases.renew()
            except (PlatformUnavailable, PlatformRefused) as error:
                _log.warning("Vendor credentials could not be renewed: %s", error)

    def _refresh_config(self) -> None:
        try:
            with self._lock:
                self._take_config()
            self._refused = None
        except PlatformUnavailable:
            pass  # what is known still holds; the next round asks again
        except PlatformRefused as error:
            if error.status == 401:  # the key was revoked: calls must stop
                self._refused = error

    def _take_config(self) -> None:
        fetched = self._platform.config(self._etag)
        if fetched is None:
            return
        try:
            routes, project_id = routes_of(fetched.document), str(fetched.document["project_id"])
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            raise PlatformUnavailable(
                "The platform describes its models in a way that this version cannot read. Update the madang package."
            ) from None
        self._routes, self._project_id, self._etag = routes, project_id, fetched.etag


def _credentials_of(route: Route) -> set[str]:
    routes = (route, *route.fallbacks, *(each for after in route.after.values() for each in after))
    return {target.credential_id for each in routes for target in each.targets if target.credential_id}
