"""AWS's event stream: frames of a head, headers and a payload, with a checksum over the head and one over all.

Format: AWS's "Amazon Transcribe developer guide", "Event stream encoding", which all of its services share: total length
and headers' length as 32-bit numbers, CRC32 of both, headers (name, type 7 for text, value), payload, CRC32 of all.
"""

import struct
import zlib
from collections.abc import Mapping

EVENT_STREAM = "application/vnd.amazon.eventstream"
_TEXT = 7
_AROUND = 16  # lengths and checksums


def event_frame(kind: str, payload: bytes) -> bytes:
    """An event."""
    return frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, payload)


def exception_frame(kind: str, payload: bytes) -> bytes:
    """An exception, after which the stream ends."""
    return frame({":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}, payload)


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One whole frame."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    lengths = struct.pack(">II", _AROUND + len(head) + len(payload), len(head))
    message = lengths + struct.pack(">I", zlib.crc32(lengths)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    encoded_name, encoded = name.encode(), value.encode()
    return struct.pack(">B", len(encoded_name)) + encoded_name + struct.pack(">BH", _TEXT, len(encoded)) + encoded
