"""Counts a prompt's tokens, and remembers long prompt beginnings, so that a repeated one counts as cached.

As with the vendors, a beginning is cached from 1,024 tokens on, in steps of 128.
"""

import hashlib
from collections import OrderedDict
from typing import NamedTuple

from madang_simulator.asks import Attachment, AttachmentKind, ChatAsk
from madang_simulator.tokens import count_tokens, split_tokens

_FIRST_STEP = 1024
_STEP = 128
_MOST_REMEMBERED = 4096
_REPLY_PRIMING = 3


class PromptTokens(NamedTuple):
    """Tokens of a prompt, how many of them came from the cache, and how many were put into it now."""

    total: int
    cached: int
    written: int = 0


class PrefixMemory:
    """Beginnings of prompts that one deployment has seen, the oldest forgotten first."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, bytes], None] = OrderedDict()

    def count(self, ask: ChatAsk) -> PromptTokens:
        """Tokens of `ask`'s prompt; its beginnings are remembered for the next one."""
        total = prompt_length(ask)
        if total < _FIRST_STEP or not ask.caches:
            return PromptTokens(total, 0)
        beginnings = _beginnings(ask)
        cached = max((mark[0] for mark in beginnings if mark in self._seen), default=0)
        for mark in beginnings:
            self._seen[mark] = None
            self._seen.move_to_end(mark)
        while len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        written = max((mark[0] for mark in beginnings), default=0) - cached
        return PromptTokens(total, min(cached, total), written)


def prompt_length(ask: ChatAsk) -> int:
    """Tokens of messages (with what the vendor adds around each), pictures, tools and answer schema."""
    total = _REPLY_PRIMING + count_tokens(ask.definitions_text)
    for message in ask.messages:
        total += message.overhead
        for part in message.parts:
            total += count_tokens(part) if isinstance(part, str) else part.tokens
    return total


def attached_tokens(ask: ChatAsk, kind: AttachmentKind) -> int:
    """Tokens of the prompt's pictures, sounds or files."""
    parts = (part for message in ask.messages for part in message.parts)
    return sum(part.tokens for part in parts if isinstance(part, Attachment) and part.kind == kind)


def _beginnings(ask: ChatAsk) -> list[tuple[int, bytes]]:
    """Digests of the prompt's beginnings at each cacheable length, in the order tools, then messages."""
    digest = hashlib.blake2b(ask.model.encode(), digest_size=16)
    marks: list[tuple[int, bytes]] = []
    length = 0
    next_mark = _FIRST_STEP
    for text, weight in _weighted_pieces(ask):
        digest.update(text.encode("utf-8", "surrogatepass") + b"\x1f")
        length += weight
        while length >= next_mark:
            marks.append((next_mark, digest.digest()))
            next_mark += _STEP
    return marks


def _weighted_pieces(ask: ChatAsk) -> list[tuple[str, int]]:
    pieces = [(piece, 1) for piece in split_tokens(ask.definitions_text)]
    for message in ask.messages:
        pieces.append((message.role, message.overhead))
        for part in message.parts:
            if isinstance(part, str):
                pieces += [(piece, 1) for piece in split_tokens(part)]
            else:
                pieces.append((part.source, part.tokens))
    return pieces
