"""Valid requests for every path of the Gateway, and seeded ways to break them: in structure, bytes and headers."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.gateway.every_vendor import PIXEL, WEATHER

from madang.calls.request import Upload
from madang.providers.multipart import encode_multipart, multipart_type

Json = dict[str, Any]
Headers = list[tuple[bytes, bytes]]

_BOUNDARY = "frontier-of-the-fuzzer"
_TWICE = "__twice__"
_IMAGE_URL = f"data:image/png;base64,{PIXEL}"
_WAV = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0\x80>\0\0\x02\0\x10\0data\0\0\0\0"


@dataclass
class Broken:
    """One request as it is sent: `shape` is the language in which errors are told, `what` how it was broken."""

    method: str
    path: str
    shape: str
    headers: Headers
    body: bytes
    what: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Valid:
    """A request that is answered, before it is broken. `use` is what the model behind it must be able to do."""

    path: str
    use: str
    body: Json
    shape: str = "openai"
    method: str = "POST"
    is_form: bool = False


_OPENAI_TOOL = {"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": WEATHER}}
_ASKED = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Seoul"}'}}

VALID: Sequence[Valid] = (
    Valid(
        "/v1/chat/completions",
        "chat",
        {
            "messages": [
                {"role": "system", "content": "Be short."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": _IMAGE_URL, "detail": "low"}},
                    ],
                },
                {"role": "assistant", "content": None, "tool_calls": [_ASKED]},
                {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
                {"role": "user", "content": "And now?"},
            ],
            "tools": [_OPENAI_TOOL],
            "tool_choice": "auto",
            "temperature": 0.5,
            "max_tokens": 20,
            "stop": ["END"],
        },
    ),
    Valid(
        "/v1/chat/completions",
        "chat",
        {
            "messages": [{"role": "user", "content": "Hello"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": 20,
            "response_format": {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER, "strict": True}},
            "reasoning_effort": "low",
            "metadata": {"who": "me"},
            "user": "u-1",
            "n": 1,
            "seed": 7,
            "logprobs": False,
        },
    ),
    Valid(
        "/v1/responses",
        "chat",
        {
            "instructions": "Be short.",
            "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
                {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Seoul"}'},
                {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
                {"role": "user", "content": [{"type": "input_image", "image_url": _IMAGE_URL, "detail": "low"}]},
            ],
            "tools": [{"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}],
            "tool_choice": {"type": "function", "name": "weather"},
            "max_output_tokens": 20,
            "store": True,
            "reasoning": {"effort": "low", "summary": "auto"},
        },
    ),
    Valid(
        "/v1/responses",
        "chat",
        {
            "input": "Hello",
            "stream": True,
            "text": {"format": {"type": "json_schema", "name": "w", "schema": WEATHER, "strict": True}},
            "previous_response_id": None,
            "metadata": {"who": "me"},
            "include": [],
            "truncation": "auto",
            "parallel_tool_calls": True,
        },
    ),
    Valid(
        "/v1/messages",
        "chat",
        {
            "max_tokens": 20,
            "system": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                        },
                    ],
                },
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Seoul"}}],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "toolu_1",
                            "content": [{"type": "text", "text": "rain"}],
                        },
                    ],
                },
            ],
            "tools": [{"name": "weather", "description": "Weather", "input_schema": WEATHER}],
            "tool_choice": {"type": "auto"},
            "stop_sequences": ["END"],
            "temperature": 0.5,
        },
        shape="anthropic",
    ),
    Valid(
        "/v1/messages",
        "chat",
        {
            "max_tokens": 2_000,
            "messages": [{"role": "user", "content": "Hello"}],
            "stream": True,
            "thinking": {"type": "enabled", "budget_tokens": 1_024},
            "metadata": {"user_id": "u-1"},
            "top_k": 5,
        },
        shape="anthropic",
    ),
    Valid(
        "/v1/messages/count_tokens",
        "chat",
        {
            "system": "Be short.",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
            "tools": [{"name": "weather", "input_schema": WEATHER}],
        },
        shape="anthropic",
    ),
    Valid(
        "/v1/embeddings",
        "embeddings",
        {"input": ["one", "two"], "encoding_format": "base64", "dimensions": 64, "user": "u-1"},
    ),
    Valid(
        "/v1/images/generations",
        "images",
        {"prompt": "A courtyard", "n": 1, "size": "256x256", "response_format": "b64_json"},
    ),
    Valid(
        "/v1/images/edits",
        "images",
        {"prompt": "A courtyard", "image": Upload("a.png", "image/png", b"\x89PNG"), "n": "1"},
        is_form=True,
    ),
    Valid(
        "/v1/audio/transcriptions",
        "transcription",
        {"file": Upload("a.wav", "audio/wav", _WAV), "language": "en", "response_format": "json", "include": ["a"]},
        is_form=True,
    ),
    Valid("/v1/audio/translations", "transcription", {"file": Upload("a.wav", "audio/wav", _WAV)}, is_form=True),
    Valid(
        "/v1/audio/speech",
        "speech",
        {"input": "Hello", "voice": "alloy", "response_format": "wav", "speed": 1.0, "stream_format": "audio"},
    ),
    Valid("/v1/moderations", "moderations", {"input": ["Hello", "you"]}),
    Valid("/v1/rerank", "rerank", {"query": "rain", "documents": ["sun", {"text": "rain"}], "top_n": 1}),
    Valid("/v1/models", "", {}, method="GET"),
    Valid("/v1/models/nothing", "", {}, method="GET"),
    Valid("/v1/responses/resp_nothing", "", {}, method="GET"),
    Valid(
        "/v1/traces",
        "",
        {
            "resourceSpans": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
                    "scopeSpans": [
                        {
                            "scope": {"name": "fuzz"},
                            "spans": [
                                {
                                    "traceId": "5b8efff798038103d269b633813fc60c",
                                    "spanId": "eee19b7ec3c1b174",
                                    "name": "a",
                                    "kind": 2,
                                    "startTimeUnixNano": "1760000000000000000",
                                    "endTimeUnixNano": "1760000001000000000",
                                    "attributes": [
                                        {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
                                        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "3"}},
                                        {
                                            "key": "list",
                                            "value": {"arrayValue": {"values": [{"stringValue": "x"}]}},
                                        },
                                    ],
                                    "events": [{"name": "e", "timeUnixNano": "1760000000000000000"}],
                                    "status": {"code": 2, "message": "no"},
                                }
                            ],
                        }
                    ],
                }
            ]
        },
    ),
    Valid(
        "/api/explain",
        "chat",
        {
            "operation": "chat",
            "stream": True,
            "messages": [{"role": "user", "content": "Hello"}],
            "features": ["vision"],
            "prompt_tokens": 10,
            "session_id": "s",
            "routing": {"strategy": "latency", "only": [], "retries": 1},
        },
    ),
    Valid("/api/sdk/lease", "", {"credential_ids": ["x"]}),
    Valid(
        "/passthrough/openai/v1/chat/completions",
        "",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "stream": True},
        shape="vendor",
    ),
    Valid(
        "/passthrough/anthropic/v1/messages",
        "",
        {"model": "claude-sonnet-4-5", "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]},
        shape="vendor",
    ),
    Valid(
        "/passthrough/gemini/v1beta/models/gemini-2.5-flash:generateContent",
        "",
        {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
        shape="vendor",
    ),
)


class Breaker:
    """Makes broken requests, the same ones for the same seed. `models` has aliases by use."""

    def __init__(self, seed: int, key: str, models: Mapping[str, Sequence[str]]) -> None:
        self._random = Random(seed)
        self._key = key.encode()
        self._models = models

    def next(self) -> Broken:
        random = self._random
        valid = random.choice(VALID)
        body = copy.deepcopy(valid.body)
        if valid.use:
            use = valid.use if random.random() < 0.95 else "chat"
            body["model"] = random.choice(self._models[use])
        made = Broken(valid.method, valid.path, valid.shape, [], b"")
        way = random.random()
        if valid.method == "POST" and way < 0.8:
            for _ in range(random.choice((1, 1, 1, 2, 3))):
                made.what.append(self._break_structure(body))
        made.body = self._written(valid, body)
        if valid.method == "POST" and 0.7 <= way < 0.88:
            made.what.append(self._break_bytes(made))
        content_type = multipart_type(_BOUNDARY) if valid.is_form else "application/json"
        made.headers = [
            (b"authorization", b"Bearer " + self._key),
            (b"content-type", content_type.encode()),
        ]
        if valid.shape == "anthropic":
            made.headers.append((b"anthropic-version", b"2023-06-01"))
        if way >= 0.86 or valid.method != "POST":
            made.what.append(self._break_headers(made))
        return made

    def _written(self, valid: Valid, body: Json) -> bytes:
        if valid.method != "POST":
            return b""
        if valid.is_form:
            try:
                return encode_multipart(body, _BOUNDARY)
            except (UnicodeEncodeError, TypeError, ValueError, AttributeError, RecursionError):  # no form has that
                return encode_multipart({"model": "x"}, _BOUNDARY)
        return json.dumps(body, default=lambda upload: upload.filename).replace(f'"{_TWICE}', '"').encode()

    # Structure

    def _break_structure(self, body: Json) -> str:
        random = self._random
        holder, name = self._place(body)
        where = f"{name!r}"
        value = holder[name]
        way = random.choice(("junk", "junk", "junk", "junk", "gone", "twice", "wrapped", "deep", "many", "renamed"))
        if way == "junk":
            label, make = random.choice(_JUNK)
            holder[name] = make()
            return f"{where} is {label}"
        if way == "gone":
            del holder[name]
        elif way == "wrapped":
            holder[name] = random.choice(([value], {"x": value}, [[value]], {"type": "text", "text": value}))
        elif way == "deep":
            holder[name] = _nested(random.choice((40, 200, 400)), value if _is_plain(value) else "x")
        elif way == "many":
            holder[name] = [value if _is_plain(value) else "x"] * random.choice((1_000, 20_000))
        elif isinstance(holder, dict):
            if way == "twice":
                holder[_TWICE + str(name)] = random.choice(_JUNK)[1]()
            else:
                del holder[name]
                holder[random.choice(_NAMES)] = value
        return f"{where} {way}"

    def _place(self, body: Json) -> tuple[Any, Any]:
        """Some place in the body, the deeper ones as likely as those on top."""
        random = self._random
        holder: Any = body
        if not holder:
            body["x"] = 1
        while True:
            name = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
            inner = holder[name]
            if not isinstance(inner, dict | list) or not inner or len(inner) > 100 or random.random() < 0.25:
                return holder, name
            holder = inner

    # Bytes

    def _break_bytes(self, made: Broken) -> str:
        random = self._random
        raw = made.body
        at = random.randrange(len(raw)) if raw else 0
        ways: Mapping[str, Callable[[], bytes]] = {
            "empty": lambda: b"",
            "cut off": lambda: raw[:at],
            "a strange byte": lambda: raw[:at] + bytes([random.randrange(256)]) + raw[at:],
            "a byte lost": lambda: raw[:at] + raw[at + 1 :],
            "UTF-16": lambda: raw.decode("latin-1").encode("utf-16"),
            "UTF-8 with a mark": lambda: b"\xef\xbb\xbf" + raw,
            "bytes that are no text": lambda: raw[:at] + b"\xff\xc0\x80" + raw[at:],
            "a lone surrogate in UTF-8": lambda: raw.replace(b"Hello", b"\xed\xa0\x80"),
            "a lone surrogate, escaped": lambda: raw.replace(b"Hello", b"\\udc00"),
            "null characters": lambda: raw.replace(b"Hello", b"\\u0000"),
            "a list": lambda: b"[" + raw + b"]",
            "text behind it": lambda: raw + b"{}",
            "deep": lambda: b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
            "deep lists": lambda: raw[:-1] + b',"x":' + b"[" * 980 + b"]" * 980 + b"}",
            "NaN": lambda: raw[:-1] + b',"temperature":NaN}',
            "far too large a number": lambda: raw[:-1] + b',"temperature":1e999,"max_tokens":' + b"9" * 400 + b"}",
            "a number with many digits": lambda: raw[:-1] + b',"seed":0.' + b"1" * 5_000 + b"}",
            "a plain word": lambda: b"null",
            "gzip": lambda: gzip.compress(raw),
        }
        name = random.choice(list(ways))
        made.body = ways[name]()
        return name

    # Headers

    def _break_headers(self, made: Broken) -> str:
        random = self._random
        way = random.choice(("add", "add", "add", "add", "replace", "twice", "method", "path"))
        if way == "twice":
            made.headers.append(random.choice(made.headers))
            return "a header twice"
        if way == "method":
            made.method = random.choice(("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW", "POST"))
            return f"method {made.method}"
        if way == "path":
            made.path += random.choice(
                ("/", "//", "?a=%ff&%00", "/%2e%2e/x", "%00", "%ff%fe", "/" + "a" * 3_000, "?" * 9)
            )
            return f"path {made.path[:80]}"
        if way == "replace":
            name = random.choice(made.headers)[0]
            made.headers = [pair for pair in made.headers if pair[0] != name]
            value = random.choice(_VALUES)
            made.headers.append((name, value))
            return f"{name!r} is {value[:40]!r}"
        name, values = random.choice(_HEADERS)
        value = random.choice((*values, random.choice(_VALUES)))
        made.headers.append((name, value))
        return f"with {name[:40]!r}: {value[:60]!r}"


def _nested(depth: int, inner: Any) -> Any:
    for number in range(depth):
        inner = [inner] if number % 2 else {"x": inner}
    return inner


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | dict) and len(str(value)) < 400


_JUNK: Sequence[tuple[str, Callable[[], Any]]] = (
    ("null", lambda: None),
    ("true", lambda: True),
    ("zero", lambda: 0),
    ("minus one", lambda: -1),
    ("a half", lambda: 0.5),
    ("huge", lambda: 10**30),
    ("nearly infinite", lambda: 1.7e308),
    ("more than int64", lambda: 2**63),
    ("more than a float", lambda: 10**400),
    ("NaN", lambda: float("nan")),
    ("infinity", lambda: float("inf")),
    ("no text", lambda: ""),
    ("a space", lambda: " "),
    ("a null character", lambda: "a\0b"),
    ("a lone surrogate", lambda: "\ud800"),
    ("two surrogates the wrong way round", lambda: "\udc00\ud800"),
    ("a line break", lambda: "a\r\nx-evil: 1"),
    ("long text", lambda: "x" * 200_000),
    ("an odd emoji", lambda: "👩‍👩‍👧‍👧\u202e\ufeff"),
    ("a number as text", lambda: "12"),
    ("an empty list", list),
    ("an empty object", dict),
    ("a list of null", lambda: [None]),
    ("a list of lists", lambda: [[], [[]]]),
    ("a list of numbers", lambda: [1, 2.5, -3]),
    ("a list of objects", lambda: [{"type": 7}, {"type": None}, {}]),
    ("an object of nulls", lambda: {"type": None, "": None}),
    ("an object with an unknown type", lambda: {"type": "what_is_this", "text": 7}),
    ("a text part with no text", lambda: [{"type": "text", "text": None}]),
    ("a message with an odd role", lambda: {"role": "wizard", "content": "Hello"}),
    ("a message without anything", lambda: [{"role": "user"}]),
    ("an image that is none", lambda: [{"type": "image_url", "image_url": "data:image/png;base64,%%%"}]),
    ("a data URL that is none", lambda: "data:;;,,"),
    ("an address inside", lambda: "http://127.0.0.1:1/x"),
    ("an address that is none", lambda: "http://[::1"),
    ("JSON in text", lambda: '{"a": [1, {'),
    ("JSON nested in text", lambda: "[" * 5_000),
    ("a path", lambda: "../../etc/passwd"),
)

_NAMES = ("", "type", "role", "content", "x" * 300, "\0", "\ud800", "model", "stream", "__class__", "extra_headers")

_VALUES: Sequence[bytes] = (
    b"",
    b" ",
    b"a\x01b",
    b"a\x00b",
    b"a\x7fb",
    b"\xff\xfe\x80",
    b"a\tb",
    b"x" * 20_000,
    b"x" * 70_000,
    b"a\r x: y",
    "널 é".encode(),
    b'"; DROP TABLE spans',
    b"%0d%0aset-cookie: a=b",
)

_HEADERS: Sequence[tuple[bytes, Sequence[bytes]]] = (
    (b"authorization", (b"Basic eDp5", b"Bearer \xff", b"Basic ====", b"")),
    (
        b"content-type",
        (b"text/plain", b"multipart/form-data", b"multipart/form-data; boundary=\xff", b"application/xml"),
    ),
    (b"content-encoding", (b"gzip", b"deflate", b"br", b"identity", b"zstd, gzip")),
    (b"transfer-encoding", (b"chunked, chunked", b"gzip", b"identity")),
    (b"content-length", (b"-1", b"0", b"1e3", b"99999999999999999999", b"+5")),
    (b"expect", (b"100-continue", b"200-maybe")),
    (b"connection", (b"upgrade", b"keep-alive, x-api-key", b"\xff")),
    (b"upgrade", (b"websocket", b"h2c")),
    (b"host", (b"", b"a b", b"[::", b"evil.example\x00")),
    (
        b"x-madang-routing",
        (
            b"{}",
            b"[]",
            b"{",
            b'{"strategy": []}',
            b'{"strategy": {}}',
            b'{"only": [[]]}',
            b'{"only": {}}',
            b'{"avoid": [1]}',
            b'{"fallbacks": [{}]}',
            b'{"fallbacks": true}',
            b'{"retries": 1e9}',
            b'{"retries": true}',
            b'{"timeout_s": 1e999}',
            b'{"timeout_s": "1"}',
            b'{"timeout_s": 0}',
            b'{"idle_timeout_s": -1}',
            b'{"hedge_after_s": 0.000001}',
            b'{"on_cut": []}',
            b'{"on_cut": "continue"}',
            b'{"prefer_regions": "eu"}',
            b'{"prefer_regions": [null]}',
            b'{"\\ud800": 1}',
            b"[" * 5_000,
        ),
    ),
    (b"x-madang-cache", (b"ttl=60", b"ttl=-1", b"ttl=1e9", b"ttl=999999999", b"ttl=\xd9\xa3", b"yes")),
    (b"x-madang-no-cache", (b"", b"1")),
    (b"x-madang-tags", (b",,,,", b"a,b," * 500, b"\xff,\xfe")),
    (b"x-madang-trace-id", (b"0" * 32, b"f" * 32, b"F" * 31, b"g" * 32)),
    (b"x-madang-session-id", (b"\x00", b"s" * 5_000)),
    (b"x-madang-user-id", (b"\xff", b"u" * 5_000)),
    (b"x-madang-environment", (b"PROD", b"a" * 100)),
    (b"x-madang-credential", (b"nobody", b"\xff")),
    (b"x-madang-region", (b"../..", b"a.b/c?", b"\xff")),
    (b"idempotency-key", (b"same", b"\xff\xfe", b"k" * 1_000, b"")),
    (
        b"traceparent",
        (b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00", b"00-\xff", b"ff-" + b"a" * 32 + b"-" + b"b" * 16),
    ),
    (b"tracestate", (b"a=b,c", b"\xff")),
    (b"x-stainless-retry-count", (b"999", b"1e9", b"-1", "٣".encode(), b"\xb2")),
    (b"anthropic-version", (b"1999-01-01", b"\xff")),
    (b"anthropic-beta", (b",,", b"a" * 5_000, b"\xff", b"a\x01")),
    (b"accept-encoding", (b"gzip;q=\xff", b"*")),
    (b"accept", (b"text/event-stream", b"image/*")),
    (b"x-api-key", (b"sk-md-wrong", b"\xff")),
    (b"cookie", (b"madang_session=\xff", b"a" * 5_000)),
    (b"if-none-match", (b"*", b"\xff")),
    (b"bad name", (b"x",)),
    (b"x\x00y", (b"x",)),
    (b"\xff", (b"x",)),
    (b"x" * 5_000, (b"x",)),
    (b"", (b"x",)),
)
