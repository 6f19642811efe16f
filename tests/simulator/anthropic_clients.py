"""Anthropic's official clients for tests, without retries, and what they ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anthropic import Anthropic
from anthropic.types import Message

from madang_simulator import RunningSimulator

OLDER = "claude-opus-4-5"  # is given a budget to think
NEWER = "claude-opus-4-6"  # is told an effort
NEWEST = "claude-opus-5"  # takes no sampling parameters
WEATHER: dict[str, Any] = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK: dict[str, Any] = {
    "name": "clock",
    "input_schema": {"type": "object", "properties": {"zone": {"type": "string"}}},
}


@contextmanager
def client_of(
    simulator: RunningSimulator, deployment: str = "east", *, api_key: str = "sk-ant-any", timeout: float = 10
) -> Iterator[Anthropic]:
    url = simulator.vendor_url(deployment)
    with Anthropic(api_key=api_key, base_url=url, max_retries=0, timeout=timeout) as client:
        yield client


def asked(client: Anthropic, text: str = "What is a madang?", **fields: Any) -> Message:
    made: Message = client.messages.create(
        **{"model": NEWEST, "max_tokens": 4000, "messages": [{"role": "user", "content": text}], **fields}
    )
    return made


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")
