"""Which vendor a LiteLLM model string means, and how we would reach it. Pure tables and rules."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

_AZURE_API_VERSION = "2024-10-21"


class Reach(NamedTuple):
    """How to reach a deployment. Texts may be references such as os.environ/OPENAI_API_KEY, or hold some as ${NAME}."""

    vendor: Literal["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "litellm"]
    provider: str
    vendor_model: str
    base_url: str | None
    api_version: str | None
    api_key: str | None
    notes: tuple[str, ...]
    region: str = ""


class NotSpoken(NamedTuple):
    """Why a deployment cannot be taken over."""

    reason: str


class _OpenAiWire(NamedTuple):
    base_url: str
    key_variable: str


# Vendors that speak OpenAI's protocol at an address of their own.
_OPENAI_WIRE = {
    "deepseek": _OpenAiWire("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "fireworks_ai": _OpenAiWire("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "groq": _OpenAiWire("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": _OpenAiWire("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "openrouter": _OpenAiWire("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "perplexity": _OpenAiWire("https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
    "together_ai": _OpenAiWire("https://api.together.xyz/v1", "TOGETHERAI_API_KEY"),
    "xai": _OpenAiWire("https://api.x.ai/v1", "XAI_API_KEY"),
}

# Servers of one's own that speak OpenAI's protocol wherever api_base says, often without a key.
_OWN_SERVERS = ("hosted_vllm", "lm_studio", "litellm_proxy", "llamafile", "custom_openai", "openai_like", "xinference")

_OLLAMA = ("ollama", "ollama_chat")

# What a model's name alone tells, as LiteLLM guesses it too.
_GUESSES = (
    (("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "ft:gpt-"), "openai"),
    (("claude",), "anthropic"),
    (("gemini",), "vertex_ai"),
    (("command",), "cohere"),
)

_ENTRA_KEYS = ("azure_ad_token", "azure_ad_token_provider", "tenant_id", "client_id", "client_secret", "azure_username")


_BEDROCK_ROUTES = ("converse/", "invoke/", "converse_like/")
_AWS_REGION = re.compile(r"[a-z]{2,6}(-[a-z]+){1,3}-[0-9]{1,2}/")
_AWS_ELSEWHERE = ("aws_role_name", "aws_session_name", "aws_profile_name", "aws_web_identity_token", "aws_sts_endpoint")
# What LiteLLM's own vendors need beyond a key; it becomes part of the secret, which the SDK hands to LiteLLM by name.
LITELLM_EXTRA = (
    *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_region_name"),
    *("vertex_project", "vertex_location", "vertex_credentials", "project_id", "space_id", "token", "organization"),
)


def reach_of(params: dict[str, Any]) -> Reach | NotSpoken:
    """How to reach what these litellm_params describe, or why we cannot."""
    model = params.get("model")
    if not isinstance(model, str) or not model.strip():
        return NotSpoken("it has no litellm_params.model")
    provider, vendor_model = _provider_of(model.strip(), params)
    if provider is None:
        return NotSpoken(f"the vendor of {model!r} cannot be told; write it as vendor/model")
    api_base = _text(params, "api_base") or _text(params, "base_url")
    api_key = _text(params, "api_key")
    if provider == "azure":
        return _azure(params, vendor_model, api_base, api_key)
    if provider == "openai":
        base_url = None if api_base in (None, "https://api.openai.com/v1", "https://api.openai.com") else api_base
        return Reach("openai", provider, vendor_model, base_url, None, api_key or "os.environ/OPENAI_API_KEY", ())
    if provider in _OPENAI_WIRE:
        wire = _OPENAI_WIRE[provider]
        note = f"{provider} is taken over by its OpenAI-compatible address; what only its own API has is not passed on"
        key = api_key or f"os.environ/{wire.key_variable}"
        return Reach("openai", provider, vendor_model, api_base or wire.base_url, None, key, (note,))
    if provider in _OLLAMA:
        base_url = (api_base or "http://localhost:11434").rstrip("/").removesuffix("/v1") + "/v1"
        note = f"{provider} is taken over by its OpenAI-compatible address {base_url}"
        return Reach("openai", provider, vendor_model, base_url, None, api_key, (note,))
    if provider in _OWN_SERVERS:
        if api_base is None:
            return NotSpoken(f"{provider} needs api_base, the address of its server")
        return Reach("openai", provider, vendor_model, api_base, None, api_key, ())
    if provider == "anthropic":
        key = api_key or "os.environ/ANTHROPIC_API_KEY"
        return Reach("anthropic", provider, vendor_model, api_base, None, key, ())
    if provider == "gemini":
        key = api_key or "os.environ/GEMINI_API_KEY"
        return Reach("gemini", provider, vendor_model, api_base, None, key, ())
    if provider == "bedrock":
        return _bedrock(params, vendor_model, api_key)
    if provider in ("vertex_ai", "vertex_ai_beta") and vendor_model.startswith("gemini"):
        return _vertex(params, vendor_model, api_base)
    return _through_litellm(params, provider, vendor_model, api_base, api_key)


def _bedrock(params: dict[str, Any], vendor_model: str, api_key: str | None) -> Reach | NotSpoken:
    elsewhere = [name for name in _AWS_ELSEWHERE if params.get(name)]
    if elsewhere:
        return NotSpoken(
            f"signing in to AWS by {elsewhere[0]} is not spoken here yet; use a key pair or a Bedrock API key"
        )
    for route in _BEDROCK_ROUTES:
        vendor_model = vendor_model.removeprefix(route)
    region = _text(params, "aws_region_name")
    found = _AWS_REGION.match(vendor_model)
    if found:
        region = region or found[0].rstrip("/")
        vendor_model = vendor_model[found.end() :]
    secret, notes = api_key, []
    if secret is None:
        pair = {
            "access_key_id": _text(params, "aws_access_key_id") or "os.environ/AWS_ACCESS_KEY_ID",
            "secret_access_key": _text(params, "aws_secret_access_key") or "os.environ/AWS_SECRET_ACCESS_KEY",
        }
        if token := _text(params, "aws_session_token"):
            pair["session_token"] = token
        secret = json.dumps({name: _inside_text(value) for name, value in pair.items()})
        if not _text(params, "aws_access_key_id"):
            notes.append(
                "it names no AWS key; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are taken where the import runs"
            )
    base_url = _text(params, "aws_bedrock_runtime_endpoint")
    return Reach(
        "bedrock", "bedrock", vendor_model, base_url, None, secret, tuple(notes), region or "os.environ/AWS_REGION"
    )


def _vertex(params: dict[str, Any], vendor_model: str, api_base: str | None) -> Reach:
    credentials = params.get("vertex_credentials")
    notes = []
    if isinstance(credentials, dict):
        secret = json.dumps(credentials)
    elif isinstance(credentials, str) and credentials.strip().startswith(("{", "os.environ/")):
        secret = credentials.strip()
    else:
        secret = "os.environ/VERTEX_CREDENTIALS"  # noqa: S105 - a reference to one
        notes.append("put the content of the service account's key file into VERTEX_CREDENTIALS where the import runs")
    if _text(params, "vertex_project"):
        notes.append("vertex_project is not taken over: calls go to the project that the key file names")
    region = _text(params, "vertex_location") or "us-central1"
    return Reach("vertex", "vertex", vendor_model, api_base, None, secret, tuple(notes), region)


def _through_litellm(
    params: dict[str, Any], provider: str, vendor_model: str, api_base: str | None, api_key: str | None
) -> Reach:
    """By the library itself, for vendors whose protocol only it speaks."""
    extra = {name: str(params[name]) for name in LITELLM_EXTRA if params.get(name)}
    notes = [f"{provider} is reached through the LiteLLM library"]
    if extra:
        given = extra if api_key is None else {"api_key": api_key, **extra}
        api_key = json.dumps({name: _inside_text(value) for name, value in given.items()})
    elif api_key is None:
        api_key = f"os.environ/{re.sub('[^A-Z0-9]', '_', provider.upper())}_API_KEY"
        notes.append(f"it names no key; {api_key} is taken")
    version = _text(params, "api_version")
    return Reach("litellm", provider, f"{provider}/{vendor_model}", api_base, version, api_key, tuple(notes))


def _inside_text(value: str) -> str:
    """A reference in the form that may stand inside a longer text."""
    return f"${{{value.removeprefix('os.environ/')}}}" if value.startswith("os.environ/") else value


def _provider_of(model: str, params: dict[str, Any]) -> tuple[str | None, str]:
    named = _text(params, "custom_llm_provider")
    prefix, slash, rest = model.partition("/")
    if named is not None:
        return named, rest if slash and prefix == named else model
    if slash:
        return prefix, rest
    for beginnings, provider in _GUESSES:
        if model.startswith(beginnings):
            return provider, model
    return ("openai", model) if params.get("api_base") or params.get("base_url") else (None, model)


def _azure(params: dict[str, Any], vendor_model: str, api_base: str | None, api_key: str | None) -> Reach | NotSpoken:
    if api_key is None and any(params.get(key) for key in _ENTRA_KEYS):
        return NotSpoken(
            "signing in to Azure by Entra ID (tenant, client, token) is not spoken here yet; use an API key"
        )
    notes: list[str] = []
    api_version = _text(params, "api_version")
    base_url = api_base or "os.environ/AZURE_API_BASE"
    if "/openai/deployments/" in base_url:
        parts = urlsplit(base_url)
        api_version = api_version or parse_qs(parts.query).get("api-version", [None])[0]
        base_url = f"{parts.scheme}://{parts.netloc}"
        notes.append("its api_base was cut to the resource's address; the deployment is named by the model")
    if api_version is None and not base_url.rstrip("/").endswith("/v1"):
        api_version = _AZURE_API_VERSION
        notes.append(f"it names no api_version; {api_version} is used")
    return Reach(
        "azure", "azure", vendor_model, base_url, api_version, api_key or "os.environ/AZURE_API_KEY", tuple(notes)
    )


def _text(params: dict[str, Any], name: str) -> str | None:
    value = params.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else None
