"""Where Bedrock is asked and what opens it: regions, model names in paths, API keys, signatures as botocore makes them."""

import calendar
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.request_builder import target

from madang.errors import CallFailed
from madang.providers.bedrock.access import Access
from madang.providers.bedrock.address import url_of
from madang_simulator.incoming import incoming
from madang_simulator.wires.bedrock.signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY, check_signature

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PAIR = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY}
URL = f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{MODEL.replace(':', '%3A')}/converse"


def url(**fields: Any) -> str:
    return url_of(target("east", **{"vendor_model": MODEL, "region": "us-east-1", **fields}), "converse")


def failure_of(credential: str, region: str = "us-east-1") -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        Access().headers(credential, region, URL, b"{}", 0)
    return caught.value


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, URL),
        ({"region": "cn-north-1"}, URL.replace("us-east-1.amazonaws.com", "cn-north-1.amazonaws.com.cn")),
        ({"region": "us-gov-west-1"}, URL.replace("us-east-1", "us-gov-west-1")),
        ({"base_url": "http://localhost:1/d/east/"}, "http://localhost:1/d/east/" + URL.split("/", 3)[3]),
        (
            {"vendor_model": PROFILE},
            URL.replace(MODEL.replace(":", "%3A"), PROFILE.replace(":", "%3A").replace("/", "%2F")),
        ),
    ],
)
def test_a_models_address_is_its_regions(fields: dict[str, str], expected: str) -> None:
    assert url(**fields) == expected


@pytest.mark.parametrize("region", ["", "useast1", "us-east-1.evil.example/", "US-EAST-1", "moon"])
def test_a_region_that_cannot_be_is_refused_before_anything_is_sent(region: str) -> None:
    with pytest.raises(CallFailed, match="such as 'us-east-1'") as caught:
        url(region=region)
    assert caught.value.code == "unknown_region"


def test_an_api_key_is_sent_as_it_is() -> None:
    access = Access()
    assert access.headers("bedrock-key", "", URL, b"{}", 0)["authorization"] == "Bearer bedrock-key"
    assert access.secrets("bedrock-key", "") == ("bedrock-key",)


@pytest.mark.parametrize("token", ["", "session-token"])
@pytest.mark.parametrize("address", [URL, url(vendor_model=PROFILE), url(base_url="http://127.0.0.1:8080/d/east")])
def test_a_signature_is_what_botocore_makes(token: str, address: str) -> None:
    credential = json.dumps({**PAIR, **({"session_token": token} if token else {})})
    theirs = AWSRequest(method="POST", url=address, headers={"content-type": "application/json"}, data=b'{"a":1}')
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, token or None), "bedrock", "us-east-1").add_auth(theirs)
    signed_at = time.strptime(theirs.context["timestamp"] + " UTC", "%Y%m%dT%H%M%SZ %Z")
    ours = Access().headers(credential, "us-east-1", address, b'{"a":1}', calendar.timegm(signed_at))
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours.get("x-amz-security-token", "") == token


def test_the_key_derived_for_a_day_is_not_used_on_the_next() -> None:
    access, day_s = Access(), 86_400
    for now_s in (0, day_s - 1, day_s, 400 * day_s, 5):
        headers = access.headers(json.dumps(PAIR), "us-east-1", URL, b"{}", now_s)
        host = {"host": "bedrock-runtime.us-east-1.amazonaws.com"}
        check_signature(incoming("POST", URL.split(".com", 1)[1], {**headers, **host}, b"{}"), now_s)


def test_the_parts_of_a_key_pair_are_secrets() -> None:
    secrets = Access().secrets(json.dumps({**PAIR, "session_token": "tok"}), "us-east-1")
    assert set(secrets) == {ACCESS_KEY_ID, SECRET_ACCESS_KEY, "tok"}


@pytest.mark.parametrize(
    "credential", ["", "two words", "{", '{"access_key_id":"a"}', '{"secret_access_key":5}', "a\nb", "키"]
)
def test_a_credential_that_cannot_work_is_told_so_without_its_text(credential: str) -> None:
    failed = failure_of(credential)
    assert (failed.reason, failed.code) == ("authentication", "invalid_credential")
    assert "access_key_id, secret_access_key" in failed.message
    assert not credential or credential not in failed.message


def test_a_key_pair_needs_a_region_also_where_the_address_is_given() -> None:
    assert failure_of(json.dumps(PAIR), region="").code == "unknown_region"


def test_without_botocore_the_failure_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "botocore" or name.startswith("botocore.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)  # as Python itself marks what must not be imported
    failed = failure_of(json.dumps(PAIR))
    assert "install madang[bedrock]" in failed.message
    assert failed.code == "library_missing"


def test_importing_the_provider_loads_no_botocore() -> None:
    code = "import madang.providers.registry, sys; sys.exit(any(name.startswith('botocore') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
