"""An answer that waits for somebody else, such as a vendor, made after the request gave back its database connection.

What a handler returns is sent when its dependencies have ended; so a handler reads what it needs, and returns the waiting
as a `Later`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import BaseModel
    from starlette.types import Receive, Scope, Send


class Later(Response):
    """Answers with what `make` gives. A problem that it raises is answered like one of the handler's own."""

    def __init__(self, make: Callable[[], Awaitable[BaseModel]]) -> None:
        super().__init__()
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = await self._make()
        await Response(shown.model_dump_json(), media_type="application/json")(scope, receive, send)
