"""The ASGI application: one port for the Gateway, the APIs, health and the UI."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from madang.calls.clock import Clock
from madang.providers.registry import vendor_call
from madang.providers.remote_file import FileFetcher
from madang.routing.books import Books
from madang_server.accounts.problems import Invalid, NotFound
from madang_server.app.configuration import ConfigurationWatch
from madang_server.app.health import Parts, serve_health
from madang_server.app.limit_counts import LimitCounts
from madang_server.credentials.cipher import Cipher
from madang_server.credentials.secret_key import secret_key
from madang_server.drill.runner import DrillRunner
from madang_server.gateway.endpoints import Gateway
from madang_server.gateway.errors import Refused
from madang_server.gateway.explain import explanation
from madang_server.gateway.flights import FlightBook
from madang_server.gateway.http_client import HttpClient
from madang_server.gateway.kept_answers import KeptAnswers
from madang_server.gateway.sdk_config import described_models
from madang_server.http.surroundings import DeploymentHealth, ExplainOf, LimitsInUse, LimitUse
from madang_server.limits.book import LimitBook
from madang_server.limits.counters import moment_of
from madang_server.limits.limit import Limit
from madang_server.prices.catalogue import bundled
from madang_server.prices.remembered import RememberedList
from madang_server.responses.store import ResponseStore
from madang_server.settings import Settings
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.spool.writer import open_spool
from madang_server.storage.sql.engine import Database
from madang_server.studio.api import create_control_plane
from madang_server.version import __version__

if TYPE_CHECKING:
    from madang_server.gateway.shared_answers import SharedAnswers
    from madang_server.gateway.shared_health import SharedHealth
    from madang_server.gateway.shared_limits import SharedLimits

WORKER_STATUS = "worker.json"
KNOWN_PRICES = "prices.json"


class Platform:
    """Serves between `open` and its end. `database` is migrated already; the caller closes it afterwards."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._gateway: Gateway | None = None
        self._control: ASGIApp | None = None
        self._parts: Parts | None = None
        self._watch: ConfigurationWatch | None = None

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        """Opens spool, connections and the control plane, and keeps the configuration fresh until the end."""
        settings = self._settings
        clock = Clock()
        transport = HttpClient()
        spool = await asyncio.to_thread(open_spool, settings.spool_path)
        shared = _shared_health(settings.redis_url, clock) if settings.redis_url else None
        shared_answers = _shared_answers(settings.redis_url, clock) if settings.redis_url else None
        flights = FlightBook(elsewhere=shared_answers)
        limit_book = LimitBook()
        shared_limits = _shared_limits(settings.redis_url, limit_book, clock) if settings.redis_url else None
        limit_counts = LimitCounts(limit_book, self._database)
        await asyncio.to_thread(limit_counts.load)
        gateway = Gateway(
            vendor_call(transport, fetcher=FileFetcher(settings.file_hosts)),
            spool,
            clock=clock,
            new_books=shared.books if shared else lambda _: Books(),
            responses=ResponseStore(self._database, lambda: datetime.now(UTC)),
            answers=KeptAnswers(clock.monotonic, shared=shared_answers),
            flights=flights,
            limit_book=limit_book,
            shared_limits=shared_limits,
            transport=transport,
        )
        watch = ConfigurationWatch(
            gateway,
            self._database,
            Cipher(secret_key(settings, secrets.token_bytes)),
            settings.simulator_url,
            RememberedList(bundled(), settings.run_path / KNOWN_PRICES),
        )
        await asyncio.to_thread(watch.load)
        self._gateway = gateway
        self._watch = watch
        drills = DrillRunner(self._database, lambda: datetime.now(UTC))
        self._control = create_control_plane(
            settings,
            self._database,
            version=__version__,
            health_of=_health_of(gateway, clock),
            explain_of=_explain_of(gateway, clock),
            described_models=lambda project_id: described_models(gateway.project(project_id)),
            call_for=gateway.call_for_member,
            drills=drills,
            limits_in_use=_limits_in_use(limit_book, clock, asyncio.get_running_loop()),
            trace_store=Store(settings.clickhouse_url) if settings.clickhouse_url else None,
        )
        self._parts = Parts(
            gateway,
            self._database,
            watch,
            settings.run_path / WORKER_STATUS,
            shared=shared,
            shared_limits=shared_limits,
        )
        running = [asyncio.create_task(watch.run()), asyncio.create_task(limit_counts.run())]
        if shared is not None:
            running.append(asyncio.create_task(shared.run()))
        if shared_limits is not None:
            running.append(asyncio.create_task(shared_limits.run()))
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await flights.close()
            await limit_counts.save()
            if shared_answers is not None:
                await shared_answers.close()
            await asyncio.to_thread(drills.close)
            with contextlib.suppress(Exception):  # "last used" is a convenience; a database that is gone must not
                await asyncio.to_thread(watch.note_used_keys)  # keep the process from closing the spool
            await transport.close()
            await asyncio.to_thread(spool.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._gateway is not None and self._control is not None and self._parts is not None
        if scope["type"] == "http":
            path: str = scope["path"]
            if self._gateway.serves(path):
                await self._gateway(scope, receive, send)
                return
            if path in ("/health/live", "/health/ready"):
                await serve_health(self._parts, scope, send)
                return
            if path.startswith("/api/") and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                send = self._after_refresh(send)
        await self._control(scope, receive, send)

    def _after_refresh(self, send: Send) -> Send:
        """Whoever changed a key or a model finds the Gateway knowing it as soon as the change is answered."""
        watch = self._watch
        assert watch is not None

        async def refreshed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await watch.refresh()
            await send(message)

        return refreshed_send

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.open():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _explain_of(gateway: Gateway, clock: Clock) -> ExplainOf:
    def explain_of(project_id: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        project = gateway.project(project_id)
        if project is None:
            raise NotFound("The gateway does not serve this project yet: it has no API key in force.")
        try:
            return explanation(project, gateway.books(project_id), clock.monotonic(), wish)
        except Refused as refused:
            problem = NotFound if refused.status == 404 else Invalid
            raise problem(str(refused)) from None

    return explain_of


def _shared_health(redis_url: str, clock: Clock) -> "SharedHealth":
    from madang_server.gateway.shared_health import SharedHealth  # who has no Redis does not load its client

    return SharedHealth(redis_url, clock.monotonic)


def _shared_answers(redis_url: str, clock: Clock) -> "SharedAnswers":
    from madang_server.gateway.shared_answers import SharedAnswers

    return SharedAnswers(redis_url, clock.monotonic)


def _shared_limits(redis_url: str, book: LimitBook, clock: Clock) -> "SharedLimits":
    from madang_server.gateway.shared_limits import SharedLimits

    return SharedLimits(redis_url, book, lambda: moment_of(clock))


def _limits_in_use(book: LimitBook, clock: Clock, loop: asyncio.AbstractEventLoop) -> LimitsInUse:
    async def look(limits: Sequence[Limit]) -> dict[str, LimitUse]:
        now = moment_of(clock)
        return {one.id: LimitUse(tuple(book.standings(one, now)), book.refused_today(one, now)) for one in limits}

    def limits_in_use(limits: Sequence[Limit]) -> dict[str, LimitUse]:
        # Handlers run in threads, and the book belongs to the event loop.
        return asyncio.run_coroutine_threadsafe(look(limits), loop).result(timeout=10)

    return limits_in_use


def _health_of(gateway: Gateway, clock: Clock) -> Callable[[str], Mapping[tuple[str, str], DeploymentHealth]]:
    def health_of(project_id: str) -> Mapping[tuple[str, str], DeploymentHealth]:
        books = gateway.books(project_id)
        wall, now = datetime.now(UTC), clock.monotonic()
        report: dict[tuple[str, str], DeploymentHealth] = {}
        for target in gateway.targets(project_id):
            health = books.health.of(target, now)
            until = wall + timedelta(seconds=health.until - now) if health.state == "cooling" else None
            in_flight = books.latency.in_flight(target)
            report[target.alias, target.name] = DeploymentHealth(health.state, until, health.reason, in_flight)
        return report

    return health_of
