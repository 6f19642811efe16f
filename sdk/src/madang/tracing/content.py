"""What of a call's text a span keeps: all of it up to a limit, without embedded files beyond that."""

import re

import msgspec

LONGEST_TEXT = 1_000_000  # bytes; a longer text is cut and says so
FILES_KEPT_UP_TO = 256_000  # bytes; above it, embedded base64 files are replaced by their size

_EMBEDDED = re.compile(rb"(data:[\w.+/-]{1,100};base64,)([A-Za-z0-9+/=\\]{512,})")
_LONG_BASE64 = re.compile(rb'("(?:data|b64_json|file_data|result)"\s*:\s*")([A-Za-z0-9+/=]{512,})"')


def kept_text(raw: bytes) -> str:
    """The text as a span stores it. JSON stays JSON."""
    if len(raw) > FILES_KEPT_UP_TO:
        raw = _EMBEDDED.sub(_without_bytes, raw)
        raw = _LONG_BASE64.sub(lambda found: found[1] + b"(%d bytes of base64)" % len(found[2]) + b'"', raw)
    if len(raw) <= LONGEST_TEXT:
        return raw.decode("utf-8", errors="replace")
    start = raw[:LONGEST_TEXT].decode("utf-8", errors="ignore")  # the cut may fall inside a character
    return msgspec.json.encode({"cut_after_bytes": LONGEST_TEXT, "bytes": len(raw), "start": start}).decode()


def _without_bytes(found: re.Match[bytes]) -> bytes:
    return found[1] + b"(%d bytes of base64)" % len(found[2])
