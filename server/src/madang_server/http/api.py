"""Puts the control plane's HTTP application together from the routers it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware

from madang_server.http.errors import ERROR_RESPONSES, CatchUnforeseen, answer_errors
from madang_server.http.protection import BodyLimit, PlainAddress, SameOrigin, SecurityHeaders
from madang_server.http.static_ui import UI_DIRECTORY, StaticUi

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from fastapi import APIRouter

    from madang_server.http.surroundings import Surroundings


def create_api(
    surroundings: Surroundings, routers: Iterable[APIRouter], *, ui_directory: Path = UI_DIRECTORY
) -> FastAPI:
    """The application that answers /api/… by `routers` and everything else with the UI."""
    api = FastAPI(
        title="Madang",
        summary="Studio and Labs API",
        version=surroundings.version,
        openapi_url="/api/openapi.json",
        docs_url=None,  # The interactive pages load scripts from elsewhere, which our content policy forbids.
        redoc_url=None,
        redirect_slashes=False,
        responses=ERROR_RESPONSES,
        generate_unique_id_function=_operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api.state.surroundings = surroundings
    answer_errors(api)
    for router in routers:
        api.include_router(router, prefix="/api")
    _describe_errors_once(api)
    # The UI alone is compressed: an answer of the API may hold a secret beside text that others chose, and the two
    # compressed together would tell of each other by their length.
    api.router.default = GZipMiddleware(StaticUi(ui_directory), minimum_size=1024)
    # The last one added is the outermost.
    api.add_middleware(PlainAddress)
    api.add_middleware(BodyLimit)
    api.add_middleware(SameOrigin, base_url=surroundings.settings.base_url)
    api.add_middleware(CatchUnforeseen, random_bytes=surroundings.random_bytes)
    api.add_middleware(SecurityHeaders)
    return api


def _describe_errors_once(api: FastAPI) -> None:
    """Take the framework's own shape of a validation error out of the description: it is never sent, see `http.errors`."""
    describe = api.openapi

    def described() -> dict[str, Any]:
        description = describe()
        for operations in description["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            description.get("components", {}).get("schemas", {}).pop(unused, None)
        return description

    api.openapi = described  # type: ignore[method-assign]  # the framework's documented way to change the description


def _operation_id(route: APIRoute) -> str:
    """The handler's own name: it becomes the name of the operation in generated clients."""
    return route.name
