"""What an exception that is not CallFailed means for a call: its caller went away, another request was faster, or there is
a fault in our own code."""

import asyncio

from madang.errors import CallFailed

OUTRUN = "outrun"
"""The message of a cancellation of the slower of two requests."""


class Outrun(Exception):
    """Thrown into a reply that came in the same moment as the one that was taken."""


def is_outrun(error: BaseException) -> bool:
    return isinstance(error, Outrun) or (isinstance(error, asyncio.CancelledError) and OUTRUN in error.args)


def failure_of(error: BaseException) -> CallFailed:
    """For journal and trace; the exception itself goes on to whoever has to see it."""
    if is_outrun(error):
        return CallFailed(
            "Another deployment answered first, so this request was stopped.", reason="cancelled", status=499
        )
    if isinstance(error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt | SystemExit):
        return CallFailed("The caller went away before the answer was complete.", reason="cancelled", status=499)
    return CallFailed(f"A fault in Madang itself ({type(error).__name__}).", reason="server_error", status=500)
