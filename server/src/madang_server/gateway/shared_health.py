"""Breakers that several gateways share through Redis: what one finds out all know, and only one of them makes the trial.

Never on a call's way: changes are told in the background, and a Redis that is gone means that each process goes on with
what it finds out by itself, trials included. `is_connected` and the log say so.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from redis import asyncio as redis
from redis.exceptions import RedisError

from madang.routing.books import Books
from madang.routing.health import LONGEST_REST_S, PROBE_S, Change, HealthBook

CHANNEL = "madang:health"
_ROUND_S = 0.1
_RECONNECT_S = 1.0
_TIMEOUT_S = 2.0
_MOST_UNSENT = 10_000  # changes; what a long outage of Redis leaves behind is of no use to anybody

_log = logging.getLogger(__name__)


class _Told(msgspec.Struct):
    """A change on the wire. `by`: the process that found it out."""

    by: str
    project: str
    key: str
    rest_s: float
    reason: str
    rests: int


_decoder = msgspec.json.Decoder(_Told)


class SharedHealth:
    """Makes the books of each project, and keeps them in step while `run` runs. Use inside one event loop."""

    def __init__(self, url: str, monotonic: Callable[[], float]) -> None:
        self._url = url
        self._monotonic = monotonic
        self._id = secrets.token_hex(8)
        self._books: dict[str, HealthBook] = {}
        self._heard: dict[str, dict[str, tuple[Change, float]]] = {}  # by project and key, with when its rest ends
        self._unsent: list[tuple[str, Change]] = []
        self.is_connected = False
        self._has_warned = False

    def books(self, project_id: str) -> Books:
        """New books of a project, shared from now on."""
        health = HealthBook(lambda change: self._changed(project_id, change), asks_before_trial=True)
        self._books[project_id] = health
        now = self._monotonic()
        for change, until in self._heard.get(project_id, {}).values():
            if until > now:
                health.apply(change._replace(rest_s=until - now), now)
        return Books(health)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._share()
            except (RedisError, OSError, TimeoutError) as error:
                self.is_connected = False
                if not self._has_warned:
                    self._has_warned = True
                    _log.error(
                        "Redis does not answer (%s); breakers are not shared with other gateways until it does.",
                        type(error).__name__,
                    )
            self._allow_all_trials()
            await asyncio.sleep(_RECONNECT_S)

    async def _share(self) -> None:
        connection = redis.Redis.from_url(self._url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
        try:
            async with connection.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                await self._catch_up(connection)
                self.is_connected = True
                if self._has_warned:
                    self._has_warned = False
                    _log.warning("Redis answers again; breakers are shared.")
                while True:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=_ROUND_S)
                    if message is not None:
                        self._hear(message["data"])
                    await self._send(connection)
                    await self._ask_for_trials(connection)
        finally:
            await connection.aclose()

    async def _catch_up(self, connection: Any) -> None:
        """What the others know already."""
        async for name in connection.scan_iter(match="madang:rest:*", count=1000):
            told = await connection.get(name)
            left_ms = await connection.pttl(name)
            if told is not None and left_ms > 0:
                self._hear(told, rest_s=left_ms / 1000)

    def _hear(self, data: bytes, rest_s: float | None = None) -> None:
        try:
            told = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):  # another version's word, or somebody else's
            return
        if told.by == self._id:
            return
        now = self._monotonic()
        rest_s = min(max(told.rest_s if rest_s is None else rest_s, 0.0), LONGEST_REST_S)
        change = Change(told.key, rest_s, told.reason, told.rests)
        heard = self._heard.setdefault(told.project, {})
        if change.rest_s:
            heard[told.key] = (change, now + change.rest_s)
        else:
            heard.pop(told.key, None)
        book = self._books.get(told.project)
        if book is not None:
            book.apply(change, now)

    def _changed(self, project_id: str, change: Change) -> None:
        self._unsent.append((project_id, change))
        del self._unsent[:-_MOST_UNSENT]

    async def _send(self, connection: Any) -> None:
        while self._unsent:
            project_id, change = self._unsent[0]
            told = msgspec.json.encode(_Told(self._id, project_id, *change))
            place = _place(project_id, change.key)
            async with connection.pipeline(transaction=True) as together:
                if change.rest_s:
                    together.set(f"madang:rest:{place}", told, px=max(1, round(change.rest_s * 1000)))
                else:
                    together.delete(f"madang:rest:{place}")
                together.delete(f"madang:trial:{place}")
                together.publish(CHANNEL, told)
                await together.execute()
            del self._unsent[0]

    async def _ask_for_trials(self, connection: Any) -> None:
        now = self._monotonic()
        for project_id, book in self._books.items():
            for key in book.waiting_for_trial(now):
                name = f"madang:trial:{_place(project_id, key)}"
                if await connection.set(name, self._id, nx=True, px=round(PROBE_S * 1000)):
                    book.allow_trial(key)

    def _allow_all_trials(self) -> None:
        now = self._monotonic()
        for book in self._books.values():
            for key in book.waiting_for_trial(now):
                book.allow_trial(key)


def _place(project_id: str, key: str) -> str:
    return f"{project_id}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
