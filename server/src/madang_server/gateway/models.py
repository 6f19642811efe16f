"""`/v1/models`: the names a key may call, in OpenAI's shape."""

from typing import Any

import msgspec

from madang_server.gateway.asgi import JSON, Headers
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import Project

_encode = msgspec.json.Encoder().encode


def list_models(project: Project) -> tuple[int, Headers, bytes]:
    return 200, [JSON], _encode({"object": "list", "data": [_model(project, alias) for alias in project.aliases]})


def show_model(project: Project, name: str) -> tuple[int, Headers, bytes]:
    """One model, by alias or as `deployment/alias`. Raises Refused(404)."""
    if name not in project.routes:
        raise Refused(404, f"Model {name!r} is not set up in this project.", code="model_not_found", param="model")
    return 200, [JSON], _encode(_model(project, name))


def _model(project: Project, name: str) -> dict[str, Any]:
    simulated = any(target.is_simulated for target in project.routes[name].targets)
    model = {"id": name, "object": "model", "created": project.created, "owned_by": "madang"}
    return {**model, "simulated": True} if simulated else model
