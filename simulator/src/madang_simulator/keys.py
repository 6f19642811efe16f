"""Which callers are let in: any key is good except one that says it is wrong."""

from collections.abc import Mapping

from madang_simulator.refusals import Refusal

_WRONG_KEY = "sk-wrong"


def check_key(key: str | None) -> None:
    """Raises Refusal for no key, and for one that begins with "sk-wrong"."""
    if not key or key.startswith(_WRONG_KEY):
        raise Refusal(kind="unauthorized")


def bearer(headers: Mapping[str, str]) -> str | None:
    """The Bearer token of a request, None when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
