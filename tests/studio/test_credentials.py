"""Vendor credentials: they go in, are used, and never come out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.studio.world import Answer, World

from madang_server.credentials import store
from madang_server.credentials.cipher import Cipher

SECRET = "sk-vendor-secret-9876"


# What is wrong with a credential, and the field that is named for it.
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"api_key": None}, "api_key"),
    ({"api_key": "two\nlines"}, "api_key"),
    ({"base_url": "ftp://vendor.example"}, "base_url"),
    ({"base_url": "https://user:pass@vendor.example"}, "base_url"),
    ({"base_url": "http://169.254.169.254/latest"}, "base_url"),
    ({"base_url": "http://[::ffff:169.254.169.254]/"}, "base_url"),
    ({"base_url": "http://0xa9fea9fe/"}, "base_url"),
    ({"base_url": "http://2852039166/"}, "base_url"),
    ({"base_url": "http://169.254.43518/"}, "base_url"),
    ({"vendor": "azure"}, "base_url"),
    ({"vendor": "acme"}, "vendor"),
    ({"name": ""}, "name"),
    ({"colour": "red"}, "colour"),
]


@dataclass
class Vendor:
    """A vendor's models endpoint on the loopback address; what it answers is set by the test."""

    port: int
    status: int = 200
    location: str | None = None
    body: bytes = b'{"object":"list","data":[]}'
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(shown.status)
            if shown.location is not None:
                self.send_header("location", shown.location)
            self.send_header("content-length", str(len(shown.body)))
            self.end_headers()
            self.wfile.write(shown.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shown = Vendor(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield shown
    server.shutdown()
    thread.join(timeout=30)
    server.server_close()


def path(world: World, credential_id: str = "", rest: str = "") -> str:
    return f"/api/projects/{world.menu}/credentials" + (f"/{credential_id}" if credential_id else "") + rest


def add(world: World, **fields: Any) -> Answer:
    return world.alice.post(path(world), {"name": "openai", "vendor": "openai", "api_key": SECRET, **fields})


def check(world: World, credential_id: str) -> Any:
    return world.alice.post(path(world, credential_id, "/check")).json


def test_a_stored_key_is_only_hinted_at(world: World) -> None:
    made = add(world)
    assert made.status == 201
    assert made.json["secret_hint"] == "9876"
    listed = world.carol.get(path(world))
    assert SECRET.encode() not in made.body + listed.body
    assert listed.json["items"][0]["has_key"] is True


def test_the_key_is_encrypted_in_the_database_and_opens_for_the_gateway(world: World) -> None:
    add(world)
    with world.database.reading() as connection:
        stored = repr(connection.exec_driver_sql("SELECT * FROM credentials").all())
        opened = store.all_opened(connection, Cipher("k" * 32)).opened
    assert SECRET not in stored
    assert [one.api_key for one in opened] == [SECRET]
    assert SECRET not in repr(opened)


def test_members_may_not_touch_credentials(world: World) -> None:
    answer = world.bob.post(path(world), {"name": "mine", "vendor": "openai", "api_key": SECRET})
    assert answer.status == 403


def test_a_name_is_changed_without_entering_the_key_again(world: World) -> None:
    made = add(world).json
    answer = world.alice.patch(path(world, made["id"]), {"name": "openai main"})
    assert answer.json["name"] == "openai main"
    assert answer.json["secret_hint"] == "9876"


def test_a_new_address_asks_for_the_key_again(world: World) -> None:
    made = add(world).json
    moved = world.alice.patch(path(world, made["id"]), {"base_url": "https://elsewhere.example/v1"})
    assert moved.status == 400
    assert moved.error["param"] == "api_key"
    again = {"base_url": "https://elsewhere.example/v1", "api_key": "sk-another-key-5555"}
    assert world.alice.patch(path(world, made["id"]), again).json["secret_hint"] == "5555"


def test_what_cannot_be_used_is_refused_by_field(world: World) -> None:
    for fields, param in BROKEN:
        answer = add(world, **fields)
        assert (fields, answer.status, answer.error["param"]) == (fields, 400, param)
        assert SECRET.encode() not in answer.body


def test_a_credential_in_use_is_not_deleted(world: World) -> None:
    made = add(world).json
    model = {
        "alias": "gpt-4o",
        "deployments": [{"name": "d", "vendor": "openai", "vendor_model": "gpt-4o", "credential": "openai"}],
    }
    assert world.bob.post(f"/api/projects/{world.menu}/models", model).status == 201
    assert world.alice.get(path(world)).json["items"][0]["used_by"] == ["gpt-4o"]
    refused = world.alice.delete(path(world, made["id"]))
    assert refused.status == 409
    assert "gpt-4o" in refused.error["message"]
    assert world.bob.delete(f"/api/projects/{world.menu}/models/gpt-4o").status == 204
    assert world.alice.delete(path(world, made["id"])).status == 204


def test_a_change_that_breaks_a_model_is_refused_whole(world: World) -> None:
    made = add(world, vendor="azure", base_url="https://x.openai.azure.com", api_version="2024-10-21").json
    model = {
        "alias": "gpt-4o",
        "deployments": [{"name": "d", "vendor": "azure", "vendor_model": "gpt-4o", "credential": "openai"}],
    }
    assert world.bob.post(f"/api/projects/{world.menu}/models", model).status == 201
    answer = world.alice.patch(path(world, made["id"]), {"api_version": None})
    assert answer.status == 400
    assert world.alice.get(path(world)).json["items"][0]["api_version"] == "2024-10-21"


def test_a_check_sends_the_key_to_the_vendor_and_reports_success(world: World, vendor: Vendor) -> None:
    made = add(world, base_url=f"{vendor.url}/v1").json
    result = check(world, made["id"])
    assert (result["ok"], result["latency_ms"]) == (True, pytest.approx(0, abs=30_000))
    assert vendor.seen[0][0] == "/v1/models"
    assert vendor.seen[0][1]["authorization"] == f"Bearer {SECRET}"


def test_an_azure_check_uses_azures_address_and_header(world: World, vendor: Vendor) -> None:
    made = add(world, vendor="azure", base_url=vendor.url, api_version="2024-10-21").json
    assert check(world, made["id"])["ok"] is True
    assert vendor.seen[0][0] == "/openai/models?api-version=2024-10-21"
    assert vendor.seen[0][1]["api-key"] == SECRET


def test_a_vendors_refusal_is_explained(world: World, vendor: Vendor) -> None:
    made = add(world, base_url=f"{vendor.url}/v1").json
    vendor.body = f"details with {SECRET}".encode()
    for status, word in ((401, "refuses"), (404, "address"), (429, "quota"), (500, "error")):
        vendor.status = status
        answer = world.alice.post(path(world, made["id"], "/check"))
        assert answer.json["ok"] is False
        assert word in answer.json["message"]
        assert SECRET.encode() not in answer.body


def test_the_key_does_not_follow_a_redirect(world: World, vendor: Vendor) -> None:
    made = add(world, base_url=f"{vendor.url}/v1").json
    vendor.status, vendor.location = 302, f"{vendor.url}/stolen"
    result = check(world, made["id"])
    assert result["ok"] is False
    assert "leads elsewhere" in result["message"]
    assert [request[0] for request in vendor.seen] == ["/v1/models"]


def test_a_server_that_speaks_something_else_is_told_apart(world: World, vendor: Vendor) -> None:
    made = add(world, base_url=f"{vendor.url}/v1").json
    vendor.body = b"<html>welcome</html>"
    assert "protocol" in check(world, made["id"])["message"]


def test_a_vendor_that_cannot_be_reached_is_a_result_not_an_error(world: World) -> None:
    made = add(world, base_url="http://127.0.0.1:1/v1").json
    result = check(world, made["id"])
    assert (result["ok"], result["latency_ms"]) == (False, None)
    assert "127.0.0.1" in result["message"]
