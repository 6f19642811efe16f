"""Thought signatures: given with function calls and answers, and looked at when they come back.

Source: Google's Gemini API page "Thought signatures": of every step of the current turn the first function call must
carry its signature; two texts stand in for the signature of a call that no Gemini model made.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from madang_simulator.refusals import Refusal

_STAND_INS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
_MARK = b"\x0a\x8cmadang"


def signature_of(text: str) -> str:
    """The signature of what a model said."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=24, person=b"thought").digest()
    return base64.b64encode(_MARK + digest).decode()


def check_signatures(contents: Sequence[dict[str, Any]]) -> None:
    """Raises Refusal for a function call of the current turn that has lost its signature, or has a foreign one."""
    begin = max((at for at, content in enumerate(contents) if _is_question(content)), default=0)
    for content in contents[begin:]:
        if content.get("role") != "model":
            continue
        calls = [(at, part) for at, part in enumerate(content.get("parts") or ()) if "functionCall" in part]
        if calls and not calls[0][1].get("thoughtSignature"):
            name = calls[0][1]["functionCall"].get("name")
            raise Refusal(
                kind="invalid_request",
                message="Function call is missing a thought_signature in functionCall parts. This is required for tools "
                "to work correctly, and missing thought_signature may lead to degraded model performance. Additional "
                f"data, function call `default_api:{name}`, position {calls[0][0] + 1}.",
            )
        for part in content.get("parts") or ():
            signature = part.get("thoughtSignature")
            if signature and signature not in _STAND_INS and not _is_ours(signature):
                raise Refusal(kind="invalid_request", message="Thought signature is not valid.")


def _is_question(content: dict[str, Any]) -> bool:
    """Whether a content begins a turn: the user says something, rather than give results."""
    parts = content.get("parts") or ()
    return content.get("role") != "model" and not any("functionResponse" in part for part in parts)


def _is_ours(signature: str) -> bool:
    try:
        return base64.b64decode(signature, altchars=b"-_" if "-" in signature or "_" in signature else None).startswith(
            _MARK
        )
    except ValueError:
        return False
