"""`/v1/models`: the names a key may call, in OpenAI's shape, and in Anthropic's for its clients."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from madang_server.gateway.asgi import JSON, Headers
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import Project

_encode = msgspec.json.Encoder().encode


def list_models(project: Project, *, for_anthropic: bool = False) -> tuple[int, Headers, bytes]:
    if for_anthropic:
        models = [_anthropic_model(project, alias) for alias in project.aliases]
        ends = (project.aliases[0], project.aliases[-1]) if models else (None, None)
        return 200, [JSON], _encode({"data": models, "has_more": False, "first_id": ends[0], "last_id": ends[1]})
    return 200, [JSON], _encode({"object": "list", "data": [_model(project, alias) for alias in project.aliases]})


def show_model(project: Project, name: str, *, for_anthropic: bool = False) -> tuple[int, Headers, bytes]:
    """One model, by alias or as `deployment/alias`. Raises Refused(404)."""
    if name not in project.routes:
        raise Refused(404, f"Model {name!r} is not set up in this project.", code="model_not_found", param="model")
    return 200, [JSON], _encode((_anthropic_model if for_anthropic else _model)(project, name))


def _model(project: Project, name: str) -> dict[str, Any]:
    simulated = any(target.is_simulated for target in project.routes[name].targets)
    model = {"id": name, "object": "model", "created": project.created, "owned_by": "madang"}
    return {**model, "simulated": True} if simulated else model


def _anthropic_model(project: Project, name: str) -> dict[str, Any]:
    """Source: the type `ModelInfo` of Anthropic's Python client 2.8."""
    created = datetime.fromtimestamp(project.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": name, "display_name": name, "created_at": created, "lifecycle": "active"}
