"""Request bodies as the engine needs them: decompressed, every frame of them, and form fields taken apart.

Clients send inserts as several concatenated compressed frames; decoding only the first would drop rows silently.
"""

import sys
import zlib
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP

MAX_INFLATED_BYTES = 1 << 30


class BodyError(ValueError):
    """The body cannot be read; the message says why."""


def inflated(body: bytes, encoding: str, limit: int = MAX_INFLATED_BYTES) -> bytes:
    """The body without its Content-Encoding. Raises BodyError when damaged, unknown or larger than `limit` bytes."""
    if encoding in ("", "identity"):
        return body
    try:
        pieces = _frames(body, encoding, limit)
        return b"".join(_within(pieces, limit))
    except BodyError:
        raise
    except ImportError as error:  # both come with clickhouse-connect, on Pythons that lack them
        raise BodyError(f"Content-Encoding {encoding!r} is not supported by this Python; use gzip") from error
    except (zlib.error, RuntimeError, EOFError, ValueError, OSError) as error:
        raise BodyError(f"The body is not valid {encoding}: {type(error).__name__}") from error


def form_fields(body: bytes, content_type: str) -> dict[str, str]:
    """The text fields of a multipart/form-data body. Raises BodyError when it is not one."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise BodyError("The body is not multipart/form-data")
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str) or part.get_filename() is not None:
            raise BodyError("External data files are not supported; send plain form fields only")
        payload = part.get_payload(decode=True)
        fields[name] = payload.decode() if isinstance(payload, bytes) else str(payload)
    return fields


def _within(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit:
            raise BodyError(f"The body is larger than {limit} bytes when decompressed; send smaller batches")
        yield piece


def _frames(body: bytes, encoding: str, limit: int) -> Iterator[bytes]:
    if encoding in ("gzip", "deflate"):
        return _zlib_frames(body, 31 if encoding == "gzip" else 15)
    if encoding == "lz4":
        return _lz4_frames(body, limit)
    if encoding == "zstd":
        return _zstd_frames(body)
    raise BodyError(f"Content-Encoding {encoding!r} is not supported; use gzip, deflate, lz4 or zstd")


_PIECE = 1 << 20


def _zlib_frames(body: bytes, window: int) -> Iterator[bytes]:
    rest = body
    while rest:
        frame = zlib.decompressobj(window)
        while not frame.eof:
            piece = frame.decompress(rest, _PIECE)
            rest = frame.unconsumed_tail
            if not piece and not rest and not frame.eof:
                raise EOFError
            yield piece
        rest = frame.unused_data


def _lz4_frames(body: bytes, limit: int) -> Iterator[bytes]:
    import lz4.frame  # type: ignore[import-untyped]  # ships no types

    rest: bytes = body
    while rest:
        frame = lz4.frame.LZ4FrameDecompressor()
        piece = frame.decompress(rest, max_length=_PIECE)
        yield piece
        while not frame.eof:
            piece = frame.decompress(b"", max_length=_PIECE)
            if not piece and frame.needs_input:
                raise EOFError
            yield piece
        rest = frame.unused_data or b""


def _zstd_frames(body: bytes) -> Iterator[bytes]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    rest: bytes = body
    while rest:
        frame = zstd.ZstdDecompressor()
        piece = frame.decompress(rest, max_length=_PIECE)
        yield piece
        while not frame.eof:
            piece = frame.decompress(b"", max_length=_PIECE)
            if not piece and frame.needs_input:
                raise EOFError
            yield piece
        rest = frame.unused_data
