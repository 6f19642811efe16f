"""The vendors as the matrix has them: how each is entered as an operator would, and which of its models is asked for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.service_account import service_account_text
from tests.support.simulated_vendors import AWS_KEYS, deployment_of

from madang_simulator import RunningSimulator

_OPENAI = {
    "chat": "gpt-4o",
    "reasoning": "o4-mini",
    "embeddings": "text-embedding-3-small",
    "images": "gpt-image-1",
    "transcription": "gpt-4o-transcribe",
    "speech": "gpt-4o-mini-tts",
}
_CLAUDE = "claude-sonnet-4-5"
_GOOGLE = {
    "chat": "gemini-2.5-flash",
    "embeddings": "gemini-embedding-001",
    "images": "gemini-2.5-flash-image",
    "speech": "gemini-2.5-flash-preview-tts",
}
_BEDROCK = {
    "chat": f"anthropic.{_CLAUDE}-20250929-v1:0",
    "embeddings": "amazon.titan-embed-text-v2:0",
    "images": "amazon.nova-canvas-v1:0",
}


@dataclass(frozen=True)
class Column:
    """One way to reach a vendor. `secret` is its key; None where none is asked for, "service account" where one is made.

    `below` is what an address has behind the simulator's. `models` by what is asked, with "chat" for the rest.
    """

    name: str
    vendor: str
    secret: str | None
    wrong_secret: str | None
    models: Mapping[str, str]
    below: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    like: str = ""
    """The column whose rules for what is there count here too."""

    def credentials(self, simulator: RunningSimulator) -> Sequence[Mapping[str, str]]:
        """The good credential and the wrong one, as a document for `apply` has them."""
        if self.secret is None:
            return ()
        good, wrong = self.secret, self.wrong_secret or ""
        if self.secret == "service account":
            token_uri = f"{simulator.vendor_url('tokens')}/token"
            good, wrong = service_account_text(token_uri), service_account_text(token_uri, name="wrong")
        more = {"base_url": "http://127.0.0.1:1"} if self.vendor == "azure" else {}
        return tuple(
            {"name": name, "vendor": self.vendor, "api_key": key, **more}
            for name, key in ((self.credential, good), (f"wrong-{self.credential}", wrong))
        )

    @property
    def credential(self) -> str:
        return f"matrix-{self.name.replace(' ', '-')}"

    def deployment(self, simulator: RunningSimulator, use: str = "chat", **settings: Any) -> dict[str, Any]:
        """A deployment of the model that is asked for `use`, at a place of its own in the simulator."""
        made = deployment_of(
            simulator,
            self.vendor,
            **{
                "vendor_model": self.models.get(use, self.models["chat"]),
                "credential": None if self.secret is None else self.credential,
                **self.settings,
                **settings,
            },
        )
        made["base_url"] = simulator.vendor_url(made["name"]) + self.below
        return made


COLUMNS: tuple[Column, ...] = (
    Column("openai", "openai", "sk-simulated-openai", "sk-wrong-key-of-openai", _OPENAI, "/v1"),
    Column("azure", "azure", "simulated-azure-key", "sk-wrong-key-of-azure", _OPENAI),
    Column(
        "azure v1",
        "azure",
        "simulated-azure-key",
        "sk-wrong-key-of-azure",
        _OPENAI,
        "/openai/v1",
        {"api_version": None},
    ),
    Column("anthropic", "anthropic", "sk-ant-simulated", "sk-wrong-key-of-anthropic", {"chat": _CLAUDE}),
    Column("gemini", "gemini", "AIza-simulated", "AIza-wrong-key-of-gemini", _GOOGLE),
    Column("vertex", "vertex", "service account", None, _GOOGLE, "", {"region": "europe-west4"}),
    Column(
        "bedrock keys",
        "bedrock",
        AWS_KEYS,
        '{"access_key_id": "AKIAWRONG00000000000", "secret_access_key": "wrong-secret-access-key-of-aws"}',
        _BEDROCK,
    ),
    Column("bedrock API key", "bedrock", "bedrock-api-key-simulated", "sk-wrong-key-of-bedrock", _BEDROCK),
    Column(
        "litellm",
        "litellm",
        "gsk-simulated",
        "sk-wrong-key-of-litellm",
        {
            "chat": "groq/llama-3.3-70b-versatile",
            "reasoning": "groq/deepseek-r1-distill-llama-70b",
            "embeddings": "mistral/mistral-embed",
            "images": "xai/grok-2-image",
            "transcription": "groq/whisper-large-v3",
            "speech": "openai/tts-1",
        },
        "/v1",
    ),
    Column(
        "own server",
        "openai",
        None,
        None,
        {
            "chat": "qwen3-32b",
            "reasoning": "qwen3-30b-thinking",
            "embeddings": "bge-m3",
            "transcription": "whisper-large-v3",
            "speech": "kokoro",
        },
        "/v1",
    ),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
