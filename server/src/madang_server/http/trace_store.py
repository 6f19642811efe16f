"""The trace store for handlers: in the signature as `TraceStore`. When it does not answer, the request says so with 503."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request

from madang_server.http.errors import ApiError, ErrorBody
from madang_server.storage.clickhouse.client import Store as Store
from madang_server.storage.clickhouse.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from fastapi import FastAPI

_T = TypeVar("_T")

_CODE = "trace_store_unavailable"

STORE_DOWN: dict[int | str, dict[str, Any]] = {
    503: {"model": ErrorBody, "description": "The trace store does not answer; nothing is known, nothing is lost."}
}


def use_trace_store(api: FastAPI, store: Store | None) -> None:
    """Handlers of `api` read traces from `store`; None when there is none."""
    api.state.trace_store = store


def _store(request: Request) -> Iterator[Store]:
    store: Store | None = getattr(request.app.state, "trace_store", None)
    if store is None:
        raise ApiError(503, "There is no trace store: set MADANG_CLICKHOUSE_URL, or run `madang up`.", code=_CODE)
    try:
        yield store
    except StoreUnavailable as error:
        raise ApiError(503, str(error), code=_CODE, headers={"retry-after": "2"}) from error
    except StoreRefused as error:
        message = f"{error}. If the platform was just started or upgraded, its tables are being made; try again."
        raise ApiError(503, message, code=_CODE, headers={"retry-after": "5"}) from error


TraceStore = Annotated[Store, Depends(_store)]


def _store_or_none(request: Request) -> Store | None:
    store: Store | None = getattr(request.app.state, "trace_store", None)
    return store


# For pages that are useful without traces too.
MaybeTraceStore = Annotated[Store | None, Depends(_store_or_none)]


def known_or_none(store: Store | None, question: Callable[[Store], _T]) -> _T | None:
    """The answer to a question about traces; None while there is no store or it does not answer."""
    try:
        return None if store is None else question(store)
    except (StoreUnavailable, StoreRefused):
        return None
