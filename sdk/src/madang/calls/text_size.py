"""How much text is how many tokens, nearly, where nobody has counted."""

# English has about 4.2 letters a token; a Korean syllable is 3 bytes and two thirds of a token.
BYTES_PER_TOKEN = 4.4
"""Bytes of UTF-8 per token."""


def text_bytes(text: str) -> int:
    """Bytes of UTF-8, nearly: what is not ASCII counts three, as Hangul does."""
    return len(text) if text.isascii() else 3 * len(text)
