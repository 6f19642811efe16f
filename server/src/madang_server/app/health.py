"""`/health/live` and `/health/ready`: whether the process runs, and how each of its parts is doing, truthfully."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from madang_server.app.configuration import ConfigurationWatch, closed_advice
from madang_server.gateway.asgi import JSON, Scope, Send, answer
from madang_server.gateway.endpoints import Gateway
from madang_server.storage.sql.engine import Database

if TYPE_CHECKING:
    from madang_server.gateway.shared_health import SharedHealth
    from madang_server.gateway.shared_limits import SharedLimits

_STALE_STATUS_S = 15.0  # the worker writes its status every second or two


class Parts(NamedTuple):
    """What the health page looks at."""

    gateway: Gateway
    database: Database
    watch: ConfigurationWatch
    worker_status: Path
    now: Callable[[], float] = time.time
    shared: "SharedHealth | None" = None  # None where no Redis is set
    shared_limits: "SharedLimits | None" = None


async def serve_health(parts: Parts, scope: Scope, send: Send) -> None:
    if scope["path"] == "/health/live":
        await answer(send, 200, [JSON], b'{"status":"ok"}')
        return
    report = await asyncio.to_thread(readiness, parts)
    # Calls are served as long as keys and routes are known; the other parts make the report, not the status code.
    status = 200 if report["status"] != "starting" else 503
    await answer(send, status, [JSON, (b"cache-control", b"no-store")], msgspec.json.encode(report))


def readiness(parts: Parts) -> dict[str, Any]:
    """The report: `status` is "starting", "ok", or "degraded" when calls are served but something else is not right."""
    stale_since = parts.watch.stale_since
    database: dict[str, Any] = {"ok": stale_since is None and parts.database.answers(), "stale_since": stale_since}
    if not database["ok"]:
        database["reason"] = "The database does not answer; calls go on with the keys and models known. See the log."
    closed = parts.watch.closed_credentials
    credentials = {"ok": not closed, **({"reason": closed_advice(closed)} if closed else {})}
    worker = _worker(parts)
    spool = {"lost_spans": parts.gateway.lost_spans, **worker.pop("spool", {})}
    spool["ok"] = not spool["lost_spans"] and not spool.get("damaged_files")
    checked = {"database": database, "credentials": credentials, "store": worker, "spool": spool}
    if parts.shared is not None:
        has_all = parts.shared.is_connected and (parts.shared_limits is None or parts.shared_limits.is_connected)
        checked["redis"] = _redis(has_all)
    if parts.gateway.snapshot().version < 0:
        status = "starting"
    else:
        status = "ok" if all(part["ok"] for part in checked.values()) else "degraded"
    return {"status": status, "config_version": parts.gateway.snapshot().version, "parts": checked}


def _redis(is_connected: bool) -> dict[str, Any]:
    if is_connected:
        return {"ok": True}
    return {"ok": False, "reason": "Redis does not answer; each gateway goes on with what it knows by itself."}


def _worker(parts: Parts) -> dict[str, Any]:
    """What the worker last wrote about the store and the spool; not ok when it is missing or old."""
    try:
        status: dict[str, Any] = json.loads(parts.worker_status.read_text())
        age_s = parts.now() - parts.worker_status.stat().st_mtime
    except (OSError, ValueError):
        return {"ok": False, "reason": "The worker has not reported yet."}
    if age_s > _STALE_STATUS_S:
        return {"ok": False, "reason": f"The worker has not reported for {age_s:.0f} s.", "spool": status}
    if status.get("state") != "running":
        return {
            "ok": False,
            "reason": status.get("last_error") or f"The worker is {status.get('state')}.",
            "spool": status,
        }
    status.pop("last_error", None)  # over by now; the worker's log keeps it
    status.pop("last_error_at", None)
    return {"ok": True, "spool": status}
