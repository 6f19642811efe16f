"""How a simulated Bedrock says no, judged by boto3's typed exceptions: access, bad requests, faults whole and in a stream."""

import time
from typing import Any

import httpx2
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EventStreamError, ReadTimeoutError
from tests.simulator.bedrock_clients import CLAUDE, WEATHER, asked, client_of, streamed, user

from madang_simulator import RunningSimulator
from madang_simulator.incoming import incoming
from madang_simulator.refusals import Refusal
from madang_simulator.wires.bedrock.signature import check_signature


@pytest.fixture
def client(simulator: RunningSimulator) -> Any:
    return client_of(simulator)


def error_of(client: Any, **more: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        asked(client, **more)
    return caught.value


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


# Access


def test_a_session_token_is_signed_with_the_rest(simulator: RunningSimulator) -> None:
    assert asked(client_of(simulator, token="session-token"))["stopReason"] == "end_turn"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_any_region_is_good_when_the_signature_is_for_it(simulator: RunningSimulator, region: str) -> None:
    assert asked(client_of(simulator, region=region))["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"secret": "another-secret"}, "InvalidSignatureException"),
        ({"key_id": "AKIAUNKNOWN000000000"}, "UnrecognizedClientException"),
        ({"token": "expired-token"}, "ExpiredTokenException"),
    ],
)
def test_a_credential_that_is_not_the_simulators_is_refused(
    simulator: RunningSimulator, arguments: dict[str, str], code: str
) -> None:
    error = error_of(client_of(simulator, **arguments))
    assert code_of(error) == code
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(("key", "status"), [("bedrock-api-key-any", 200), ("sk-wrong", 403)])
def test_a_bedrock_api_key_opens_and_a_wrong_one_does_not(simulator: RunningSimulator, key: str, status: int) -> None:
    """boto3 sends API keys over https only."""
    url = f"{simulator.vendor_url('east')}/model/{CLAUDE}/converse"
    reply = httpx2.post(url, json={"messages": [user("hi")]}, headers={"authorization": f"Bearer {key}"})
    assert reply.status_code == status
    assert reply.headers.get("x-amzn-errortype", "").startswith("AccessDeniedException" if status == 403 else "")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingAuthenticationTokenException"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a"}, "IncompleteSignatureException"),
        ({"authorization": "Basic abc"}, "IncompleteSignatureException"),
    ],
)
def test_a_request_that_is_not_signed_is_refused(headers: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_signature(incoming("POST", "/model/m/converse", headers, b"{}"), time.time())
    assert caught.value.code == code


# Requests


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"messages": [{"role": "assistant", "content": [{"text": "hi"}]}]}, "must start with a user message"),
        ({"messages": [user("a"), user("b")]}, "must alternate"),
        ({"messages": [user("  ")]}, "is blank"),
        ({"inferenceConfig": {"temperature": 1.5}}, "less than or equal to 1"),
        ({"toolConfig": {"tools": [{"toolSpec": {**WEATHER["toolSpec"], "name": "get weather"}}]}}, "pattern"),
        (
            {"toolConfig": {"tools": [WEATHER], "toolChoice": {"tool": {"name": "other"}}}},
            "not among the tools",
        ),
        (
            {
                "messages": [
                    user("a"),
                    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]},
                    user("b"),
                ]
            },
            "toolConfig field must be defined",
        ),
        (
            {
                "messages": [
                    user("a"),
                    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]},
                    user("b"),
                ],
                "toolConfig": {"tools": [WEATHER]},
            },
            "Expected toolResult blocks",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "x"}]}}]}
                ],
                "toolConfig": {"tools": [WEATHER]},
            },
            "exceeds the number of toolUse blocks",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"document": {"format": "pdf", "name": "a.pdf", "source": {"bytes": b"x"}}}],
                    }
                ]
            },
            "alphanumeric",
        ),
        (
            {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 10}}},
            "greater than or equal to 1024",
        ),
        (
            {
                "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
                "inferenceConfig": {"maxTokens": 1500},
            },
            "must be greater than",
        ),
    ],
)
def test_a_request_that_breaks_a_rule_is_told_which(client: Any, more: dict[str, Any], words: str) -> None:
    error = error_of(client, **more)
    assert code_of(error) == "ValidationException"
    assert words in str(error)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"messages":5}', b'{"messages":[{"role":"user","content":[{"text":5}]}]}']
)
def test_a_body_of_other_types_is_refused_while_it_is_read(simulator: RunningSimulator, body: bytes) -> None:
    """boto3 would not send one."""
    url = f"{simulator.vendor_url('east')}/model/{CLAUDE}/converse"
    reply = httpx2.post(url, content=body, headers={"authorization": "Bearer any"})
    assert reply.status_code == 400
    assert reply.headers["x-amzn-errortype"].startswith("SerializationException")


def test_an_unknown_model_is_an_invalid_identifier(client: Any) -> None:
    assert "model identifier is invalid" in str(error_of(client, modelId="no-such-model"))


# Faults


@pytest.mark.parametrize(
    ("fault", "exception", "status"),
    [
        ("rate_limited", "ThrottlingException", 429),
        ("quota", "ServiceQuotaExceededException", 400),
        ("server_error", "InternalServerException", 500),
        ("overloaded", "ServiceUnavailableException", 503),
        ("permission_denied", "AccessDeniedException", 403),
        ("context_overflow", "ValidationException", 400),
    ],
)
def test_a_fault_is_the_exception_that_boto3_knows(
    client: Any, simulator: RunningSimulator, fault: str, exception: str, status: int
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    with pytest.raises(getattr(client.exceptions, exception)) as caught:
        asked(client)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["RequestId"]


def test_a_refused_key_has_no_class_of_its_own_but_its_name(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "unauthorized"}])
    assert code_of(error_of(client)) == "UnrecognizedClientException"


def test_a_prompt_beyond_the_window_is_too_long(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", context_window=20)
    assert "Input is too long" in str(error_of(client, messages=[user("courtyard " * 50)]))


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("server_error", "internalServerException"),
        ("overloaded", "serviceUnavailableException"),
        ("rate_limited", "throttlingException"),
    ],
)
def test_an_error_in_mid_stream_is_an_exception_frame(
    client: Any, simulator: RunningSimulator, error: str, name: str
) -> None:
    simulator.configure("east", faults=[{"kind": "error_event", "error": error, "after_chunks": 2}])
    seen: list[Any] = []
    with pytest.raises(EventStreamError) as caught:
        seen.extend(client.converse_stream(modelId=CLAUDE, messages=[user("hi")])["stream"])
    assert code_of(caught.value) == name


def test_a_cut_stream_breaks_the_connection(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "cut"}])
    with pytest.raises(Exception, match=r"Connection|read|IncompleteRead|broken"):
        streamed(client)


def test_a_reset_and_a_hang_are_what_boto3_calls_them(client: Any, simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "reset"}])
    with pytest.raises((ConnectionClosedError, ReadTimeoutError)):
        asked(client)
