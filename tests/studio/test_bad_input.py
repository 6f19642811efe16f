"""What is malformed, misdirected or too large gets an error of the one shape, and never a traceback."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy
from starlette.types import Receive, Scope, Send
from tests.studio.world import CHEAP_PASSWORDS, Browser, World, serving

from madang_server.http.errors import CatchUnforeseen
from madang_server.storage.sql.engine import Database
from madang_server.studio.api import create_control_plane

SHAPE = {"message", "type", "code", "param"}


def test_a_malformed_body_is_a_400(world: World) -> None:
    for raw in (b"{", b"", b"[]", b'"text"', b"\xff\xfe", b'{"name": "\\ud800"}', b"null", b'{"name": {"a": 1}}'):
        answer = world.bob.send("POST", f"/api/projects/{world.menu}/keys", raw=raw)
        assert (raw, answer.status, set(answer.error)) == (raw, 400, SHAPE)


def test_a_missing_field_is_named(world: World) -> None:
    answer = world.bob.post(f"/api/projects/{world.menu}/keys", {})
    assert (answer.status, answer.error["param"]) == (400, "name")
    assert answer.error["message"] == "Field 'name' is missing."


def test_a_refused_value_is_not_repeated(world: World) -> None:
    answer = world.browser().post("/api/sign-in", {"email": "a@example.com", "password": ["sk-secret"]})
    assert answer.status == 400
    assert b"sk-secret" not in answer.body


def test_an_unknown_address_for_programs_is_a_404_in_json(world: World) -> None:
    for path in ("/api", "/api/nothing", "/api/session/x", "/v1/nothing", "/health/nothing"):
        answer = world.alice.get(path)
        assert (path, answer.status, set(answer.error)) == (path, 404, SHAPE)


def test_a_wrong_method_is_a_405(world: World) -> None:
    answer = world.alice.delete("/api/session")
    assert answer.status == 405
    assert answer.error["code"] == "method_not_allowed"


def test_a_body_that_says_it_is_too_large_is_a_413_before_it_is_sent(world: World) -> None:
    answer = exchange(world.port, f"content-length: {2 * 1024 * 1024 + 1}", [])
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"body_too_large" in answer


def test_a_body_that_hides_its_size_is_a_413_too(world: World) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    answer = exchange(world.port, "transfer-encoding: chunked", [chunk] * 33)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_null_character_is_refused_on_every_engine(world: World) -> None:
    answer = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "a\u0000b"})
    assert answer.status == 400


def test_a_null_character_in_an_address_finds_nothing(world: World) -> None:
    answer = world.bob.get("/api/projects/a%00b/keys")
    assert answer.status == 404


def test_every_answer_carries_the_security_headers(world: World) -> None:
    for answer in (world.alice.get("/api/session"), world.alice.get("/"), world.alice.get("/api/nothing")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert world.alice.get("/api/session").headers["cache-control"] == "no-store"


def test_the_description_for_the_ui_is_complete_and_public(world: World) -> None:
    described = world.browser().get("/api/openapi.json").json
    assert "/api/projects/{project_id}/models/{alias}" in described["paths"]
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for operations in described["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            assert "400" in operation["responses"]


def test_a_missing_ui_is_a_page_that_names_the_command(world: World) -> None:
    answer = world.browser().get("/")
    assert answer.status == 503
    assert b"python3 dev.py ui" in answer.body


def test_the_ui_is_served_with_lasting_assets_and_a_fresh_page(world: World, tmp_path: Path) -> None:
    build(tmp_path / "ui")
    page = world.browser().get("/p/abc/traces?status=error")
    assert (page.status, page.body) == (200, b"<html>page</html>")
    assert page.headers["cache-control"] == "no-cache"
    script = world.browser().get("/assets/index-abc123.js")
    assert "immutable" in script.headers["cache-control"]
    assert "javascript" in script.headers["content-type"]


def test_the_ui_is_sent_compressed_and_the_api_is_not(world: World, tmp_path: Path) -> None:
    build(tmp_path / "ui")
    (tmp_path / "ui" / "assets" / "large.js").write_text("export const text = 'word';\n" * 1000)
    compressed = {"accept-encoding": "gzip"}
    script = world.browser().send("GET", "/assets/large.js", headers=compressed)
    assert script.headers["content-encoding"] == "gzip"
    assert len(script.body) < 1000
    assert "content-encoding" not in world.alice.send("GET", "/api/openapi.json", headers=compressed).headers


def test_a_missing_asset_is_not_answered_with_a_page(world: World, tmp_path: Path) -> None:
    build(tmp_path / "ui")
    assert world.browser().get("/assets/index-old.js").status == 404
    assert world.browser().get("/p/abc/models/gpt-4.1").body == b"<html>page</html>"


def test_files_outside_the_ui_are_not_served(world: World, tmp_path: Path) -> None:
    build(tmp_path / "ui")
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"):
        assert b"secret" not in world.browser().get(path).body


def build(directory: Path) -> None:
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<html>page</html>")
    (directory / "assets" / "index-abc123.js").write_text("export {}")


def test_an_unforeseen_error_gives_an_id_and_logs_no_user_text(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Any] = []

    async def broken(scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError(scope["user_text"])

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    app = CatchUnforeseen(broken, lambda count: bytes(count))
    with caplog.at_level(logging.ERROR):
        anyio.run(app, {"type": "http", "method": "GET", "path": "/api/x", "user_text": "sk-secret"}, receive, send)
    assert sent[0]["status"] == 500
    assert b"aaaaaaaaaaaaaaaa" in sent[1]["body"]
    assert "aaaaaaaaaaaaaaaa" in caplog.text
    assert "ValueError" in caplog.text
    assert "sk-secret" not in caplog.text + sent[1]["body"].decode()


def exchange(port: int, header: str, parts: list[bytes]) -> bytes:
    """What the server answers to a request with this header, sent in parts."""
    head = f"POST /api/sign-in HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n{header}\r\n\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head.encode())
        # The server may answer and hang up before it has everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                connection.sendall(part)
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            received = connection.recv(4096)
            if not received:
                break
            answer += received
    return answer


def test_many_requests_at_once_are_all_answered(world: World) -> None:
    """More than there are connections and threads: they wait for each other, and none waits for ever."""
    path = f"/api/projects/{world.menu}/keys"
    statuses: list[int] = []

    def ask(number: int) -> None:
        answer = world.bob.post(path, {"name": f"key {number}"}) if number % 4 == 0 else world.bob.get(path)
        statuses.append(answer.status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert sorted(statuses) == [200] * 90 + [201] * 30


def test_a_database_that_does_not_answer_is_a_503_that_says_so(world: World) -> None:
    gone = Database(sqlalchemy.create_engine("postgresql+psycopg://madang@127.0.0.1:1/madang"))
    app = create_control_plane(world.settings, gone, version="9.9.9", passwords=CHEAP_PASSWORDS)
    with serving(app) as port:
        browser = Browser(port, "a-token")
        for answer in (browser.get("/api/session"), browser.post("/api/sign-in/link", {"token": "x"})):
            assert answer.status == 503
            assert answer.error["code"] == "database_unavailable"
            assert answer.headers["retry-after"] == "2"
