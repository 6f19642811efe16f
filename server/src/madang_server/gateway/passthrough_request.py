"""A request in a vendor's own words, as it goes on: which vendor and path, by whose credential, with which headers.

Nothing that opens a door here goes out, and no path leads anywhere but below the credential's address.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from madang.providers.native_door import NATIVE_VENDORS
from madang_server.credentials.store import OpenedCredential
from madang_server.gateway.asgi import Headers, Scope
from madang_server.gateway.errors import Refused
from madang_server.gateway.snapshot import Project

PREFIX = "/passthrough/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LONGEST_PATH = 4_000
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]+")
_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]|-]*")
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")

# Of one connection only, or said anew by whoever sends (RFC 9110, "Connection").
_OF_THE_HOP = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What opens doors, chooses who pays at the vendor, or tells where the caller sits.
_NOT_FOR_VENDORS = frozenset(
    {
        "accept-encoding",
        "api-key",
        "authorization",
        "cookie",
        "forwarded",
        "openai-organization",
        "openai-project",
        "origin",
        "referer",
        "traceparent",
        "tracestate",
        "via",
        "x-api-key",
        "x-goog-api-key",
        "x-goog-user-project",
        "x-real-ip",
    }
)
_NOT_FOR_VENDORS_FROM = ("x-madang-", "x-forwarded-", "x-amz-", "cf-", "sec-")
_NOT_FOR_CALLERS = frozenset({"set-cookie", "server", "date", "alt-svc", "strict-transport-security"})
_SECRET_QUERIES = frozenset({"key", "access_token", "oauth_token", "api_key", "api-key"})


class Place(NamedTuple):
    """What stands behind `/passthrough/`. Path and query are as the caller encoded them; the path begins with no slash."""

    vendor: str
    path: str
    query: str


def place_of(scope: Scope) -> Place:
    """Raises Refused for an unknown vendor, a method, or a path that is not plainly one below an address."""
    raw = scope.get("raw_path") or scope["path"].encode()
    whole = raw.decode("latin-1").partition("?")[0].removeprefix(PREFIX)
    vendor, _, path = whole.partition("/")
    if vendor not in NATIVE_VENDORS:
        known = ", ".join(NATIVE_VENDORS)
        raise Refused(
            404, f"There is no pass-through to {vendor[:50]!r}; there is one to {known}.", code="unknown_vendor"
        )
    if scope["method"] not in METHODS:
        raise Refused(
            405, f"{scope['method']} is not passed through; use {', '.join(METHODS)}.", code="method_not_allowed"
        )
    query = scope.get("query_string", b"").decode("latin-1")
    if not _is_plain(path) or not _QUERY.fullmatch(query):
        raise Refused(
            400,
            f"Behind {PREFIX}{vendor}/ comes the vendor's own path, such as v1/models, without '..' or '//'.",
            code="invalid_path",
        )
    kept = [one for one in query.split("&") if one and unquote(one.partition("=")[0]).lower() not in _SECRET_QUERIES]
    return Place(vendor, path, "&".join(kept))


def _is_plain(path: str) -> bool:
    if not path or len(path) > _LONGEST_PATH or not _PATH.fullmatch(path):
        return False
    said = unquote(path)
    if "%" in said or "\\" in said or not said.isprintable():  # encoded twice: somebody may decode it twice
        return False
    # An ARN's slashes are encoded; they part segments all the same for whoever decodes them.
    return all(segment not in ("", ".", "..") for segment in said.split("/"))


def credential_for(project: Project, vendor: str, wanted: str) -> OpenedCredential:
    """The project's only credential of this vendor, or the one that is called `wanted`. Raises Refused."""
    found = [each for each in project.credentials.values() if each.vendor == vendor]
    named = [each for each in found if each.name == wanted] if wanted else found
    if len(named) == 1:
        return named[0]
    names = ", ".join(sorted(each.name for each in found)[:20])
    if not found:
        message = f"This project has no credential of {vendor!r}; enter one on the Models page."
    elif wanted:
        message = f"This project has no credential {wanted[:100]!r} of {vendor!r}; it has {names}."
    else:
        message = f"This project has several credentials of {vendor!r}; name one in x-madang-credential: {names}."
    raise Refused(404 if wanted or not found else 400, message, code="credential_not_found")


def region_for(project: Project, credential: OpenedCredential, wanted: str) -> str:
    """The region the caller named, else the one that all deployments of this credential share; empty for none."""
    if wanted:
        return wanted
    targets = [target for alias in project.aliases for target in project.routes[alias].targets]
    regions = {target.region for target in targets if target.credential_id == credential.id and target.region}
    return regions.pop() if len(regions) == 1 else ""


def headers_for_vendor(given: Mapping[bytes, bytes], door: Mapping[str, str]) -> dict[str, str]:
    """The caller's headers without what is not the vendor's business, and with what opens its door.

    `anthropic-version` is the credential's unless the caller says which one it speaks.
    """
    of_the_hop = _named_by_connection(given.get(b"connection", b"").decode("latin-1"))
    sent: dict[str, str] = {}
    for raw_name, raw_value in given.items():
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if _goes_out(name, of_the_hop) and _HEADER.fullmatch(name) and not any(c in value for c in "\r\n\0"):
            sent[name] = value
    version = sent.get("anthropic-version")
    made = {**sent, **door, "accept-encoding": "identity"}
    return {**made, "anthropic-version": version} if version else made


def headers_for_caller(given: Mapping[str, str], secrets: Iterable[str], *, has_length: bool) -> Headers:
    """The vendor's headers without those of its connection, and without any that repeats a secret."""
    of_the_hop = _named_by_connection(given.get("connection", ""))
    known = [secret for secret in secrets if secret]
    kept: Headers = []
    for name, value in given.items():
        is_length = name == "content-length" and has_length and "content-encoding" not in given
        is_kept = name not in _OF_THE_HOP and name not in of_the_hop and name not in _NOT_FOR_CALLERS
        if (is_kept or is_length) and not any(secret in value for secret in known):
            kept.append((name.encode("latin-1"), value.encode("latin-1", errors="replace")))
    return kept


def _named_by_connection(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")} if value else set()


def _goes_out(name: str, of_the_hop: set[str]) -> bool:
    if name in _OF_THE_HOP or name in of_the_hop or name in _NOT_FOR_VENDORS:
        return False
    return not name.startswith(_NOT_FOR_VENDORS_FROM)
