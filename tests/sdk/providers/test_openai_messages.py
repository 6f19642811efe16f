"""Messages with what other vendors' answers carried, on their way to OpenAI, Azure and servers that speak as they do."""

from typing import Any

import pytest
from tests.sdk.request_builder import target

from madang.providers.openai_messages import is_openais_own, sendable

OPENAI = target("east", vendor="openai")
AZURE = target("east", vendor="azure", base_url="https://proxy.internal.example/openai/v1")
DEEPSEEK = target("east", vendor="openai", base_url="https://api.deepseek.com/v1")
PLAIN: list[dict[str, Any]] = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]},
]
CARRIED: dict[str, Any] = {
    "thinking_blocks": [{"type": "thinking", "thinking": "Hm", "signature": "s"}],
    "anthropic_content": [{"type": "server_tool_use"}],
    "bedrock_content": [{}],
    "google_parts": [{}],
}
OF_OTHERS: dict[str, Any] = {"reasoning_content": "Hm", "extra_content": {"google": {"thought_signature": "s"}}}


def strange() -> list[dict[str, Any]]:
    call = {**PLAIN[1]["tool_calls"][0], "extra_content": {"google": {"thought_signature": "s"}}}
    return [PLAIN[0], {**PLAIN[1], **CARRIED, **OF_OTHERS, "tool_calls": [call]}]


@pytest.mark.parametrize("to", [OPENAI, AZURE], ids=["openai", "azure"])
def test_openai_and_azure_get_nothing_that_they_would_refuse(to: Any) -> None:
    assert sendable(strange(), to) == PLAIN


def test_other_servers_get_back_what_they_may_have_said() -> None:
    _, message = sendable(strange(), DEEPSEEK)
    assert not CARRIED.keys() & message.keys()
    assert OF_OTHERS.items() <= message.items()
    assert message["tool_calls"][0]["extra_content"]


def test_a_caller_s_messages_stay_as_they_are() -> None:
    given = strange()
    sendable(given, OPENAI)
    assert given == strange()


@pytest.mark.parametrize("messages", [PLAIN, [], None, "Hello", [None, 3], [{"tool_calls": 3}, {"tool_calls": [3]}]])
def test_what_holds_nothing_strange_is_not_copied(messages: Any) -> None:
    assert sendable(messages, OPENAI) is messages


@pytest.mark.parametrize(
    ("base_url", "own"),
    [
        ("", True),
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://my.openai.azure.com/openai/v1", True),
        ("https://my.services.ai.azure.com/openai/v1", True),
        ("https://openai.com.example/v1", False),
        ("https://notapi.openai.com/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_openai_s_own_addresses_are_known(base_url: str, own: bool) -> None:
    assert is_openais_own(target("east", vendor="openai", base_url=base_url)) is own
