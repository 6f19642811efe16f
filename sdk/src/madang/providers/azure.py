"""Azure OpenAI: OpenAI's wire at a deployment's own address.

Source: Microsoft's "Azure OpenAI REST API reference" and "v1 API". With a dated `api_version` the deployment is in the
path; without one, or at an address that ends with /openai/v1, the v1 API is used, where the deployment is the body's model
and an `api_version` can only be "v1" or "preview". Responses are served by the v1 API alone.
"""

from urllib.parse import quote

from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.target import Target
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.openai import PATHS, Address, wire_call

_V1 = "/openai/v1"
_VERSIONS_OF_V1 = frozenset({"v1", "latest", "preview"})


def azure_call(transport: Transport) -> Call:
    return wire_call(transport, address_of)


def serves_responses(target: Target) -> bool:
    """Whether a deployment is called by the v1 API."""
    return target.base_url.rstrip("/").endswith(_V1) or not target.api_version or target.api_version in _VERSIONS_OF_V1


def address_of(request: Request) -> Address:
    target = request.target
    assert target is not None
    base = target.base_url.rstrip("/")
    headers = {"api-key": target.api_key, "content-type": "application/json", "accept-encoding": "identity"}
    version = f"?api-version={target.api_version}" if target.api_version else ""
    if serves_responses(target):
        prefix = base if base.endswith(_V1) else base + _V1
        return Address(prefix + PATHS[request.operation] + version, headers)
    if request.operation == "responses":
        raise CallFailed(
            f"Azure serves responses by its v1 API only, and deployment {target.name!r} asks for API version "
            f"{target.api_version!r}. Leave its API version empty.",
            reason="not_found",
            status=404,
            code="operation_not_served",
        )
    deployment = quote(target.vendor_model, safe="")
    return Address(f"{base}/openai/deployments/{deployment}{PATHS[request.operation]}{version}", headers)
