"""Two requests beside each other: the second starts when the first takes long; who answers first is taken, the other
stopped. Both are in the journal, each with what it cost or is estimated to have cost.
"""

import asyncio
from collections.abc import Callable

from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.layers.interruption import OUTRUN


async def first_of(call: Call, first: Request, after_s: float, second: Callable[[], Request | None]) -> Reply:
    """The reply that comes first. `second` gives the other request when `after_s` seconds have passed; it is not asked
    when the first one has answered or failed by then. Raises the later failure when both fail.
    """
    tasks = [asyncio.ensure_future(call(first))]
    try:
        await asyncio.wait(tasks, timeout=after_s)
        if not tasks[0].done():
            other = second()
            if other is not None:
                tasks.append(asyncio.ensure_future(call(other)))
        reply = await _winner(tasks)
    except BaseException:  # both failed, or the caller went away: neither may go on
        await _stop(tasks, "")
        raise
    await _stop(tasks, OUTRUN)
    return reply


async def _winner(tasks: list["asyncio.Task[Reply]"]) -> Reply:
    waiting = set(tasks)
    failure: CallFailed | None = None
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        answered = [task for task in tasks if task in done and task.exception() is None]
        if answered:
            for late in answered[1:]:
                await _drop(late.result())
            return answered[0].result()
        for task in done:
            error = task.exception()
            if not isinstance(error, CallFailed):
                assert error is not None
                raise error
            failure = error
    assert failure is not None
    raise failure


async def _stop(tasks: list["asyncio.Task[Reply]"], why: str) -> None:
    """Stops what still runs, and waits until its connection is closed."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel(why)
    for result in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(result, Reply):  # it answered in the very moment
            await _drop(result)


async def _drop(reply: Reply) -> None:
    """Gives up a reply that nobody will read. It is begun first: what was never begun cannot be closed."""
    events = reply.watched().events
    try:
        await anext(events, None)
    except CallFailed:
        return
    await events.aclose()
