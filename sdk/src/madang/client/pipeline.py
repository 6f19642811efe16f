"""The two ways a client makes its calls: to the vendors itself, or through the Gateway."""

import dataclasses
from collections.abc import Callable

import msgspec

from madang.calls.clock import Clock
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.layers.stack import Surroundings, build_call
from madang.layers.timeout import with_timeout
from madang.layers.trace import SpanSink
from madang.providers.openai import PATHS, Address, wire_call
from madang.providers.registry import vendor_call
from madang.routing.books import Books

_FROM_GATEWAY = frozenset(
    {"x-madang-deployment", "x-madang-attempts", "x-madang-cost-usd", "x-madang-cache", "x-madang-joined", "age"}
)


def direct_call(transport: Transport, key_of: Callable[[str], str], sink: SpanSink, clock: Clock, books: Books) -> Call:
    """The whole pipeline in this process. The vendor's key is filled in last, so no layer outside ever holds it."""
    vendor = vendor_call(transport)

    async def with_key(request: Request) -> Reply:
        assert request.target is not None
        target = dataclasses.replace(request.target, api_key=key_of(request.target.credential_id))
        return await vendor(msgspec.structs.replace(request, target=target))

    return build_call(with_key, Surroundings(sink=sink, books_of=lambda _: books, clock=clock))


def gateway_call(transport: Transport, base_url: str, api_key: str, clock: Clock) -> Call:
    """One request to the Gateway, which routes, retries, counts and traces; here only the time limits apply."""

    def address_of(request: Request) -> Address:
        caller = request.caller
        headers = {
            "authorization": f"Bearer {api_key}",
            "content-type": "application/json",
            "accept-encoding": "identity",
            "x-madang-trace-id": caller.trace_id,
            "x-madang-session-id": caller.session_id,
            "x-madang-user-id": caller.user_id,
            "x-madang-environment": caller.environment,
            "x-madang-tags": ",".join(caller.tags),
            "x-madang-release": caller.release,
        }
        if request.routing:
            headers["x-madang-routing"] = msgspec.json.encode(request.routing).decode()
        if caller.parent_span_id:
            headers["traceparent"] = f"00-{caller.trace_id}-{caller.parent_span_id}-01"
        sent = {name: value for name, value in headers.items() if value}
        return Address(f"{base_url}/v1{PATHS[request.operation]}", sent)

    # The body goes out as the caller wrote it: the Gateway asks the vendor for usage by itself.
    send = wire_call(transport, address_of, renames_model=False, passed_on=_FROM_GATEWAY)
    wire = with_timeout(send, clock)

    async def call(request: Request) -> Reply:
        try:
            reply = await wire(request.to(request.route.targets[0], "the Gateway", has_alternative=False))
        except CallFailed as failure:
            failure.trace_id = request.caller.trace_id
            raise
        return reply.with_events(_naming_the_trace(reply.events, request.caller.trace_id))

    return call


async def _naming_the_trace(events: Events, trace_id: str) -> Events:
    try:
        async for event in events:
            yield event
    except CallFailed as failure:
        failure.trace_id = trace_id
        raise
    finally:
        await events.aclose()
