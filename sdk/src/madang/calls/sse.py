"""Server-sent events: cutting a byte stream into whole frames.

Format: the WHATWG HTML standard, "Server-sent events". We only need `data`; vendors that name their events repeat the
name inside the data.
"""


class FrameSplitter:
    """Collects bytes and gives back what is complete. A frame ends with an empty line."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that became complete, each with its separator, so that joined they equal the bytes read."""
        buffer = self._rest + data if self._rest else data
        frames: list[bytes] = []
        start = 0
        while True:
            end = _end_of_frame(buffer, start)
            if end < 0:
                break
            frames.append(buffer[start:end])
            start = end
        self._rest = buffer[start:]
        return frames

    @property
    def rest(self) -> bytes:
        """What came after the last complete frame."""
        return self._rest


def data_of(frame: bytes) -> bytes:
    """The frame's `data`, several lines joined by a line feed; empty for comments and keep-alives."""
    if frame.startswith(b"data:") and frame.find(b"\n", 0, len(frame) - 2) < 0:
        return frame[5:].strip()  # one line, as all vendors send it
    lines = [line[5:].strip() for line in frame.splitlines() if line.startswith(b"data:")]
    return b"\n".join(lines)


def _end_of_frame(buffer: bytes, start: int) -> int:
    lf = buffer.find(b"\n\n", start)
    crlf = buffer.find(b"\r\n\r\n", start)
    if lf < 0 and crlf < 0:
        return -1
    if crlf < 0 or 0 <= lf < crlf:
        return lf + 2
    return crlf + 4
