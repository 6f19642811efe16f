"""Which addresses we call with a vendor key: http or https, never a link-local one, where clouds keep their secrets."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from madang_server.accounts.problems import Invalid

# It becomes part of a URL or a header.
_API_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def tidy_api_version(text: str | None, param: str = "api_version") -> str | None:
    """The version without surrounding space; None for an empty one. Raises `Invalid`."""
    version = (text or "").strip()
    if version and not _API_VERSION.fullmatch(version):
        raise Invalid("Give an API version such as 2024-10-21.", param=param)
    return version or None


def tidy_base_url(text: str | None, param: str = "base_url") -> str | None:
    """The URL without surrounding space and last slash; None for an empty one. Raises `Invalid`."""
    url = (text or "").strip().rstrip("/")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or len(url) > 2_000 or not url.isprintable() or " " in url:
        raise Invalid("Give an address that begins with https:// or http://.", param=param)
    if parts.username or parts.password:
        raise Invalid("An address cannot carry a name or password; put the secret into the key.", param=param)
    if parts.query or parts.fragment:
        raise Invalid(
            "Give the address without ?… and #…; API version and deployment have their own fields.", param=param
        )
    if is_forbidden_address(parts.hostname or ""):
        raise Invalid(
            "Link-local addresses (169.254.…) are not called, as clouds keep their metadata there.", param=param
        )
    return url


def is_forbidden_address(host: str) -> bool:
    """Whether `host` is the literal address of a machine's own metadata service; names are judged when connected to."""
    try:
        address = _address(host.partition("%")[0])
    except (ValueError, OSError):
        return host.lower().rstrip(".") in ("metadata.google.internal", "metadata")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_link_local or address.is_multicast or address == ipaddress.ip_address("fd00:ec2::254")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address in any form that connecting would take: 0xa9fea9fe is one of 169.254's too. Raises ValueError, OSError."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return ipaddress.IPv4Address(socket.inet_aton(text))
