"""Projects with limits on a running platform, and many callers at once."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
from tests.studio.world import Answer
from tests.support.running_platform import Platform, until


@dataclass(frozen=True)
class Called:
    """What one caller was told."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Rush:
    """Many calls at once, and how long all of them took."""

    calls: list[Called]
    seconds: float

    @property
    def statuses(self) -> Counter[int]:
        return Counter(call.status for call in self.calls)

    @property
    def answered(self) -> list[Called]:
        return [call for call in self.calls if call.status == 200]


@dataclass
class LimitedProject:
    """A project of its own on a platform, so that its limits are nobody else's."""

    platform: Platform
    id: str = ""
    key: str = ""
    public_key: str = ""
    limits: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id, _ = self.platform.new_project()
        self.key, self.public_key = self.new_key()

    def new_key(self) -> tuple[str, str]:
        """Another key: secret and public."""
        pair = self.platform.new_key(self.id)
        return pair["secret_key"], pair["public_key"]

    def model(self, **behaviour: Any) -> str:
        """A model of one deployment that costs 1 and 2 dollars per million tokens."""
        return self.platform.model(self.platform.deployment(**behaviour), key=self.key)

    def limit(self, kind: str, amount: str | int, *, scope: str = "project", subject: str = "", **more: Any) -> str:
        """The id of a new limit, in force when this returns."""
        body = {"scope": scope, "subject": subject, "kind": kind, "amount": str(amount), **more}
        made = self.platform.browser().send("PUT", f"/api/projects/{self.id}/limits", body)
        assert made.status == 200, made.body
        return str(made.json["id"])

    def shown(self, limit_id: str) -> Any:
        """The limit as people see it."""
        items = self.platform.browser().get(f"/api/projects/{self.id}/limits").json["items"]
        return next(one for one in items if one["id"] == limit_id)

    def used(self, limit_id: str, subject: str = "") -> Decimal:
        uses = {use["subject"]: Decimal(use["used"]) for use in self.shown(limit_id)["use"]}
        return uses.get(subject, Decimal(0))

    def chat(self, model: str, *, key: str | None = None, **more: Any) -> Answer:
        return self.platform.chat(model, key=key or self.key, **more)

    def rush(self, model: str, calls: int = 200, **more: Any) -> Rush:
        """So many calls at the same time."""
        return asyncio.run(rush([self.platform.url], self.key, model, calls, **more))

    def until_used(self, limit_id: str, wanted: Decimal | int, subject: str = "") -> None:
        until(lambda: self.used(limit_id, subject) == wanted, f"{wanted} of the limit are in use")


async def rush(urls: list[str], key: str, model: str, calls: int, **more: Any) -> Rush:
    """Calls at the same time, spread evenly over the gateways."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}
    headers = {"authorization": f"Bearer {key}"}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as session:

        async def call(number: int) -> Called:
            url = f"{urls[number % len(urls)]}/v1/chat/completions"
            async with session.post(url, json=body, headers={"x-madang-trace-id": secrets.token_hex(16)}) as answer:
                return Called(answer.status, answer.headers, await answer.read())

        began = time.monotonic()
        called = await asyncio.gather(*(call(number) for number in range(calls)))
        return Rush(list(called), time.monotonic() - began)
