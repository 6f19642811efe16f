"""What an exception that is not CallFailed means for a call: its caller went away, or there is a fault in our own code."""

import asyncio

from madang.errors import CallFailed


def failure_of(error: BaseException) -> CallFailed:
    """For journal and trace; the exception itself goes on to whoever has to see it."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt | SystemExit):
        return CallFailed("The caller went away before the answer was complete.", reason="cancelled", status=499)
    return CallFailed(f"A fault in Madang itself ({type(error).__name__}).", reason="server_error", status=500)
