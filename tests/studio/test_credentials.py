"""Vendor credentials: they go in, are used, and never come out."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.studio.world import Answer, World
from tests.support.service_account import service_account

from madang_server.credentials import store
from madang_server.credentials.check import check_credential
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
    ({"vendor": "anthropic", "api_key": None}, "api_key"),
    ({"vendor": "bedrock", "api_key": "two words"}, "api_key"),
    ({"vendor": "bedrock", "api_key": "{broken"}, "api_key"),
    ({"vendor": "bedrock", "api_key": '{"access_key_id": "AKIA"}'}, "api_key"),
    ({"vendor": "bedrock", "api_key": '{"access_key_id": "A", "secret_access_key": "s", "region": "r"}'}, "api_key"),
    ({"vendor": "vertex"}, "api_key"),
    ({"vendor": "vertex", "api_key": '{"type": "authorized_user"}'}, "api_key"),
    ({"vendor": "litellm", "api_key": '{"nested": {"a": 1}}'}, "api_key"),
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
    bodies: list[bytes] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)  # answers wait for it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            shown.let_go.wait(30)
            shown.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(shown.status)
            if shown.location is not None:
                self.send_header("location", shown.location)
            self.send_header("content-length", str(len(shown.body)))
            self.end_headers()
            self.wfile.write(shown.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shown = Vendor(server.server_port)
    shown.let_go.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield shown
    shown.let_go.set()
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


def test_an_anthropic_check_lists_models_with_its_own_headers(world: World, vendor: Vendor) -> None:
    made = add(world, vendor="anthropic", base_url=vendor.url).json
    assert check(world, made["id"])["ok"] is True
    assert vendor.seen[0][0] == "/v1/models?limit=1"
    assert (vendor.seen[0][1]["x-api-key"], vendor.seen[0][1]["anthropic-version"]) == (SECRET, "2023-06-01")


def test_a_gemini_check_lists_models_and_knows_its_refusal_of_keys(world: World, vendor: Vendor) -> None:
    made = add(world, vendor="gemini", base_url=vendor.url).json
    assert check(world, made["id"])["ok"] is True
    assert vendor.seen[0][0] == "/v1beta/models?pageSize=1"
    assert vendor.seen[0][1]["x-goog-api-key"] == SECRET
    vendor.status = 400
    assert "refuses this key" in check(world, made["id"])["message"]


def test_a_bedrock_key_pair_signs_its_check_and_a_missing_model_proves_it(world: World, vendor: Vendor) -> None:
    pair = json.dumps({"access_key_id": "AKIAEXAMPLE1234", "secret_access_key": SECRET})
    made = add(world, vendor="bedrock", base_url=vendor.url, api_key=pair).json
    assert made["secret_hint"] == "1234"
    vendor.status = 404
    assert check(world, made["id"])["ok"] is True
    assert vendor.seen[0][0] == "/model/madang.credential-check/converse"
    signed = vendor.seen[0][1]["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE1234/")
    assert "/us-east-1/bedrock/aws4_request" in signed
    assert SECRET not in signed
    vendor.status = 403
    assert "refuses this key" in check(world, made["id"])["message"]


def test_a_bedrock_api_key_is_sent_as_it_is(world: World, vendor: Vendor) -> None:
    made = add(world, vendor="bedrock", base_url=vendor.url).json
    vendor.status = 400
    assert check(world, made["id"])["ok"] is True
    assert vendor.seen[0][1]["authorization"] == f"Bearer {SECRET}"


def test_a_vertex_check_exchanges_a_signed_request_for_a_token(world: World, vendor: Vendor) -> None:
    account = service_account(f"{vendor.url}/token")
    vendor.body = b'{"access_token":"ya29.secret-token","expires_in":3599}'
    made = add(world, vendor="vertex", api_key=json.dumps(account, indent=2)).json
    assert made["secret_hint"] == "1111"
    answer = world.alice.post(path(world, made["id"], "/check"))
    assert answer.json["ok"] is True
    assert b"ya29" not in answer.body
    form = parse_qs(vendor.bodies[0].decode())
    claims = json.loads(base64.urlsafe_b64decode(form["assertion"][0].split(".")[1] + "=="))
    assert (claims["iss"], claims["aud"]) == (account["client_email"], account["token_uri"])
    vendor.status = 400
    assert "refuses this key" in check(world, made["id"])["message"]


def test_a_key_file_is_judged_without_repeating_it(world: World) -> None:
    for fields in (
        {"private_key": "-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n"},
        {"token_uri": "http://oauth.example/token"},
        {"token_uri": "https://169.254.169.254/token"},
        {"project_id": ""},
    ):
        account = service_account("https://oauth2.googleapis.com/token") | fields
        answer = add(world, vendor="vertex", api_key=json.dumps(account))
        assert (fields, answer.status, answer.error["param"]) == (fields, 400, "api_key")
        assert account["private_key_id"] not in answer.error["message"]


def test_litellms_vendors_are_checked_by_a_test_call(world: World) -> None:
    made = add(world, vendor="litellm", api_key=SECRET).json
    result = check(world, made["id"])
    assert result["ok"] is False
    assert "test call" in result["message"]


def test_checks_that_wait_for_a_vendor_keep_nobody_from_the_database(world: World, vendor: Vendor) -> None:
    made = add(world, base_url=f"{vendor.url}/v1").json
    vendor.let_go.clear()
    results: list[Any] = []
    waiting = [threading.Thread(target=lambda: results.append(check(world, made["id"]))) for _ in range(25)]
    for thread in waiting:
        thread.start()
    until = time.monotonic() + 30
    while len(vendor.bodies) < len(waiting) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(vendor.bodies) == len(waiting)
    assert world.carol.get(path(world)).status == 200
    assert results == []
    vendor.let_go.set()
    for thread in waiting:
        thread.join(timeout=30)
    assert [result["ok"] for result in results] == [True] * len(waiting)


def test_a_vendor_that_dribbles_is_given_up_after_the_whole_time(vendor: Vendor) -> None:
    vendor.let_go.clear()
    credential = store.OpenedCredential(
        id="c", project_id="p", name="slow", vendor="openai", base_url=vendor.url, api_version=None, api_key=SECRET
    )
    asking = check_credential(credential, region="", now_s=0, seconds=time.monotonic, timeout_s=0.2)
    result = asyncio.run(asking)
    assert (result.ok, result.latency_ms) == (False, None)
    assert "did not answer within 0.2 seconds" in result.message


def test_a_vendor_that_cannot_be_reached_is_a_result_not_an_error(world: World) -> None:
    made = add(world, base_url="http://127.0.0.1:1/v1").json
    result = check(world, made["id"])
    assert (result["ok"], result["latency_ms"]) == (False, None)
    assert "127.0.0.1" in result["message"]
