"""boto3 clients of a simulated Bedrock, none of which retries, and short ways to ask."""

from typing import Any

import boto3
from botocore.config import Config

from madang_simulator import RunningSimulator
from madang_simulator.wires.bedrock.signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
WEATHER = {
    "toolSpec": {
        "name": "get_weather",
        "description": "Weather of a city",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
    }
}


def client_of(
    simulator: RunningSimulator,
    deployment: str = "east",
    *,
    key_id: str = ACCESS_KEY_ID,
    secret: str = SECRET_ACCESS_KEY,
    token: str | None = None,
    region: str = "us-east-1",
) -> Any:
    """A bedrock-runtime client. boto3 has no types."""
    session = boto3.Session(
        aws_access_key_id=key_id, aws_secret_access_key=secret, aws_session_token=token, region_name=region
    )
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=10, proxies={})
    return session.client("bedrock-runtime", endpoint_url=simulator.vendor_url(deployment), config=config)


def asked(client: Any, words: str = "What is a madang?", **more: Any) -> Any:
    """One question, answered whole."""
    return client.converse(**{"modelId": CLAUDE, "messages": [user(words)], **more})


def streamed(client: Any, words: str = "What is a madang?", **more: Any) -> list[Any]:
    """One question, and all events of its answer."""
    return list(client.converse_stream(**{"modelId": CLAUDE, "messages": [user(words)], **more})["stream"])


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": words}]}
