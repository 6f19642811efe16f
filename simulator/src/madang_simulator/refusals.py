"""Why a request is not answered, in no vendor's words; every wire knows how its vendor says each of them."""

from dataclasses import dataclass
from typing import Literal

RefusalKind = Literal[
    "bad_json",
    "invalid_request",
    "unauthorized",
    "permission_denied",
    "model_not_found",
    "not_found",
    "unknown_path",
    "method_not_allowed",
    "body_too_large",
    "rate_limited",
    "quota",
    "server_error",
    "overloaded",
    "context_overflow",
    "content_filter",
]


@dataclass(kw_only=True)
class Refusal(Exception):
    """A request that gets an error reply. `subject` names the model or path the reply's text speaks of."""

    kind: RefusalKind
    message: str = ""
    param: str | None = None
    code: str | None = None
    subject: str = ""
    retry_after_s: float | None = None
    window_tokens: int = 0
    prompt_tokens: int = 0
