"""A reply: how the vendor answered, as a stream of events."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec

from madang.calls.event import Event
from madang.calls.request import Request
from madang.calls.target import Target

Events: TypeAlias = AsyncGenerator[Event, None]


class Reply(msgspec.Struct, frozen=True):
    """A successful answer. `events` must be read to its end or closed; closing it stops the vendor's call."""

    status: int
    headers: Mapping[str, str]  # of the vendor, those worth passing on, lower case
    content_type: str
    events: Events
    target: Target

    def with_events(self, events: Events) -> "Reply":
        return Reply(self.status, self.headers, self.content_type, events, self.target)


Call: TypeAlias = Callable[[Request], Awaitable[Reply]]
"""A call turns a request into a reply or raises CallFailed. A layer turns a call into a call."""
