"""Server-sent events: cutting a byte stream into whole frames.

Format: the WHATWG HTML standard, "Server-sent events". We only need `data`; vendors that name their events repeat the
name inside the data.
"""


class FrameSplitter:
    """Collects bytes and gives back what is complete. A frame ends with an empty line."""

    __slots__ = ("_rest", "_searched")

    def __init__(self) -> None:
        self._rest = b""
        self._searched = 0  # how much of the rest holds no end of a frame, so that a huge frame is searched only once

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that became complete, each with its separator, so that joined they equal the bytes read."""
        buffer = self._rest + data if self._rest else data
        frames: list[bytes] = []
        start = 0
        end = _end_of_frame(buffer, self._searched)
        while end >= 0:
            frames.append(buffer[start:end])
            start = end
            end = _end_of_frame(buffer, start)
        self._rest = buffer[start:]
        self._searched = max(0, len(self._rest) - 2)  # the last two bytes may be the first half of an end
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
    """Where the empty line after `start` ends, or -1. Looks at line ends only, whichever of the two kinds they are."""
    line_end = buffer.find(b"\n", start)
    while line_end >= 0:
        if buffer.startswith(b"\n", line_end + 1):
            return line_end + 2
        if buffer.startswith(b"\r\n", line_end + 1):
            return line_end + 3
        line_end = buffer.find(b"\n", line_end + 1)
    return -1
