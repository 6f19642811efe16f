"""Requests, targets and routes with everything filled in that a test does not care about."""

from dataclasses import replace
from typing import Any

import msgspec

from madang.calls.operation import Operation
from madang.calls.request import Caller, Request
from madang.calls.target import Route, Target

TRACE_ID = "a1" * 16


def target(name: str = "east", **fields: Any) -> Target:
    return replace(Target(name=name, vendor="fake", vendor_model=f"{name}-model", alias="chat"), **fields)


def route(*targets: Target, **fields: Any) -> Route:
    return replace(Route("chat", targets or (target(),)), **fields)


def request(
    to: Route | None = None,
    *,
    stream: bool = False,
    operation: Operation = "chat",
    deadline: float = 600.0,
    body: dict[str, Any] | None = None,
    caller: Caller | None = None,
    wants_usage: bool = False,
) -> Request:
    """A call that asks "What is a madang?"."""
    asked = {"model": "chat", "messages": [{"role": "user", "content": "What is a madang?"}], **(body or {})}
    if stream:
        asked["stream"] = True
    return Request(
        operation=operation,
        route=to or route(),
        body=asked,
        raw=msgspec.json.encode(asked),
        deadline=deadline,
        caller=caller or Caller(project_id="prj_1", key_id="pk-md-1", trace_id=TRACE_ID),
        is_stream=stream,
        wants_usage=wants_usage,
    )
