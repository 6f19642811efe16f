"""Thinking blocks: what signs them, so that a block that comes back changed is found out."""

import base64
import hashlib

# With this text in a prompt the vendor hides its thoughts, so that callers can try it out; see "Extended thinking".
REDACTED_TRIGGER = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB"
)


def signature_of(thinking: str) -> str:
    """The signature of a block whose thoughts were shown in full."""
    digest = hashlib.blake2b(thinking.encode("utf-8", "surrogatepass"), digest_size=32, person=b"thinking").digest()
    return base64.b64encode(b"\x12\x20" + digest).decode()


def hidden(thinking: str) -> str:
    """The data of a block whose thoughts are not shown."""
    return base64.b64encode(
        hashlib.blake2b(thinking.encode("utf-8", "surrogatepass"), digest_size=48).digest()
    ).decode()


def is_signed(thinking: str, signature: str) -> bool:
    """Whether a block came from here as it is. With the thoughts left out, any of our signatures is good."""
    if not thinking:
        return signature.startswith("EiA")  # the first bytes of every signature, in base64
    return signature == signature_of(thinking)
