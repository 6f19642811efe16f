"""Names and e-mail addresses that people type: tidied, or refused with a sentence that says what would be right."""

from __future__ import annotations

import re
import unicodedata

from madang_server.accounts.problems import Invalid

_LONGEST_NAME = 100
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,189}")


def tidy_name(text: str, param: str = "name") -> str:
    """`text` without surrounding space, in one Unicode form, so that two names that look the same are the same."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name or len(name) > _LONGEST_NAME:
        raise Invalid(f"Give a name of 1 to {_LONGEST_NAME} characters.", param=param)
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise Invalid("A name cannot have line breaks or control characters.", param=param)
    return name


def tidy_email(text: str) -> str:
    """`text` as the one form an account is known by: lower case, no surrounding space."""
    email = unicodedata.normalize("NFC", text).strip().lower()
    if not _EMAIL.fullmatch(email) or any(unicodedata.category(letter).startswith("C") for letter in email):
        raise Invalid("Give an e-mail address such as name@example.com.", param="email")
    return email
