"""How LiteLLM gets to a vendor: address, and secrets under the names that it has for them.

A deployment's secret is one key, or JSON with the names LiteLLM has for a vendor's several secrets, such as
`{"aws_access_key_id": "…", "aws_secret_access_key": "…", "aws_region_name": "…"}`. What the machine itself holds, in its
environment, its files or from its cloud, is never used: it is not the project's, but the address it would go to is.
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from madang.calls.target import Target
from madang.errors import CallFailed
from madang.providers.gemini.service_account import read_key

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
# Without all of these LiteLLM takes what is missing from the machine.
_AWS_PAIR = ("aws_access_key_id", "aws_secret_access_key")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("bedrock", "bedrock_converse", "sagemaker", "sagemaker_chat", "sagemaker_nova", "aws_polly"),
        _AWS_PAIR,
    ),
    **dict.fromkeys(("vertex_ai", "vertex_ai_beta"), ("vertex_credentials",)),
    "oci": ("oci_user", "oci_fingerprint", "oci_tenancy", "oci_key"),
}
# These of them also take an API key.
_TAKE_ONE_KEY = frozenset({"bedrock", "bedrock_converse"})
_OF_THE_MACHINE = frozenset({"bedrock_mantle", "chatgpt", "github_copilot", "sap"})

NO_KEY = "none"
"""In place of a key where a deployment has none: without one LiteLLM would look for keys in the environment."""


class Door(NamedTuple):
    """How to get to a vendor: LiteLLM's arguments for it, and what of them is secret."""

    arguments: dict[str, Any]
    secrets: tuple[str, ...]


def door_of(target: Target) -> Door:
    """Raises CallFailed(authentication) for a secret that is JSON but not of this form, and for one that would leave LiteLLM
    to look for more on this machine; its values are not repeated.
    """
    vendor = vendor_of(target)
    if vendor in _OF_THE_MACHINE or (vendor == "databricks" and "DATABRICKS_CLIENT_ID" in os.environ):
        raise _bad_secret(
            target, f"LiteLLM gets into {vendor} with what this machine holds, whatever a credential says"
        )
    door: dict[str, Any] = {}
    if target.base_url:
        door["api_base"] = target.base_url.rstrip("/")  # `base_url` is known to chat only
    if target.api_version:
        door["api_version"] = target.api_version
    if not target.api_key.lstrip().startswith("{"):
        if vendor in _NEEDS and not (target.api_key and vendor in _TAKE_ONE_KEY):
            raise _bad_secret(target, f"{vendor} needs JSON with {', '.join(_NEEDS[vendor])}")
        key = target.api_key or NO_KEY
        return Door({**door, "api_key": key}, (target.api_key,))
    try:
        named = msgspec.json.decode(target.api_key, type=dict[str, str | dict[str, Any]])
    except msgspec.DecodeError:
        raise _bad_secret(target, "it begins like JSON, but is not an object of texts") from None
    unknown = sorted(named.keys() - _SECRETS - _PLACES)
    if unknown:
        raise _bad_secret(target, f"{', '.join(unknown)} cannot be in it")
    missing = [name for name in _NEEDS.get(vendor, ()) if not named.get(name)]
    if missing and not (vendor in _TAKE_ONE_KEY and named.keys() & _SECRETS == {"api_key"} and named["api_key"]):
        raise _bad_secret(target, f"{', '.join(missing)} is missing")
    if not named.keys() & _SECRETS:
        door["api_key"] = NO_KEY
    texts = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in named.items()
    }
    if target.region:
        texts.setdefault("aws_region_name" if "aws_access_key_id" in texts else "vertex_location", target.region)
    secrets = [texts[name] for name in texts if name in _SECRETS]
    if "aws_access_key_id" in texts:
        # Empty, not absent: LiteLLM would look for both on the machine.
        texts.setdefault("aws_session_token", "")
        texts.setdefault("api_key", "")
    if "vertex_credentials" in texts:
        secrets.append(_account_key(target, texts["vertex_credentials"]))
    return Door({**door, **texts}, tuple(secrets))


def _account_key(target: Target, text: str) -> str:
    """The private key of a service account. Google's other kinds of credentials, and a path in place of one, would have
    files of this machine read, and sent to an address of theirs.
    """
    try:
        kind = msgspec.json.decode(text, type=dict[str, Any]).get("type")
    except msgspec.DecodeError:
        kind = None
    if kind != "service_account":
        raise _bad_secret(target, "vertex_credentials is not the JSON key of a service account")
    return read_key(text).private_key


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


def _bad_secret(target: Target, what: str) -> CallFailed:
    return CallFailed(
        f"The credential of deployment {target.name!r} cannot be used: {what}. Enter one key, or JSON with LiteLLM's names "
        "for the vendor's secrets.",
        reason="authentication",
        status=502,
        code="bad_credential",
    )
