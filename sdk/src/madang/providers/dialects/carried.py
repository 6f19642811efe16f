"""What a vendor wants back with the next turn and the caller's language has no field for, as one opaque text.

Such a text stands where the language keeps what only the vendor can read: the data of a `redacted_thinking` block, or the
`encrypted_content` of a reasoning item. It is not secret, only opaque; whose it is says its beginning.
"""

import base64
import binascii
from typing import Any

import msgspec

MARK = "madang."
"""How every such text begins. No vendor's own signature does: they are base64, which has no full stop."""

_KIN = {"vertex": "gemini", "bedrock": "anthropic"}
# Of a message's extra fields, those that only show something to the caller.
_ONLY_SHOWN = frozenset({"citations", "images"})

_encode = msgspec.json.Encoder(order="deterministic").encode


class Carried(msgspec.Struct, omit_defaults=True):
    """Fields of an assistant's message in OpenAI's shape, and of its tool calls by id. `vendor`: whose they are."""

    vendor: str = ""
    message: dict[str, Any] = {}
    calls: dict[str, Any] = {}

    def says_something(self) -> bool:
        return bool(self.message or self.calls)

    def keep(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Of an answer's extra fields, those that have to come back."""
        return {name: value for name, value in fields.items() if name not in _ONLY_SHOWN}

    def is_for(self, vendor: str) -> bool:
        """Whether this vendor understands it. Anthropic's signatures hold on Bedrock too, and Gemini's on Vertex."""
        return kin_of(vendor) == kin_of(self.vendor)


def kin_of(vendor: str) -> str:
    return _KIN.get(vendor, vendor)


def sealed(carried: Carried) -> str:
    return MARK + base64.urlsafe_b64encode(_encode(carried)).decode()


def opened(text: Any) -> Carried | None:
    """What `sealed` made; None for every other text."""
    if not isinstance(text, str) or not text.startswith(MARK):
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text[len(MARK) :]), type=Carried)
    except (binascii.Error, ValueError):  # cut or changed by the caller: the turn goes on without it
        return Carried()
