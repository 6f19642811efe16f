"""Writes a request's fields as multipart/form-data, for operations that take files.

Format: RFC 7578; a field with several values has `[]` behind its name, as OpenAI's API reference shows it for
`image[]` and `timestamp_granularities[]`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from madang.calls.request import Upload

_encode = msgspec.json.Encoder().encode
_NOT_IN_A_NAME = re.compile(r'["\r\n]')


def encode_multipart(body: Mapping[str, Any], boundary: str) -> bytes:
    """The body; its content type is that of `multipart_type`. Fields that are None are left out."""
    pieces: list[bytes] = []
    for name, value in _fields(body):
        pieces.append(b"--%b\r\n" % boundary.encode())
        if isinstance(value, Upload):
            named = f'content-disposition: form-data; name="{_quoted(name)}"; filename="{_quoted(value.filename)}"\r\n'
            typed = f"content-type: {_one_line(value.content_type) or 'application/octet-stream'}\r\n\r\n"
            pieces += [named.encode(), typed.encode(), value.content, b"\r\n"]
        else:
            pieces += [
                f'content-disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode(),
                _text(value),
                b"\r\n",
            ]
    pieces.append(b"--%b--\r\n" % boundary.encode())
    return b"".join(pieces)


def multipart_type(boundary: str) -> str:
    return f"multipart/form-data; boundary={boundary}"


def _fields(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        if value is None:
            continue
        if isinstance(value, list):
            repeated = name if name.endswith("[]") else f"{name}[]"
            for each in value:
                yield repeated, each
        else:
            yield name, value


def _text(value: Any) -> bytes:
    """A field's value as forms write it: words without quotes, everything else as JSON."""
    return value.encode() if isinstance(value, str) else _encode(value)


def _quoted(name: str) -> str:
    """RFC 7578, 4.2, by way of the HTML standard: what would end the name is written with percent signs."""
    return _NOT_IN_A_NAME.sub(lambda found: f"%{ord(found[0]):02X}", name)


def _one_line(words: str) -> str:
    return words.replace("\r", "").replace("\n", "")
