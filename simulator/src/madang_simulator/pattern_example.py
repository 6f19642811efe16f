"""A text that matches a regular expression, for the `pattern` of a JSON schema.

Knows what schemas use: characters, classes, groups, alternatives, repeats, anchors. Anything else (look-around,
back-references) gives up, and the caller checks the text against the pattern anyway.
"""

import re
import string
from random import Random

_DIGITS = string.digits
_WORD = string.ascii_lowercase + _DIGITS
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": " ", "D": string.ascii_lowercase, "W": "-", "S": _WORD}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
_MOST_REPEATS = 64


def text_matching(pattern: str, rng: Random) -> str | None:
    """A text that `pattern` finds a match in, or None when none was found."""
    try:
        wanted = re.compile(pattern)
        text = _Reader(pattern, rng).alternatives()
    except (re.error, _NotUnderstood, IndexError, RecursionError, ValueError):
        return None
    return text if wanted.search(text) else None


class _NotUnderstood(Exception):
    """The pattern uses something this reader does not know."""


class _Reader:
    def __init__(self, pattern: str, rng: Random) -> None:
        self.pattern = pattern
        self.at = 0
        self.rng = rng

    def alternatives(self) -> str:
        options = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            options.append(self.sequence())
        return self.rng.choice(options)

    def sequence(self) -> str:
        made = ""
        while self.peek() not in ("", "|", ")"):
            start = self.at
            piece = self.atom()
            times = self.repeats()
            after = self.at
            for repeat in range(times):
                if repeat:  # read the same atom again, so that every repeat is drawn afresh
                    self.at = start
                    piece = self.atom()
                made += piece
            self.at = after
        return made

    def atom(self) -> str:
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return self.rng.choice(self.bracket())
        if char == "\\":
            return self.escaped()
        if char == ".":
            return self.rng.choice(_WORD)
        return "" if char in "^$" else char

    def group(self) -> str:
        if self.peek() == "?":
            self.at += 1
            if self.take() != ":":
                raise _NotUnderstood
        made = self.alternatives()
        if self.take() != ")":
            raise _NotUnderstood
        return made

    def escaped(self) -> str:
        char = self.take()
        if char in "bBAZz":
            return ""
        if char in _CLASSES:
            return self.rng.choice(_CLASSES[char])
        if char.isdigit():
            raise _NotUnderstood
        return _CONTROLS.get(char, char)

    def bracket(self) -> str:
        negated = self.peek() == "^"
        if negated:
            self.at += 1
        chars = ""
        while self.peek() != "]" or not chars:
            char = self.take()
            if char == "\\":
                char = self.take()
                if char in _CLASSES:
                    chars += _CLASSES[char]
                    continue
                char = _CONTROLS.get(char, char)
            if self.peek() == "-" and self.pattern[self.at + 1] != "]":
                self.at += 1
                last = self.take()
                chars += "".join(map(chr, range(ord(char), min(ord(last), ord(char) + 255) + 1)))
            else:
                chars += char
        self.at += 1
        return "".join(char for char in _WORD + "-" if char not in chars) if negated else chars

    def repeats(self) -> int:
        char = self.peek()
        if char == "?":
            self.at += 1
            times = 1
        elif char in ("*", "+"):
            self.at += 1
            times = self.rng.randint(1, 6)
        elif char == "{" and (match := re.match(r"\{(\d*)(,?)(\d*)\}", self.pattern[self.at :])):
            self.at += match.end()
            least = int(match[1] or 0)
            most = least if not match[2] else int(match[3]) if match[3] else least + 3
            times = self.rng.randint(least, max(least, min(most, least + 8)))
        else:
            return 1
        if self.peek() in ("?", "+"):  # lazy and possessive repeats make the same texts
            self.at += 1
        if times > _MOST_REPEATS:
            raise _NotUnderstood
        return times

    def peek(self) -> str:
        return self.pattern[self.at] if self.at < len(self.pattern) else ""

    def take(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        return char
