"""Runs the platform's server process: prepares the database, listens, and stops cleanly."""

import socket
from collections.abc import Callable

import uvicorn

from madang_server.app.http_protocol import HttpProtocol
from madang_server.app.listen import BACKLOG
from madang_server.app.platform import Platform
from madang_server.settings import Settings
from madang_server.storage.sql.engine import Database

GRACE_S = 10  # for calls in flight when the process is asked to stop


def serve(settings: Settings, database: Database, listener: socket.socket, on_ready: Callable[[], None]) -> bool:
    """Blocks until SIGTERM or SIGINT; `on_ready` is called once requests are answered. False when it came to nothing."""
    config = uvicorn.Config(
        Platform(settings, database),
        http=HttpProtocol,
        loop="uvloop",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
    )
    server = _Server(config, on_ready)
    server.run(sockets=[listener])
    return server.started


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            self._on_ready()
