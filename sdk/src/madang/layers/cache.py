"""Gives the answer to an equal request again, for as long as the model or the call allows.

Equal is: the same project, model and deployments behind it, operation and body, without what does not change the answer.
Only whole successful answers are kept. Where they are kept is not known here.
"""

import asyncio
import hashlib
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from madang.calls.clock import Clock
from madang.calls.event import Consumed, Event, Part
from madang.calls.reply import Call, Reply
from madang.calls.request import Replay, Request
from madang.layers.kept_answer import STREAM, KeptAnswer, joined_parts
from madang.tracing.call_spans import total_cost

LARGEST_ANSWER = 8 * 2**20  # bytes; a larger one is not kept

_CHANGES_NOTHING = frozenset({"stream", "stream_options", "user", "metadata", "safety_identifier", "prompt_cache_key"})
# What is asked for so comes with fields that the parts of an answer do not have: it is given only as it came.
_NOT_REWRITTEN = ("logprobs", "audio", "web_search_options")
# An answer to these is that something was begun, or it goes on with what the vendor holds and changes that.
_LASTING = ("background", "conversation", "container")

_canonical = msgspec.json.Encoder(order="deterministic").encode
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(KeptAnswer)


class AnswerStore(Protocol):
    """Keeps bytes for a while. Neither method raises: a store that is gone has nothing and keeps nothing."""

    async def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, answer: bytes, ttl_s: float) -> None:
        """Must not block."""


def with_cache(call: Call, *, store: AnswerStore, clock: Clock) -> Call:
    leaders: dict[str, asyncio.Future[None]] = {}

    async def cached(request: Request) -> Reply:
        ttl_s = ttl_of(request)
        if not ttl_s or not _is_cacheable(request):
            return await call(request)
        key = key_of(request)
        kept = await _find(store, key, ttl_s, clock)
        leader = leaders.get(key)
        if kept is None and leader is not None and not request.is_stream:  # who wants a stream wants it now
            await asyncio.wait([leader], timeout=max(request.deadline - clock.monotonic(), 0))
            kept = await _find(store, key, ttl_s, clock)
            if kept is None and leaders.get(key) is leader:  # an answer that nobody reads never ends
                del leaders[key]
        if kept is not None:
            return _hit(kept, request, clock)
        keeper = _Keeper(request, key, ttl_s, store, clock, leaders)
        try:
            reply = await call(request)
        except BaseException as error:
            keeper.ended(error)
            raise
        keeper.reply = reply
        headers = {**reply.headers, "x-madang-cache": "miss"}
        return msgspec.structs.replace(reply, headers=headers).seen_by(keeper)

    return cached


def ttl_of(request: Request) -> float:
    """For how many seconds an answer to this request may be given again; 0 is not at all."""
    if request.cache_ttl_s is not None:
        return request.cache_ttl_s
    return request.route.cache_ttl_s or 0.0


def key_of(request: Request) -> str:
    """What is equal for all requests that may get the same answer: a SHA-256, in hex digits."""
    body = {name: value for name, value in request.body.items() if name not in _CHANGES_NOTHING}
    behind = sorted((target.vendor, target.vendor_model, target.base_url) for target in request.route.targets)
    how = "" if _can_be_rewritten(request) else f"{request.is_stream} {request.wants_usage}"
    whole = _canonical([request.caller.project_id, request.route.model, request.operation, how, behind, body])
    return hashlib.sha256(whole).hexdigest()


def _is_cacheable(request: Request) -> bool:
    return not any(request.body.get(name) for name in _LASTING)


def _can_be_rewritten(request: Request) -> bool:
    return request.operation == "chat" and not any(request.body.get(name) for name in _NOT_REWRITTEN)


async def _find(store: AnswerStore, key: str, ttl_s: float, clock: Clock) -> KeptAnswer | None:
    found = await store.get(key)
    if found is None:
        return None
    try:
        kept = _decoder.decode(found)
    except msgspec.DecodeError:  # kept by another version
        return None
    return kept if clock.now_us() - kept.kept_us <= ttl_s * 1_000_000 else None


def _hit(kept: KeptAnswer, request: Request, clock: Clock) -> Reply:
    request.journal.replay = Replay("cache", kept.trace_id, kept.answered_by(), kept.cost_usd)
    age_s = max(clock.now_us() - kept.kept_us, 0) // 1_000_000
    headers = {"x-madang-cache": "hit", "age": str(age_s), "x-madang-cost-usd": "0"}
    return kept.replayed(headers, is_stream=request.is_stream, wants_usage=request.wants_usage)


class _Keeper:
    """Collects one answer and keeps it when it was whole. Others with the same request may wait for its end."""

    def __init__(
        self,
        request: Request,
        key: str,
        ttl_s: float,
        store: AnswerStore,
        clock: Clock,
        leaders: dict[str, "asyncio.Future[None]"],
    ) -> None:
        self.reply: Reply | None = None
        self._request = request
        self._key = key
        self._ttl_s = ttl_s
        self._store = store
        self._clock = clock
        self._leaders = leaders
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        leaders.setdefault(key, self._done)
        self._raw: list[bytes] = []
        self._parts: list[Part] = []
        self._size = 0

    def saw(self, event: Event) -> None:
        self._size += len(event.raw)
        if self._size <= LARGEST_ANSWER:
            self._raw.append(event.raw)
            self._parts.extend(event.parts)
        else:
            self._raw.clear()
            self._parts.clear()

    def ended(self, error: BaseException | None) -> None:
        if error is None and self.reply is not None and self.reply.status == 200 and self._size <= LARGEST_ANSWER:
            self._store.put(self._key, _encode(self._kept(self.reply)), self._ttl_s)
        if self._leaders.get(self._key) is self._done:
            del self._leaders[self._key]
        if not self._done.done():
            self._done.set_result(None)

    def _kept(self, reply: Reply) -> KeptAnswer:
        request, target = self._request, reply.target
        parts = joined_parts(self._parts)
        is_stream = reply.content_type.startswith(STREAM)
        return KeptAnswer(
            status=reply.status,
            headers=_without_ours(reply.headers),
            content_type=reply.content_type,
            raw=b"".join(self._raw),
            parts=parts,
            has_usage=is_stream and request.wants_usage and any(isinstance(part, Consumed) for part in parts),
            kept_us=self._clock.now_us(),
            trace_id=request.caller.trace_id,
            target=target.name,
            vendor=target.vendor,
            vendor_model=target.vendor_model,
            is_simulated=target.is_simulated,
            cost_usd=_paid_usd(request),
        )


def _without_ours(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("x-madang-")}


def _paid_usd(request: Request) -> Decimal | None:
    cost = total_cost(request.journal.attempts)
    return None if cost is None else cost.total_usd
