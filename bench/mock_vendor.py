"""A vendor that costs next to nothing: OpenAI's wire with one fixed answer, so that a benchmark measures what is before it.

Whole answers are about 800 bytes. Streams are one event with the role and the first piece at once, then a piece every
10 ms, each in a write of its own, then finish, usage and [DONE]. Run: python bench/mock_vendor.py [port].
"""

import asyncio
import json
import sys
from typing import Any, cast

import uvloop

PIECES = 64
PIECE_INTERVAL_S = 0.01
_CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_USAGE = {
    "prompt_tokens": 96,
    "completion_tokens": 64,
    "total_tokens": 160,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_SENTENCE = "The courtyard opens onto every room, and every room looks back into the courtyard. "


def whole_answer() -> bytes:
    """One chat completion with its head."""
    message = {"role": "assistant", "content": _SENTENCE * 5, "refusal": None}
    body = json.dumps(
        {
            "id": "chatcmpl-bench000000000000000000",
            "object": "chat.completion",
            "created": 1760000000,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": _USAGE,
            "system_fingerprint": "fp_bench",
        },
        separators=(",", ":"),
    ).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def stream_writes() -> list[bytes]:
    """The writes of one streamed answer: the first two go out at once, each further one 10 ms after the one before."""
    first = _CHUNKED + _event([_choice({"role": "assistant", "content": "", "refusal": None})])
    pieces = [_event([_choice({"content": f" word{number:02d}"})]) for number in range(PIECES)]
    finish = _event([_choice({}, "stop")])
    usage = _event([], _USAGE)
    return [first, *pieces, finish + usage + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"]


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _event(choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> bytes:
    event = {
        "id": "chatcmpl-bench000000000000000000",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": "gpt-4o-2024-08-06",
        "system_fingerprint": "fp_bench",
        "choices": choices,
        "usage": usage,
    }
    return _chunk(b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


WHOLE = whole_answer()
STREAM = stream_writes()


class MockVendor(asyncio.Protocol):
    """One connection. Requests must carry a content-length, as all the clients under test do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods without being its subclasses.
        self._transport = cast("asyncio.Transport", transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        while True:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            length = content_length(self._received[:end])
            if length is None:
                self._transport.write(b"HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self._transport.close()
                return
            total = end + 4 + length
            if len(self._received) < total:
                return
            body, self._received = self._received[end + 4 : total], self._received[total:]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        if b'"stream":true' in body or b'"stream": true' in body:
            self._transport.write(STREAM[0])
            self._transport.write(STREAM[1])
            asyncio.get_running_loop().call_later(PIECE_INTERVAL_S, self._go_on, 2)
        else:
            self._transport.write(WHOLE)

    def _go_on(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(STREAM[number])
        if number + 1 < len(STREAM):
            asyncio.get_running_loop().call_later(PIECE_INTERVAL_S, self._go_on, number + 1)


def content_length(head: bytes) -> int | None:
    """The announced length of the body; 0 when the head asks for something without one; None when it cannot be told."""
    lowered = head.lower()
    found = lowered.find(b"content-length:")
    if found < 0:
        return None if b"transfer-encoding:" in lowered else 0
    line_end = lowered.find(b"\r\n", found)
    return int(lowered[found + 15 : line_end if line_end >= 0 else len(lowered)])


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(MockVendor, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
