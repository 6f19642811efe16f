"""A reply: how the vendor answered, as a stream of events; and watchers, who see it pass."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

import msgspec

from madang.calls.event import Event
from madang.calls.request import Request
from madang.calls.target import Target

Events: TypeAlias = AsyncGenerator[Event, None]


class Watcher(Protocol):
    """Sees each event before the caller does, and then the end, exactly once. Must not raise."""

    def saw(self, event: Event) -> None: ...

    def ended(self, error: BaseException | None) -> None:
        """`error` is what ended the reply: a CallFailed, a cancellation, or None when it was complete."""


class Reply(msgspec.Struct, frozen=True):
    """A successful answer. `events` must be read to its end or closed; closing it stops the vendor's call.

    Watchers cost nothing per layer: whoever passes the events on next, by `watched`, lets all of them look.
    """

    status: int
    headers: Mapping[str, str]  # of the vendor, those worth passing on, lower case
    content_type: str
    events: Events
    target: Target
    watchers: tuple[Watcher, ...] = ()  # innermost first

    def with_events(self, events: Events) -> "Reply":
        return Reply(self.status, self.headers, self.content_type, events, self.target)

    def seen_by(self, watcher: Watcher) -> "Reply":
        """The same reply with one more watcher, who looks after those that are there."""
        watchers = (*self.watchers, watcher)
        return Reply(self.status, self.headers, self.content_type, self.events, self.target, watchers)

    def watched(self) -> "Reply":
        """The same reply with its watchers at work. A layer that changes events does this first."""
        return self.with_events(_shown(self.events, self.watchers)) if self.watchers else self


async def _shown(events: Events, watchers: tuple[Watcher, ...]) -> Events:
    end: BaseException | None = None
    try:
        async for event in events:
            for watcher in watchers:
                watcher.saw(event)
            yield event
    except BaseException as error:
        end = error
        raise
    finally:
        try:
            await events.aclose()
        finally:
            for watcher in watchers:
                watcher.ended(end)


Call: TypeAlias = Callable[[Request], Awaitable[Reply]]
"""A call turns a request into a reply or raises CallFailed. A layer turns a call into a call."""
