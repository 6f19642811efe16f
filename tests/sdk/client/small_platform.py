"""A platform as far as the SDK sees it: models, leases and spans over real HTTP, and the ways in which it can be broken."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from madang.calls.span import Span
from madang_server.spans.otlp import decode_spans

KEY = "sk-md-of-the-tests"
VENDOR_KEY = "sk-vendor-Zx9Qw7planted"


def deployment(name: str, base_url: str, **fields: Any) -> dict[str, Any]:
    plain = {
        "name": name,
        "vendor": "openai",
        "vendor_model": "gpt-4o",
        "base_url": base_url,
        "api_version": "",
        "region": "",
        "weight": 1.0,
        "order": 1,
        "price": {"input": "2.5", "output": "10", "cached_input": None},
        "is_simulated": False,
        "credential_id": "cred_1",
    }
    return plain | fields


def model(name: str, *targets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    plain = {
        "name": name,
        "retries": 2,
        "timeout_s": 30.0,
        "first_token_timeout_s": None,
        "idle_timeout_s": None,
        "fallbacks": [],
        "targets": list(targets),
    }
    return plain | fields


class SmallPlatform:
    """Change its attributes while it runs. `broken` answers every request instead: a status with a body, or silence."""

    def __init__(self) -> None:
        self.models: list[dict[str, Any]] = []
        self.keys = {KEY}
        self.credentials = {"cred_1": VENDOR_KEY}
        self.lease_s = 900.0
        self.broken: tuple[int, bytes] | None = None
        self.broken_paths: tuple[str, ...] = ("/",)
        self.hangs = threading.Event()
        self.hangs.set()  # cleared: requests wait
        self.asked: list[str] = []
        self.spans: list[Span] = []
        self.versions: set[str] = set()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listens; after a `stop`, at the same address as before."""
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                platform._answer(self, b"")

            def do_POST(self) -> None:
                platform._answer(self, self.rfile.read(int(self.headers.get("content-length", 0))))

            def log_message(self, format: str, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.hangs.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def traces(self) -> dict[str, list[Span]]:
        """By trace id, in the order in which they came."""
        found: dict[str, list[Span]] = {}
        for span in self.spans:
            found.setdefault(span.trace_id, []).append(span)
        return found

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.asked.append(handler.path)
        self.hangs.wait(30)
        status, answer, headers = self._reply(handler, body)
        try:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("content-length", str(len(answer)))
            handler.end_headers()
            handler.wfile.write(answer)
        except ConnectionError:
            pass  # the client did not wait

    def _reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if self.broken is not None and handler.path.startswith(self.broken_paths):
            return *self.broken, {}
        if handler.headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
            return 401, b'{"error":{"message":"This API key is unknown or was revoked."}}', {}
        if handler.path == "/api/sdk/config":
            document = json.dumps({"project_id": "prj_1", "models": self.models}).encode()
            tag = f'"{hash(document)}"'
            if handler.headers.get("if-none-match") == tag:
                return 304, b"", {}
            return 200, document, {"etag": tag}
        if handler.path == "/api/sdk/lease":
            expires = (datetime.now(UTC) + timedelta(seconds=self.lease_s)).isoformat()
            wanted = json.loads(body)["credential_ids"]
            lent = {name: {"api_key": self.credentials[name], "expires_at": expires} for name in wanted}
            return 200, json.dumps({"credentials": lent}).encode(), {}
        if handler.path == "/v1/traces":
            raw = gzip.decompress(body) if handler.headers.get("content-encoding") == "gzip" else body
            self.spans += decode_spans(raw, handler.headers["content-type"])
            return 200, b"{}", {}
        return 404, b'{"error":{"message":"There is nothing here."}}', {}


@contextmanager
def small_platform() -> Iterator[SmallPlatform]:
    platform = SmallPlatform()
    platform.start()
    try:
        yield platform
    finally:
        platform.stop()
