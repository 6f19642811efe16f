"""What a prompt is about: its language and its telling words, so that the answer can speak of them."""

import re
from typing import Literal

from madang_simulator.plain_words import ENGLISH_STOP, KOREAN_STOP, PARTICLES

Language = Literal["ko", "en"]

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z]")
_KOREAN_WORD = re.compile(r"[\uac00-\ud7a3A-Za-z0-9]+")
# A sign is a piece too, as it ends a phrase.
_ENGLISH_PIECE = re.compile(r"[A-Za-z][A-Za-z'-]*|[^A-Za-z\s]")
_READ_CHARS = 4000
_LONGEST_CHARS = 40


def language_of(text: str) -> Language:
    """Korean when a quarter or more of the letters are Hangul: Korean prompts are full of English product names."""
    hangul = len(_HANGUL.findall(text))
    return "ko" if hangul and hangul * 3 >= len(_LATIN.findall(text)) else "en"


def topics_of(text: str, language: Language) -> list[str]:
    """At most six telling words or pairs of words of `text`, the longest first. May be empty."""
    phrases = _korean_phrases(text) if language == "ko" else _english_phrases(text)
    return sorted(dict.fromkeys(phrases), key=len, reverse=True)[:6]


def ends_in_consonant(word: str) -> bool:
    """Whether a Korean particle after `word` takes its form for a final consonant."""
    last = word[-1]
    if "\uac00" <= last <= "\ud7a3":
        return (ord(last) - 0xAC00) % 28 != 0
    # Read aloud in Korean: L, M, N and R end in a consonant, and so do 0, 1, 3, 6, 7 and 8.
    return last in "LMNRlmnr013678"


def _korean_phrases(text: str) -> list[str]:
    """Nouns without their particles; a noun without one belongs to the noun that follows it ("환불 정책을")."""
    phrases = []
    before = ""
    for word in _KOREAN_WORD.findall(text[:_READ_CHARS]):
        noun = _without_particle(word)
        if len(noun) < 2 or word in KOREAN_STOP or noun in KOREAN_STOP or _is_verb(word, noun):
            phrases.append(before)
            before = ""
            continue
        phrase = f"{before} {noun}".strip()
        if noun == word and not before:
            before = phrase
            continue
        phrases.append(phrase)
        before = ""
    return [phrase[:_LONGEST_CHARS] for phrase in [*phrases, before] if phrase]


def _is_verb(word: str, noun: str) -> bool:
    endings = ("요", "니다", "니까", "해줘", "어줘", "려줘", "하고", "하며", "해서", "세요", "까", "다", "줘")
    return word.endswith(endings) or noun.endswith(("하", "되"))


def _without_particle(word: str) -> str:
    for particle in PARTICLES:
        # A single syllable in front is mostly part of the word ("회의"), except before the object's particle.
        shortest = 1 if particle in "을를" else 2
        if word.endswith(particle) and len(word) - len(particle) >= shortest:
            return word[: -len(particle)]
    return word


def _english_phrases(text: str) -> list[str]:
    """Telling words; two that stand side by side make one phrase ("database migration")."""
    phrases: list[str] = []
    before = ""
    for piece in _ENGLISH_PIECE.findall(text[:_READ_CHARS]):
        word = piece.strip("'-")
        if len(word) < 3 or word.lower() in ENGLISH_STOP:
            phrases.append(before)
            before = ""
        elif before:
            phrases.append(f"{before} {word}")
            before = ""
        else:
            before = word
    return [phrase[:_LONGEST_CHARS] for phrase in [*phrases, before] if phrase]
