"""Azure OpenAI: OpenAI's wire at a deployment's own address.

Source: Microsoft's "Azure OpenAI REST API reference". With an `api_version` the deployment is in the path; without one
the v1 API is used, where the deployment is the body's model.
"""

from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.providers.openai import PATHS, Address, wire_call


def azure_call(transport: Transport) -> Call:
    return wire_call(transport, _address_of)


def _address_of(request: Request) -> Address:
    target = request.target
    assert target is not None
    base = target.base_url.rstrip("/")
    headers = {"api-key": target.api_key, "content-type": "application/json", "accept-encoding": "identity"}
    if not target.api_version:
        prefix = base if base.endswith("/openai/v1") else f"{base}/openai/v1"
        return Address(prefix + PATHS[request.operation], headers)
    path = f"/openai/deployments/{target.vendor_model}{PATHS[request.operation]}"
    return Address(f"{base}{path}?api-version={target.api_version}", headers)
