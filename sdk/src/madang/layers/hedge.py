"""Two requests beside each other: the second starts when the first takes long; who answers first is taken, the other
stopped. Both are in the journal, each with what it cost or is estimated to have cost.
"""

import asyncio
from collections.abc import Callable

from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.layers.interruption import OUTRUN, Outrun


async def first_of(
    call: Call,
    first: Request,
    after_s: float,
    second: Callable[[], Request | None],
    is_final: Callable[[CallFailed], bool],
) -> Reply:
    """The reply that comes first. `second` gives the other request when `after_s` seconds have passed; it is not asked
    when the first one has answered or failed by then. Raises the later failure when both fail, and one that is final for
    the call at once.
    """
    tasks = [asyncio.ensure_future(call(first))]
    try:
        await asyncio.wait(tasks, timeout=after_s)
        if tasks[0].done():  # as most calls are by then
            return await tasks[0]
        other = second()
        if other is not None:
            tasks.append(asyncio.ensure_future(call(other)))
        winner = await _winner(tasks, is_final)
        await _stop([task for task in tasks if task is not winner], OUTRUN)
    except (
        BaseException
    ) as error:  # one failed for both, or the caller went away: neither may go on, nor stay open unread
        await _stop(tasks, OUTRUN if isinstance(error, CallFailed) else "")
        raise
    return winner.result()


async def _winner(tasks: list["asyncio.Task[Reply]"], is_final: Callable[[CallFailed], bool]) -> "asyncio.Task[Reply]":
    waiting = set(tasks)
    failure: CallFailed | None = None
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task in done]  # the first request first, where both came together
        for task in ended:
            error = task.exception()
            if error is None:
                return task
            if not isinstance(error, CallFailed):
                raise error
            failure = error
            if is_final(error):
                break
        if failure is not None and is_final(failure):
            break
    assert failure is not None
    raise failure


async def _stop(tasks: list["asyncio.Task[Reply]"], why: str) -> None:
    """Stops what still runs, gives up what nobody will read, and waits until the connections are closed."""
    for task in tasks:
        task.cancel(why)
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Reply):
            await _drop(result, why)


async def _drop(reply: Reply, why: str) -> None:
    """Gives up a reply that nobody will read. It is begun first: what was never begun cannot be closed."""
    events = reply.watched().events
    try:
        if await anext(events, None) is not None and why == OUTRUN:
            await events.athrow(Outrun())
    except (CallFailed, Outrun):
        return
    await events.aclose()
