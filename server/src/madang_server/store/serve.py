"""Runs the store process: lock the folder, open the engine, answer on loopback until told to stop, close cleanly."""

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import uvicorn

from madang_server.store.configuration import write_configuration
from madang_server.store.engine import Engine
from madang_server.store.lock import lock_store
from madang_server.store.protocol import StoreApp

READERS = 4
USER = "madang"


def serve_store(home: Path, port: int, password: str, memory_mb: int) -> None:
    """Blocks until SIGTERM or SIGINT. Raises StoreInUse, OSError (port taken, folder not writable)
    or RuntimeError (the data cannot be opened).
    """
    run = home / "run"
    for folder in (home, run):
        folder.mkdir(parents=True, exist_ok=True)
    lock = lock_store(run)
    listener = _listen(port)
    threads = max(2, min(4, os.cpu_count() or 2))
    configuration = write_configuration(run / "store-config", memory_mb, threads)
    data = home / "store"
    data.mkdir(exist_ok=True)
    engine = Engine(data, configuration, READERS)
    try:
        status = {"pid": os.getpid(), "port": listener.getsockname()[1]}
        draft = run / f"store.json.{os.getpid()}"
        draft.write_text(json.dumps(status))
        draft.replace(run / "store.json")  # whole, for those who read it at this moment
        with ThreadPoolExecutor(READERS + 2, thread_name_prefix="store") as pool:
            _answer(StoreApp(engine, data, USER, password, pool), listener)
    finally:
        engine.close()
        listener.close()
        os.close(lock)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise OSError(f"Port {port} on 127.0.0.1 is taken; give the store another port") from error
    return listener


def _answer(app: StoreApp, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )

    def ignore(signum: int, frame: FrameType | None) -> None:
        """uvicorn stops at a signal, then raises it again: by default that would end us before the engine is closed."""

    signal.signal(signal.SIGTERM, ignore)
    signal.signal(signal.SIGINT, ignore)
    uvicorn.Server(config).run(sockets=[listener])
