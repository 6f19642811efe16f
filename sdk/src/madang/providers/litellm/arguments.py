"""A request as arguments of LiteLLM's functions.

Only parameters of OpenAI's API become arguments: LiteLLM takes addresses, keys, prices and switches by the same way, and
none of these may come from a caller. What OpenAI's API does not know goes into the vendor's body.

A deployment's secret is one key, or JSON with the names LiteLLM has for a vendor's several secrets, such as
`{"aws_access_key_id": "…", "aws_secret_access_key": "…", "aws_region_name": "…"}`. Environment variables are never used.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from madang.calls.operation import Operation
from madang.calls.request import Request, Upload
from madang.calls.target import Target
from madang.errors import CallFailed
from madang.providers.openai_fields import CHAT_FIELDS, EMBEDDING_FIELDS, IMAGE_FIELDS, SPEECH_FIELDS, refused

_PARAMETERS: Mapping[Operation, frozenset[str]] = {
    "chat": CHAT_FIELDS | {"thinking"},  # Anthropic's, as LiteLLM's users know it for every vendor
    "embeddings": EMBEDDING_FIELDS,
    "images": IMAGE_FIELDS,
    "transcription": frozenset(
        {"file", "include", "language", "prompt", "response_format", "temperature", "timestamp_granularities"}
    ),
    "speech": SPEECH_FIELDS,
}
# OpenAI's too, but no arguments of LiteLLM's functions: it would keep them to itself.
_IN_THE_BODY = frozenset({"metadata", "moderation", "prompt_cache_options"})
# Without a counterpart at the vendor these are left out; the answer means the same without them.
_OMISSIBLE = frozenset(
    {
        "parallel_tool_calls",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "seed",
        "service_tier",
        "store",
        "user",
        "verbosity",
    }
)
_OURS = frozenset({"model", "stream", "stream_options", "stream_format", "partial_images"})

# LiteLLM's names for what opens a vendor's door and where that is.
_SECRETS = frozenset(
    {
        "api_key",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "azure_ad_token",
        "client_id",
        "client_secret",
        "oci_fingerprint",
        "oci_key",
        "oci_tenancy",
        "oci_user",
        "tenant_id",
        "token",
        "vertex_credentials",
        "watsonx_token",
        "zen_api_key",
    }
)
_PLACES = frozenset(
    {
        "aws_region_name",
        "oci_compartment_id",
        "oci_region",
        "organization",
        "project",
        "project_id",
        "region_name",
        "space_id",
        "vertex_location",
        "vertex_project",
    }
)
# Vendors into whose body unknown arguments go by themselves; the others have `extra_body` for that.
_TAKE_ANY_ARGUMENT = frozenset({"anthropic", "bedrock", "bedrock_converse", "sagemaker"})

NO_KEY = "none"
"""In place of a key where a deployment has none: without one LiteLLM would look for keys in the environment."""


class Door(NamedTuple):
    """How to get to a vendor: LiteLLM's arguments for it, and what of them is secret."""

    arguments: dict[str, Any]
    secrets: tuple[str, ...]


def door_of(target: Target) -> Door:
    """Raises CallFailed(authentication) for a secret that is JSON but not of this form; its values are not repeated."""
    door: dict[str, Any] = {}
    if target.base_url:
        door["api_base"] = target.base_url.rstrip("/")  # `base_url` is known to chat only
    if target.api_version:
        door["api_version"] = target.api_version
    if not target.api_key.lstrip().startswith("{"):
        key = target.api_key or NO_KEY
        return Door({**door, "api_key": key}, (target.api_key,))
    try:
        named = msgspec.json.decode(target.api_key, type=dict[str, str | dict[str, Any]])
    except msgspec.DecodeError:
        raise _bad_secret(target, "it begins like JSON, but is not an object of texts") from None
    unknown = sorted(named.keys() - _SECRETS - _PLACES)
    if unknown:
        raise _bad_secret(target, f"{', '.join(unknown)} cannot be in it")
    if not named.keys() & _SECRETS:
        door["api_key"] = NO_KEY
    texts = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in named.items()
    }
    if target.region:
        texts.setdefault("aws_region_name" if "aws_access_key_id" in texts else "vertex_location", target.region)
    return Door({**door, **texts}, tuple(texts[name] for name in texts if name in _SECRETS))


def vendor_of(target: Target) -> str:
    """LiteLLM's name of the vendor: the part of the model's name before the first slash."""
    vendor, slash, model = target.vendor_model.partition("/")
    if not slash or not vendor or not model:
        raise CallFailed(
            f"Deployment {target.name!r} names the model {target.vendor_model!r}; LiteLLM needs provider/model, such as "
            "'groq/llama-3.3-70b-versatile'.",
            reason="not_found",
            status=502,
            code="model_not_found",
        )
    return vendor


class Knowledge(Protocol):
    """What LiteLLM knows; asked only where it matters."""

    def supported(self) -> frozenset[str]:
        """OpenAI's parameters that the vendor has a counterpart for."""

    def speaks_openai(self) -> bool:
        """Whether the vendor's wire is OpenAI's, so that it can judge a parameter itself."""

    def takes(self, name: str) -> bool:
        """Whether LiteLLM would take an argument of this name for itself."""


def arguments_of(request: Request, vendor: str, knowledge: Knowledge) -> dict[str, Any]:
    """The caller's parameters. Raises CallFailed for one that cannot be passed on."""
    known = _PARAMETERS[request.operation]
    is_chat = request.operation == "chat"
    arguments: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in request.body.items():
        if name in _OURS or value is None:
            continue
        if name not in known or name in _IN_THE_BODY:
            extra[name] = value
        elif is_chat and name in _OMISSIBLE and name not in knowledge.supported() and not knowledge.speaks_openai():
            continue
        else:
            arguments[name] = (
                (value.filename, value.content, value.content_type) if isinstance(value, Upload) else value
            )
    if is_chat and knowledge.speaks_openai():
        # Without `max_retries` among them LiteLLM drops it for some of these vendors, and then tries three times.
        allowed = {*arguments, "max_retries"} - knowledge.supported() - {"messages"}
        arguments["allowed_openai_params"] = sorted(allowed)
    if vendor in _TAKE_ANY_ARGUMENT:
        for name in extra.keys() - _IN_THE_BODY:
            if knowledge.takes(name):
                raise refused(f"The parameter {name!r} cannot be passed on to {vendor} through LiteLLM.", name)
            arguments[name] = extra[name]
    elif extra:
        arguments["extra_body"] = extra
    if is_chat and request.is_stream:
        options = request.body.get("stream_options") or {}
        arguments |= {"stream": True, "stream_options": {**options, "include_usage": True}}
    return arguments


def _bad_secret(target: Target, what: str) -> CallFailed:
    return CallFailed(
        f"The credential of deployment {target.name!r} cannot be used: {what}. Enter one key, or JSON with LiteLLM's names "
        "for the vendor's secrets.",
        reason="authentication",
        status=502,
        code="bad_credential",
    )
