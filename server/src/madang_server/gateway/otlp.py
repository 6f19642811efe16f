"""Takes OTLP spans in: read, check, spool, and answer only when they would survive a power cut."""

import asyncio
import time
import zlib
from collections.abc import Callable

import msgspec

from madang_server.gateway.asgi import Headers
from madang_server.spans.intake import NoRoom, NotKept, SpanSpool, keep_rows, spans_to_rows
from madang_server.spans.otlp import decode_spans
from madang_server.spans.otlp_wire import JSON, PROTOBUF, MalformedSpans, is_ready_for_protobuf
from madang_server.spans.row import RETENTION_DAYS

MAX_BODY_BYTES = 20 << 20
RETRY_AFTER_S = 5
_SMALL_BODY_BYTES = 32 << 10

Answer = tuple[int, Headers, bytes]


class _TooLarge(Exception):
    pass


def _now_us() -> int:
    return time.time_ns() // 1000


async def receive_spans(
    project_id: str,
    body: bytes,
    content_type: str,
    encoding: str,
    spool: SpanSpool,
    *,
    key_id: str = "",
    retention_days: int = RETENTION_DAYS,
    now_us: Callable[[], int] = _now_us,
) -> Answer:
    """Status, headers and body of the answer to an OTLP request whose sender may write to the project.

    `key_id` is the public key it came with; spans carry it, whatever they say themselves.
    """
    try:
        is_ready = content_type != PROTOBUF or is_ready_for_protobuf()
        if is_ready and len(body) <= _SMALL_BODY_BYTES and not encoding:
            rows = _rows(project_id, body, content_type, encoding, key_id, retention_days, now_us())
        else:  # in a thread, so that calls in flight are not held up
            rows = await asyncio.to_thread(
                _rows, project_id, body, content_type, encoding, key_id, retention_days, now_us()
            )
        await keep_rows(rows, spool)
    except _TooLarge:
        return _refusal(
            413, "body_too_large", f"The spans are larger than {MAX_BODY_BYTES >> 20} MB; send smaller batches"
        )
    except MalformedSpans as error:
        return _refusal(400, "malformed_spans", str(error))
    except (NoRoom, NotKept) as error:
        return _refusal(429, "spool_full", str(error), retry_after_s=RETRY_AFTER_S)
    if content_type.startswith(PROTOBUF):
        return 200, [(b"content-type", PROTOBUF.encode())], b""
    return 200, [(b"content-type", JSON.encode())], b"{}"


def _rows(
    project_id: str, body: bytes, content_type: str, encoding: str, key_id: str, retention_days: int, version: int
) -> list[bytes]:
    decoded = decode_spans(_inflated(body, encoding.strip().lower()), content_type)
    spans = [msgspec.structs.replace(span, key_id=key_id) for span in decoded] if key_id else decoded
    return spans_to_rows(project_id, spans, version, retention_days)


def _inflated(body: bytes, encoding: str) -> bytes:
    if len(body) > MAX_BODY_BYTES:
        raise _TooLarge
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "deflate"):
        raise MalformedSpans(f"Content-Encoding {encoding!r} is not supported; use gzip or none")
    inflater = zlib.decompressobj(31 if encoding == "gzip" else 15)
    try:
        # Never more than the limit is inflated, however small the body.
        content = inflater.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise MalformedSpans(f"The body is not valid {encoding}") from error
    if len(content) > MAX_BODY_BYTES:
        raise _TooLarge
    if not inflater.eof:
        raise MalformedSpans(f"The {encoding} body is cut short")
    return content


def _refusal(status: int, code: str, message: str, *, retry_after_s: int | None = None) -> Answer:
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    error = {"error": {"message": message, "type": kind, "code": code, "param": None}}
    headers: Headers = [(b"content-type", JSON.encode())]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    return status, headers, msgspec.json.encode(error)
