"""A planted key is nowhere to be found afterwards: not in spans, logs, errors or anything's printed form."""

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sdk.client.conftest import MESSAGES
from tests.sdk.client.small_platform import SmallPlatform, deployment, model
from tests.sdk.layers.fake_vendor import Step, Vendor, failed, pipeline, whole
from tests.sdk.request_builder import request, route, target

from madang import CallFailed, Madang, MadangError
from madang.config import Mode, read_config
from madang.credentials.leases import Leases
from madang.providers.openai_wire import decode_failure

# What a key of any vendor may look like; long enough that it cannot be in a text by chance.
_keys = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=20, max_size=40)
PROJECT_KEY = "sk-md-PlantedProjectKey123"


@contextmanager
def repeating_vendor() -> Iterator[str]:
    """A vendor that refuses everything and repeats all that it was sent in its words, as some do."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            heard = f"Wrong key: {self.headers['authorization']} {self.headers['api-key']}"
            body = json.dumps({"error": {"message": heard, "code": heard[11:], "param": heard}}).encode()
            self.send_response(int(self.path.split("/")[1]))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def everything_told(error: BaseException) -> str:
    """All that an application could log of an error."""
    told = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    return told + repr(vars(error)) if isinstance(error, CallFailed) else told


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("vendor", ["openai", "azure"])
@pytest.mark.parametrize(
    "key", ["sk-proj-Zx9Qw7plantedKey", "0f9e8d7c6b5a49382716planted", "plain-PlantedKey-of-a-server"]
)
def test_a_vendors_key_is_in_no_error_span_or_log_even_when_the_vendor_repeats_it(
    platform: SmallPlatform, vendor: str, key: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with repeating_vendor() as url, caplog.at_level(logging.DEBUG):
        platform.credentials["cred_1"] = key
        platform.models = [model("chat", deployment("d", f"{url}/{status}", vendor=vendor), retries=0)]
        platform.keys = {PROJECT_KEY}
        with Madang(PROJECT_KEY, platform.url) as client:
            with pytest.raises(CallFailed) as caught:
                client.chat.completions.create(model="chat", messages=MESSAGES)
            told = everything_told(caught.value) + repr(client.config) + repr(vars(client))
    told += caplog.text + repr(platform.spans) + repr([msgspec.json.encode(span) for span in platform.spans])
    assert len(platform.spans) == 2
    assert key not in told
    assert PROJECT_KEY not in told


@pytest.mark.parametrize("mode", ["direct", "gateway"])
def test_the_projects_key_is_in_no_error_when_the_platform_is_away(platform: SmallPlatform, mode: Mode) -> None:
    platform.stop()
    with Madang(PROJECT_KEY, platform.url, mode=mode) as client, pytest.raises(MadangError) as caught:
        client.chat.completions.create(model="chat", messages=MESSAGES, timeout=5)
    assert PROJECT_KEY not in everything_told(caught.value)


@given(_keys)
def test_no_printed_form_shows_a_key(key: str) -> None:
    lease = {"cred_1": {"api_key": key, "expires_at": "2026-01-01T00:00:00Z"}}
    leases = Leases(lambda _: lease, lambda: 0.0)
    leases.fetch(["cred_1"])
    with_key = target(api_key=key)
    shown = [read_config({}, api_key=key), with_key, route(with_key), request(route(with_key)), vars(leases)]
    assert leases.key_of("cred_1") == key
    assert not [value for value in shown if key in repr(value) or key in str(value)]


@pytest.mark.anyio
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(_keys)
async def test_a_targets_key_is_in_no_span_however_the_call_ended(key: str) -> None:
    to = route(target("east", api_key=key), target("west", order=2, api_key=key))
    scripts: list[list[list[Step]]] = [
        [whole()],
        [[failed("server_error")], whole()],
        [[failed("authentication", 401)], [failed("authentication", 401)]],
    ]
    for script in scripts:
        around = pipeline(Vendor(any=script))
        try:
            reply = await around.call(request(to))
            [event async for event in reply.events]
        except CallFailed as error:
            assert key not in everything_told(error)
        assert key not in repr(around.trace) + msgspec.json.encode(around.trace).decode()


@given(_keys, st.sampled_from(["sk-", "sk-proj-", "pk-"]), st.sampled_from(["", "'", '"', "(", ":", "\n", "=", "["]))
def test_words_of_a_vendor_never_show_what_looks_like_a_key(key: str, prefix: str, before: str) -> None:
    words = f"Incorrect API key provided {before}{prefix}{key}. See the documentation."
    for status in (400, 401, 500):
        failure = decode_failure(status, {}, msgspec.json.encode({"error": {"message": words}}))
        assert key not in failure.message
        assert key.encode() not in failure.body
