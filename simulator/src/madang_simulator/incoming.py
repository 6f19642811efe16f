"""A request as it arrived, whatever carried it, and which deployment it is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

DEFAULT_DEPLOYMENT = "default"
_KEPT_SLASH = "%2F"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request. `target` is path and query exactly as sent: signatures are made over it.

    `path` is the vendor's part of it, below /d/DEPLOYMENT, without leading slash, percent-decoded except for %2F, so that
    splitting at "/" gives the path's parts. Header names are lower-case.
    """

    method: str
    target: str
    deployment: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    is_too_large: bool = False

    @property
    def shown(self) -> str:
        """Method and path, for a complaint."""
        return f"{self.method} /{self.path}"


def incoming(
    method: str, target: str, headers: Mapping[str, str], body: bytes, *, is_too_large: bool = False
) -> Incoming:
    """The request with `target`, for the deployment that /d/NAME names, or else for "default"."""
    parts = urlsplit(target)
    deployment, path = DEFAULT_DEPLOYMENT, parts.path.lstrip("/")
    if path.startswith("d/"):
        name, _, path = path.removeprefix("d/").partition("/")
        deployment = unquote(name)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    lowered = {name.lower(): value for name, value in headers.items()}
    shown_target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Incoming(method, shown_target, deployment, _decoded(path), query, lowered, body, is_too_large)


def _decoded(path: str) -> str:
    if "%" not in path:
        return path
    return "/".join(unquote(part).replace("/", _KEPT_SLASH) for part in path.split("/"))
