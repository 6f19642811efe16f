"""Tokens by an approximate rule of our own: the same text always splits into the same pieces.

A piece is up to 10 letters of Latin script, 2 Hangul syllables, 1 Chinese or Japanese character, 4 letters of any other
script, 3 digits, or 3 signs in a row, each with the one space before it; a run of white space is one piece. For Korean
and English this comes within about a fifth of what OpenAI's o200k vocabulary counts; code and base64 come out lower.
"""

import re

_PIECE = re.compile(
    r" ?[A-Za-z\u00c0-\u024f]{1,10}"
    r"| ?[\uac00-\ud7a3\u3131-\u318e]{1,2}"
    r"| ?[0-9]{1,3}"
    r"|[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"| ?\w{1,4}"
    r"| ?[^\w\s]{1,3}"
    r"|\s+"
)


def split_tokens(text: str) -> list[str]:
    """Pieces that joined together give `text` again; one piece is one token."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    """Number of tokens in `text`; 0 for an empty text."""
    return len(_PIECE.findall(text))


def first_tokens(text: str, limit: int) -> str:
    """The longest beginning of `text` that has at most `limit` tokens."""
    return "".join(split_tokens(text)[: max(limit, 0)])
