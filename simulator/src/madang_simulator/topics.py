"""What a prompt is about: its language and its telling words, so that the answer can speak of them."""

import re
from typing import Literal

from madang_simulator.plain_words import ENGLISH_STOP, KOREAN_STOP, PARTICLES

Language = Literal["ko", "en"]

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z]")
_KOREAN_WORD = re.compile(r"[\uac00-\ud7a3A-Za-z0-9]+")
_ENGLISH_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")


def language_of(text: str) -> Language:
    """Korean when a quarter or more of the letters are Hangul: Korean prompts are full of English product names."""
    hangul = len(_HANGUL.findall(text))
    return "ko" if hangul and hangul * 3 >= len(_LATIN.findall(text)) else "en"


def topics_of(text: str, language: Language) -> list[str]:
    """At most six telling words of `text` in the order in which they occur; longer ones are preferred. May be empty."""
    words = _korean_nouns(text) if language == "ko" else _english_words(text)
    unique = list(dict.fromkeys(words))
    if len(unique) <= 6:
        return unique
    kept = set(sorted(unique, key=len, reverse=True)[:6])
    return [word for word in unique if word in kept]


def ends_in_consonant(word: str) -> bool:
    """Whether a Korean particle after `word` takes its form for a final consonant."""
    last = word[-1]
    if "\uac00" <= last <= "\ud7a3":
        return (ord(last) - 0xAC00) % 28 != 0
    # Read aloud in Korean: L, M, N and R end in a consonant, and so do 0, 1, 3, 6, 7 and 8.
    return last in "LMNRlmnr013678"


def _korean_nouns(text: str) -> list[str]:
    found = []
    for word in _KOREAN_WORD.findall(text[:4000]):
        noun = _without_particle(word)
        if len(noun) >= 2 and word not in KOREAN_STOP and noun not in KOREAN_STOP and not _is_verb(word):
            found.append(noun[:24])
    return found


def _is_verb(word: str) -> bool:
    return word.endswith(("요", "니다", "니까", "해줘", "어줘", "려줘", "하고", "하며", "해서", "세요", "까", "다"))


def _without_particle(word: str) -> str:
    for particle in PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word


def _english_words(text: str) -> list[str]:
    words = (word.strip("'-") for word in _ENGLISH_WORD.findall(text[:4000]))
    return [word[:24] for word in words if len(word) > 2 and word.lower() not in ENGLISH_STOP]
