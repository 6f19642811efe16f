"""Requests that bring files: multipart/form-data, read into the same fields that a JSON body has.

Format: RFC 7578, parsed by aiohttp. A field's `[]`, by which OpenAI's clients mark lists, is taken off its name.
"""

import asyncio
from email.message import Message
from typing import Any

from madang.calls.request import Upload
from madang_server.gateway.errors import Refused

MOST_FIELDS = 200


def is_form(content_type: bytes) -> bool:
    return content_type[:19].lower() == b"multipart/form-data"


async def read_form(content_type: bytes, raw: bytes) -> dict[str, Any]:
    """The form's fields: text, or an Upload where there is a file; a list where a field comes several times, or is marked
    as one. Raises Refused(400).
    """
    # Imported here: most servers never get a form.
    from aiohttp import BodyPartReader, MultipartReader, StreamReader
    from aiohttp.base_protocol import BaseProtocol
    from aiohttp.http_exceptions import HttpProcessingError

    if not _is_whole(content_type, raw):
        raise _unreadable()
    loop = asyncio.get_running_loop()
    source = StreamReader(BaseProtocol(loop), limit=max(len(raw), 1), loop=loop)
    source.feed_data(raw)
    source.feed_eof()
    fields: list[tuple[str, Any]] = []
    try:
        reader = MultipartReader({"Content-Type": content_type.decode("latin-1")}, source)
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or not part.name or len(fields) >= MOST_FIELDS:
                raise _unreadable()
            content = bytes(await part.read())
            # Bytes that are no UTF-8 come out of the parser as lone surrogates, which nothing behind here could write.
            f"{part.name}{part.filename}{part.headers.get('Content-Type')}".encode()
            if part.filename is None:
                fields.append((part.name, content.decode()))
            else:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                fields.append((part.name, Upload(part.filename, kind, content)))
    except (
        ValueError,
        KeyError,
        AssertionError,
        RuntimeError,
        HttpProcessingError,
    ):  # what aiohttp says of broken forms
        raise _unreadable() from None
    return _joined(fields)


def _is_whole(content_type: bytes, raw: bytes) -> bool:
    """Whether the form's end mark is there: the parser takes half a file for a file."""
    head = Message()
    head["content-type"] = content_type.decode("latin-1")
    boundary = head.get_boundary()
    return bool(boundary) and b"--%b--" % str(boundary).encode("latin-1", errors="replace") in raw


def _joined(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for given, value in fields:
        name = given.removesuffix("[]")
        if name not in body:
            body[name] = [value] if name != given else value
        elif isinstance(body[name], list):
            body[name].append(value)
        else:
            body[name] = [body[name], value]
    if body.get("stream") in ("true", "false"):  # the one field of a form that is ours to understand
        body["stream"] = body["stream"] == "true"
    return body


def _unreadable() -> Refused:
    return Refused(400, "The request's body is not a valid multipart form.", code="invalid_form")
