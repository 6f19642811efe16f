"""The Gateway's table of paths, and what they share: the snapshot, the spool and the health books."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import unquote

from madang.calls.clock import Clock
from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.span import Span
from madang.calls.target import Target
from madang.layers.stack import Surroundings, build_call
from madang.routing.health import Health, HealthBook
from madang_server.gateway.admit import admitted
from madang_server.gateway.asgi import BodyTooLarge, ClientGone, Headers, Receive, Scope, Send, answer, read_body
from madang_server.gateway.calls import CallEndpoint
from madang_server.gateway.errors import Refused, refusal_answer
from madang_server.gateway.models import list_models, show_model
from madang_server.gateway.sdk_config import lease_credentials, sdk_config
from madang_server.gateway.snapshot import EMPTY, KeyHolder, Snapshot
from madang_server.spans.row import encode_row

_log = logging.getLogger(__name__)

Answer = tuple[int, Headers, bytes]
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]


class SpanSpool(Protocol):
    """Where finished spans go; `madang_server.storage.spool` keeps this promise."""

    def append_many(self, payloads: Sequence[bytes]) -> int: ...

    async def durable(self, position: int) -> None: ...


class Gateway:
    """An ASGI app for all paths in `paths`. `use` swaps in a new snapshot; `used_keys` is emptied by who stores it."""

    def __init__(self, vendor: Call, spool: SpanSpool, *, clock: Clock, retention_days: int) -> None:
        self._spool = spool
        self._clock = clock
        self._retention_days = retention_days
        self._snapshot = EMPTY
        self._books: dict[str, HealthBook] = {}
        self.used_keys: dict[str, datetime] = {}
        self.lost_spans = 0  # spans of calls that the full spool did not take
        around = Surroundings(sink=self._keep, health_of=self._health_of, clock=clock)
        call = build_call(vendor, around)
        shared = {"call": call, "snapshot": self.snapshot, "on_key": self._note_key, "clock": clock}
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            ("POST", "/v1/chat/completions"): CallEndpoint("chat", **shared),
            ("POST", "/v1/embeddings"): CallEndpoint("embeddings", **shared),
            ("GET", "/v1/models"): self._small(lambda holder, _: list_models(holder.project)),
            ("GET", "/api/sdk/config"): self._small(
                lambda holder, headers: sdk_config(holder.project, headers.get(b"if-none-match", b""))
            ),
            ("POST", "/api/sdk/lease"): self._lease,
            ("POST", "/v1/traces"): self._receive_spans,
            ("POST", "/api/public/otel/v1/traces"): self._receive_spans,
        }
        self._paths = {path for _, path in self._endpoints}

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def use(self, snapshot: Snapshot) -> None:
        """From now on every new call sees `snapshot`; calls under way keep the one they began with."""
        self._snapshot = snapshot

    def serves(self, path: str) -> bool:
        return path.startswith("/v1/") or path in self._paths

    def health(self, project_id: str, target: Target) -> Health:
        """How a deployment of a project is doing, for the Models page."""
        book = self._books.get(project_id)
        return book.of(target, self._clock.monotonic()) if book else Health()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        endpoint = self._endpoints.get((scope["method"], path))
        try:
            if endpoint is not None:
                await endpoint(scope, receive, send)
            elif scope["method"] == "GET" and path.startswith("/v1/models/"):
                holder = admitted(self._snapshot, dict(scope["headers"]))
                await answer(send, *show_model(holder.project, unquote(path.removeprefix("/v1/models/"))))
            else:
                await answer(send, *refusal_answer(_no_such(scope["method"], path, path in self._paths)))
        except Refused as refused:
            await answer(send, *refusal_answer(refused))
        except BodyTooLarge as error:
            limit = f"The request's body is larger than {error.limit // 2**20} MB."
            await answer(send, *refusal_answer(Refused(413, limit, code="body_too_large")))
        except ClientGone:
            return

    def _small(self, respond: Callable[[KeyHolder, dict[bytes, bytes]], Answer]) -> Endpoint:
        """An endpoint that answers from the snapshot alone."""

        async def endpoint(scope: Scope, _: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            holder = admitted(self._snapshot, headers)
            self._note_key(holder)
            await answer(send, *respond(holder, headers))

        return endpoint

    async def _lease(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        holder = admitted(self._snapshot, headers)
        raw = await read_body(headers, receive, 2**16)
        self._note_key(holder)
        await answer(send, *lease_credentials(holder.project, raw, datetime.now(UTC)))

    def _keep(self, project_id: str, spans: Sequence[Span]) -> None:
        version = self._clock.now_us()
        rows = [encode_row(project_id, span, version, self._retention_days) for span in spans]
        try:
            self._spool.append_many(rows)
        except Exception:  # a full spool or a failing disk: the trace layer reports it and the call goes on
            self.lost_spans += len(rows)
            raise

    def _note_key(self, holder: KeyHolder) -> None:
        self.used_keys[holder.key_id] = datetime.now(UTC)

    def _health_of(self, request: Request) -> HealthBook:
        project_id = request.caller.project_id
        book = self._books.get(project_id)
        if book is None:
            book = self._books[project_id] = HealthBook()
        return book


def _no_such(method: str, path: str, is_other_method: bool) -> Refused:
    if is_other_method:
        return Refused(405, f"{method} is not allowed on {path}.", code="method_not_allowed")
    return Refused(404, f"There is no {method} {path} here.", code="unknown_url")
