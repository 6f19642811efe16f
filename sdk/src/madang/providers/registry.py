"""The visible list of vendors, and the innermost call that sends a request to its target's vendor."""

from collections.abc import Callable, Mapping

from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.anthropic.call import anthropic_call
from madang.providers.azure import azure_call
from madang.providers.bedrock.call import bedrock_call
from madang.providers.dialects.call import with_dialects
from madang.providers.fake import fake_call
from madang.providers.gemini.call import gemini_call, vertex_call
from madang.providers.openai import openai_call
from madang.providers.remote_file import FileFetcher

# The fetcher is for vendors that take files as bytes only.
VENDORS: Mapping[str, Callable[[Transport, FileFetcher], Call]] = {
    "openai": lambda transport, _: openai_call(transport),
    "azure": lambda transport, _: azure_call(transport),
    "anthropic": lambda transport, _: anthropic_call(transport),
    "bedrock": bedrock_call,
    "gemini": gemini_call,
    "vertex": vertex_call,
    "litellm": lambda transport, _: _litellm(transport),
    "fake": lambda *_: fake_call(),
}


def vendor_call(
    transport: Transport, extra: Mapping[str, Call] | None = None, *, fetcher: FileFetcher | None = None
) -> Call:
    """The call that goes to `request.target`'s vendor; `extra` adds or replaces vendors (tests give their own fake).

    `fetcher` says which files may be fetched that a request names by URL; by default those on the open Internet.
    """
    files = fetcher or FileFetcher()
    calls = {name: make(transport, files) for name, make in VENDORS.items()} | dict(extra or {})

    async def call(request: Request) -> Reply:
        assert request.target is not None, "the fallback layer addresses every request"
        vendor = calls.get(request.target.vendor)
        if vendor is None:
            raise CallFailed(
                f"Deployment {request.target.name!r} names vendor {request.target.vendor!r}; known: {sorted(calls)}.",
                reason="not_found",
                status=502,
                code="unknown_vendor",
            )
        return await vendor(request)

    return with_dialects(call)


def _litellm(transport: Transport) -> Call:
    """LiteLLM's call, loaded when it is first made: it brings an HTTP client that the others do not need."""
    made: Call | None = None

    async def call(request: Request) -> Reply:
        nonlocal made
        if made is None:
            from madang.providers.litellm.call import litellm_call

            made = litellm_call(transport)
        return await made(request)

    return call
