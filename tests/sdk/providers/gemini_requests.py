"""Requests to Gemini deployments, as bodies that would be sent."""

from typing import Any

import msgspec
from tests.sdk.request_builder import request, route, target

from madang.calls.operation import Operation
from madang.calls.request import Attempt, Request
from madang.providers.gemini.chat_request import chat_body
from madang.providers.remote_file import RemoteFile


def asked(
    *, model: str = "gemini-2.5-flash", stream: bool = False, operation: Operation = "chat", **body: Any
) -> Request:
    """A request addressed to one Gemini deployment, as its first attempt."""
    to = target("east", vendor="gemini", vendor_model=model, api_key="AIza-key")
    made = request(route(to), stream=stream, operation=operation, body=body).to(to, "first", has_alternative=False)
    if operation != "chat":
        made.body.pop("messages")
    return msgspec.structs.replace(made, attempt=Attempt("span1", to, "first", 1_767_225_600_000_000))


def sent(model: str = "gemini-2.5-flash", files: dict[str, RemoteFile] | None = None, **body: Any) -> Any:
    """What generateContent is sent, as JSON."""
    return msgspec.json.decode(chat_body(asked(model=model, **body), files or {}))
