"""The Gateway's table of paths, and what they share: the snapshot, the spool and the health books."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from madang.calls.clock import Clock, new_span_id
from madang.calls.operation import Operation
from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.span import Span
from madang.calls.target import Target
from madang.calls.transport import Transport
from madang.layers.cache import AnswerStore
from madang.layers.stack import Surroundings, build_call
from madang.providers.openai import PATHS
from madang.routing.books import Books
from madang_server.gateway.admit import admitted
from madang_server.gateway.asgi import BodyTooLarge, ClientGone, Headers, Receive, Scope, Send, answer, read_body
from madang_server.gateway.calls import CallEndpoint
from madang_server.gateway.dialects.anthropic_errors import speaks_anthropic, telling_anthropic
from madang_server.gateway.dialects.response_memory import ResponseKeeper, serve_kept, with_memory
from madang_server.gateway.dialects.token_counts import with_estimates
from madang_server.gateway.duplicates import Duplicates
from madang_server.gateway.errors import Refused, our_fault, refusal_answer, too_large
from madang_server.gateway.explain import explain_call
from madang_server.gateway.flights import FlightBook
from madang_server.gateway.kept_answers import KeptAnswers
from madang_server.gateway.limits import LimitGuard, with_limits
from madang_server.gateway.member_call import call_for_member
from madang_server.gateway.models import list_models, show_model
from madang_server.gateway.otlp import MAX_BODY_BYTES, receive_spans
from madang_server.gateway.passthrough import Passthrough
from madang_server.gateway.passthrough_request import PREFIX as PASSTHROUGH
from madang_server.gateway.sdk_config import lease_credentials, sdk_config
from madang_server.gateway.snapshot import EMPTY, KeyHolder, Project, Snapshot
from madang_server.http.errors import trail
from madang_server.http.member_call import CallReport, MemberCall
from madang_server.limits.book import LimitBook
from madang_server.limits.limit import NO_LIMITS, Limits
from madang_server.spans.intake import SpanSpool
from madang_server.spans.row import RETENTION_DAYS, encode_row

if TYPE_CHECKING:
    from madang_server.gateway.shared_limits import SharedLimits

Answer = tuple[int, Headers, bytes]
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLS: Mapping[str, Operation] = {
    **{f"/v1{path}": operation for operation, path in PATHS.items()},
    "/v1/messages": "messages",
    "/v1/messages/count_tokens": "count_tokens",
}
"""The paths behind which a model is called, by POST."""

_log = logging.getLogger(__name__)


class Gateway:
    """An ASGI app for all paths in `paths`. `use` swaps in a new snapshot; `used_keys` is emptied by who stores it.

    `transport` is for what is passed through to vendors; without one nothing is.
    """

    def __init__(
        self,
        vendor: Call,
        spool: SpanSpool,
        *,
        clock: Clock,
        retention_days: int = RETENTION_DAYS,
        new_books: Callable[[str], Books] = lambda _project_id: Books(),
        answers: AnswerStore | None = None,
        flights: FlightBook | None = None,
        limit_book: LimitBook | None = None,
        shared_limits: "SharedLimits | None" = None,
        responses: ResponseKeeper | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._spool = spool
        self._clock = clock
        self._retention_days = retention_days
        self._snapshot = EMPTY
        self._books: dict[str, Books] = {}
        self._new_books = new_books
        self._responses = responses
        self.used_keys: dict[str, datetime] = {}
        self.lost_spans = 0  # spans of calls that the full spool did not take
        around = Surroundings(
            sink=self._keep,
            books_of=self._books_of,
            clock=clock,
            answers=KeptAnswers(clock.monotonic) if answers is None else answers,
        )
        flights = FlightBook() if flights is None else flights
        duplicates = Duplicates(flights, sink=self._keep, clock=clock, new_span_id=new_span_id)
        self.limits = LimitGuard(self._keep, clock, book=limit_book, shared=shared_limits)
        self._call = call = with_limits(build_call(vendor, around), guard=self.limits, limits_of=self._limits_of)

        dialects: Mapping[Operation, Call] = {
            "responses": call if responses is None else with_memory(call, responses),
            "count_tokens": with_estimates(call),
        }

        def calls(operation: Operation) -> CallEndpoint:
            return CallEndpoint(
                operation,
                call=dialects.get(operation, call),
                snapshot=self.snapshot,
                on_key=self._note_key,
                clock=clock,
                duplicates=duplicates,
            )

        self._passthrough: Endpoint | None = None
        if transport is not None:
            self._passthrough = Passthrough(
                transport,
                snapshot=self.snapshot,
                on_key=self._note_key,
                keep=self._keep,
                guard=self.limits,
                limits_of=self._limits_of,
                clock=clock,
                new_span_id=new_span_id,
            )
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            **{("POST", path): calls(operation) for path, operation in CALLS.items()},
            ("GET", "/v1/models"): self._small(
                lambda holder, headers: list_models(holder.project, for_anthropic=b"anthropic-version" in headers)
            ),
            ("GET", "/api/sdk/config"): self._small(
                lambda holder, headers: sdk_config(holder.project, headers.get(b"if-none-match", b""))
            ),
            ("POST", "/api/sdk/lease"): self._document(
                lambda holder, raw: lease_credentials(holder.project, raw, datetime.now(UTC))
            ),
            ("POST", "/api/explain"): self._document(
                lambda holder, raw: explain_call(
                    holder.project, self.books(holder.project.project_id), clock.monotonic(), raw
                ),
                largest=2**20,
            ),
            ("POST", "/v1/traces"): self._receive_spans,
            ("POST", "/api/public/otel/v1/traces"): self._receive_spans,
        }
        self._methods: dict[str, list[str]] = {}
        for method, path in self._endpoints:
            self._methods.setdefault(path, []).append(method)

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def use(self, snapshot: Snapshot) -> None:
        """From now on every new call sees `snapshot`; calls under way keep the one they began with."""
        self._snapshot = snapshot

    def serves(self, path: str) -> bool:
        return path.startswith(("/v1/", PASSTHROUGH)) or path in self._methods

    def targets(self, project_id: str) -> list[Target]:
        """All deployments that serve the project at present."""
        project = self.project(project_id)
        return [] if project is None else [t for alias in project.aliases for t in project.routes[alias].targets]

    def project(self, project_id: str) -> Project | None:
        """The project as the Gateway knows it; None when it has neither a key nor a model."""
        return self._snapshot.projects.get(project_id)

    async def call_for_member(self, wish: MemberCall) -> CallReport:
        """One real call for a member of a project. Raises NotFound or Conflict when there is nobody to call."""
        return await call_for_member(wish, self.project(wish.project_id), self._call, self._clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_anthropics = speaks_anthropic(scope)
        if is_anthropics:
            send = telling_anthropic(send)
        endpoint = self._endpoints.get((scope["method"], path))
        try:
            if endpoint is not None:
                await endpoint(scope, receive, send)
            elif path.startswith(PASSTHROUGH) and self._passthrough is not None:
                await self._passthrough(scope, receive, send)
            elif path.startswith("/v1/responses/") and self._responses is not None:
                holder = admitted(self._snapshot, dict(scope["headers"]))
                await answer(send, *await serve_kept(scope["method"], path, holder, self._responses))
            elif scope["method"] == "GET" and path.startswith("/v1/models/"):
                holder = admitted(self._snapshot, dict(scope["headers"]))
                name = unquote(path.removeprefix("/v1/models/"))
                await answer(send, *show_model(holder.project, name, for_anthropic=is_anthropics))
            else:
                await answer(send, *refusal_answer(_no_such(scope["method"], path, self._methods.get(path, ()))))
        except Refused as refused:
            await answer(send, *refusal_answer(refused))
        except BodyTooLarge as error:
            await answer(send, *refusal_answer(too_large(error.limit)))
        except ClientGone:
            return
        except ConnectionAbortedError:  # closing the connection shows that the answer is not whole
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the request: logged without its values, and answered
            _log.error("%s %r failed\n%s", scope["method"], path, trail(error))
            try:
                await answer(send, *refusal_answer(our_fault()))
            except RuntimeError:  # the answer has begun; closing the connection shows that it is not whole
                raise ConnectionAbortedError("the answer had begun") from None

    def _small(self, respond: Callable[[KeyHolder, dict[bytes, bytes]], Answer]) -> Endpoint:
        """An endpoint that answers from the snapshot alone."""

        async def endpoint(scope: Scope, _: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            holder = admitted(self._snapshot, headers)
            self._note_key(holder)
            await answer(send, *respond(holder, headers))

        return endpoint

    def _document(self, respond: Callable[[KeyHolder, bytes], Answer], largest: int = 2**16) -> Endpoint:
        """An endpoint that answers to a small document from what is in memory; `largest` in bytes."""

        async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            holder = admitted(self._snapshot, headers)
            raw = await read_body(headers, receive, largest)
            self._note_key(holder)
            await answer(send, *respond(holder, raw))

        return endpoint

    async def _receive_spans(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        holder = admitted(self._snapshot, headers)
        raw = await read_body(headers, receive, MAX_BODY_BYTES)
        self._note_key(holder)
        content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        kept = await receive_spans(
            holder.project.project_id,
            raw,
            content_type,
            encoding,
            self._spool,
            key_id=holder.public_key,
            retention_days=self._retention_days,
        )
        await answer(send, *kept)

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

    def _limits_of(self, project_id: str) -> Limits:
        project = self._snapshot.projects.get(project_id)
        return NO_LIMITS if project is None else project.limits

    def _books_of(self, request: Request) -> Books:
        return self.books(request.caller.project_id)

    def books(self, project_id: str) -> Books:
        """What this process knows of the project's targets."""
        books = self._books.get(project_id)
        if books is None:
            books = self._books[project_id] = self._new_books(project_id)
        return books


def _no_such(method: str, path: str, allowed: Sequence[str]) -> Refused:
    if allowed:
        wanted = " or ".join(allowed)
        return Refused(405, f"{method} is not allowed on {path}; use {wanted}.", code="method_not_allowed")
    return Refused(404, f"There is no {method} {path[:200]} here.", code="unknown_url")
