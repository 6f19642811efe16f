"""Serves the built UI: its files as they are, and its first page for every address that the UI itself understands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from madang_server.http.errors import error_response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

UI_DIRECTORY = Path(__file__).parent / "_ui"

# Addresses of programs. A program that mistypes one wants an error it can read, not a page.
_FOR_PROGRAMS = ("/api", "/v1", "/v2", "/invocations", "/clickhouse", "/mcp", "/metrics", "/health", "/-")

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Madang</title>
<body style="font: 16px/1.6 system-ui; max-width: 40rem; margin: 15vh auto; padding: 0 1.5rem">
<h1>The UI is not built yet</h1>
<p>The server runs: calls through <code>/v1</code> and <code>/api</code> are answered. To build the pages, run</p>
<pre>python3 dev.py ui</pre>
<p>in the checkout and reload this page. Installed packages bring the UI with them.</p>
<p lang="ko">서버는 실행 중이지만 화면이 아직 빌드되지 않았습니다. 위 명령을 실행한 뒤 이 페이지를 새로 고침하세요.</p>
</body></html>
"""


def is_built(directory: Path = UI_DIRECTORY) -> bool:
    return (directory / "index.html").is_file()


class StaticUi:
    """An ASGI application for everything that no route of the API claims."""

    def __init__(self, directory: Path = UI_DIRECTORY) -> None:
        self._directory = directory
        self._files = StaticFiles(directory=directory, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        response = await self._response(scope)
        await response(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        path: str = scope["path"]
        if any(path == prefix or path.startswith(f"{prefix}/") for prefix in _FOR_PROGRAMS):
            return error_response(404, "There is nothing at this address.", code="not_found")
        if scope["method"] not in ("GET", "HEAD"):
            return error_response(405, "This address does not know this method.", code="method_not_allowed")
        if not is_built(self._directory):
            return HTMLResponse(_NOT_BUILT, 503, headers={"cache-control": "no-store"})
        if "." not in path.rpartition("/")[2]:
            return self._page()
        try:
            response = await self._files.get_response(path.lstrip("/"), scope)
        except HTTPException:
            # Trace ids, aliases and such may hold a dot; but a missing script must not be answered with a page.
            return (
                error_response(404, "There is no such file.", code="not_found")
                if path.startswith("/assets/")
                else self._page()
            )
        # Names under assets/ carry a hash of their content, so what has been fetched once stays right.
        lasting = path.startswith("/assets/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return response

    def _page(self) -> Response:
        return FileResponse(self._directory / "index.html", headers={"cache-control": "no-cache"})
