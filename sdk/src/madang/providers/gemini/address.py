"""Where Gemini's methods are: the Gemini API's and Vertex AI's hosts and paths.

Source: Google's Gemini API reference, "All methods"; Vertex AI's REST reference, "Publisher models" and "Locations"; the
google-genai client builds the same.
"""

import re
from urllib.parse import quote

GEMINI_URL = "https://generativelanguage.googleapis.com"
GEMINI_VERSION = "v1beta"
VERTEX_VERSION = "v1"
_MULTI_REGIONS = frozenset({"us", "eu"})
_VERSIONED = re.compile(r"/v\d+(?:(?:alpha|beta)\d*)?$")


def gemini_url(base_url: str, api_version: str, model: str, method: str) -> str:
    """The Gemini API's address of `method` (such as "generateContent"). `base_url` may end with a version."""
    path = model if "/" in model else f"models/{model}"
    return f"{_versioned(base_url or GEMINI_URL, api_version or GEMINI_VERSION)}/{_quoted(path)}:{method}"


def vertex_url(base_url: str, api_version: str, region: str, project: str, model: str, method: str) -> str:
    """Vertex AI's address of `method`. Without a project it is that of Vertex' express mode, which takes API keys.

    A model is a publisher's ("gemini-2.5-flash", "publishers/google/models/…") or one's own ("endpoints/123",
    "projects/…").
    """
    location = region or "global"
    if model.startswith("projects/"):
        path = model
    else:
        named = model if "/" in model else f"publishers/google/models/{model}"
        path = f"projects/{project}/locations/{location}/{named}" if project else named
    base = base_url or vertex_host(location if project else "global")
    return f"{_versioned(base, api_version or VERTEX_VERSION)}/{_quoted(path)}:{method}"


def vertex_host(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def unversioned(base_url: str) -> str:
    """The address without a version at its end."""
    return _VERSIONED.sub("", base_url.rstrip("/"))


def _versioned(base_url: str, version: str) -> str:
    base = base_url.rstrip("/")
    return base if _VERSIONED.search(base) else f"{base}/{version}"


def _quoted(path: str) -> str:
    return quote(path, safe="/@.-_")
