"""Google's paths: which model and method they name, and whose API it is.

Source: Google's Gemini API reference, "All methods"; Vertex AI's REST reference, "Publisher models".
"""

import re
from typing import NamedTuple

from madang_simulator.incoming import Incoming

OAUTH_PATH = "token"  # what a service account's token_uri names here: /d/NAME/token
_VERSION = re.compile(r"v1(?:alpha|beta1?)?$")
_VERTEX_ROOTS = ("projects", "publishers")


class Place(NamedTuple):
    """`resource` is the path without version and method, such as "models/gemini-2.5-flash"."""

    version: str
    resource: str
    method: str

    @property
    def is_vertex(self) -> bool:
        return self.resource.partition("/")[0] in _VERTEX_ROOTS

    @property
    def model(self) -> str:
        """The last part of the resource: a model's or endpoint's own name."""
        return self.resource.rpartition("/")[2]

    @property
    def is_list(self) -> bool:
        """Whether it is the list of models."""
        return not self.method and self.resource in ("models", "publishers/google/models")


def place_of(incoming: Incoming) -> Place:
    """What the path names; an empty resource where it is none of Google's."""
    version, _, rest = incoming.path.partition("/")
    if not _VERSION.match(version):
        return Place("", "", "")
    resource, _, method = rest.partition(":")
    return Place(version, resource.rstrip("/"), method)


def is_googles(incoming: Incoming) -> bool:
    """Whether a request is in Google's words. OpenAI has /v1/models too, which takes no method and another key."""
    if incoming.path == OAUTH_PATH:
        return True
    place = place_of(incoming)
    root = place.resource.partition("/")[0]
    if root in _VERTEX_ROOTS or root in ("tunedModels", "endpoints"):
        return True
    if root != "models":
        return False
    return place.version != "v1" or bool(place.method) or "x-goog-api-key" in incoming.headers
