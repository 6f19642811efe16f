"""What a statement is, read from its text: who may run it, which format it answers in, how its errors map to HTTP.

Pure functions. They decide routing inside a trusted process; they are not a security boundary.
"""

import re
from collections.abc import Mapping
from enum import Enum

READ_WORDS = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "VALUES", "FROM"})
SESSION_WORDS = frozenset({"SET", "USE"})

_LEADING_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|#!?[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_TRAILING_FORMAT = re.compile(r"\bFORMAT\s+([A-Za-z][A-Za-z0-9_]*)\s*;?\s*\Z", re.IGNORECASE)
_INSERT_FORMAT = re.compile(r"\bFORMAT\s+([A-Za-z][A-Za-z0-9_]*)\s*\Z", re.IGNORECASE)
_ERROR = re.compile(r"Code: (\d+)\. DB::Exception: ")
_SETTING_NAME = re.compile(r"\A[A-Za-z_][A-Za-z0-9_]*\Z")

# Statuses a ClickHouse server answers with; everything else is 500.
_STATUS_OF_CODE = {
    62: 400,  # syntax error
    36: 400,  # bad arguments
    115: 400,  # unknown setting
    46: 404,  # unknown function
    47: 404,  # unknown identifier
    60: 404,  # unknown table
    81: 404,  # unknown database
    73: 400,  # unknown format
    164: 403,  # read-only
    497: 403,  # access denied
    516: 401,  # authentication failed
    159: 408,  # timeout exceeded
}


class StatementKind(Enum):
    """Which connection a statement belongs on."""

    READ = "read"
    INSERT = "insert"
    WRITE = "write"
    SESSION = "session"


def kind_of(statement: str) -> StatementKind:
    """The kind of a statement, from its first word after comments and brackets."""
    start = _LEADING_COMMENTS.match(statement)
    word = _WORD.match(statement, start.end() if start else 0)
    first = word.group().upper() if word else ""
    if first in READ_WORDS:
        return StatementKind.READ
    if first in SESSION_WORDS:
        return StatementKind.SESSION
    return StatementKind.INSERT if first == "INSERT" else StatementKind.WRITE


def answer_format(statement: str, default: str) -> str:
    """The format a reading statement answers in: its own FORMAT clause, else `default`."""
    found = _TRAILING_FORMAT.search(statement)
    return found.group(1) if found else default


def insert_format(statement: str) -> str | None:
    """The format of the rows that follow an INSERT head, or None when it names none at its end."""
    found = _INSERT_FORMAT.search(statement)
    return found.group(1) if found else None


def settings_statement(applied: Mapping[str, str], wanted: Mapping[str, str]) -> str | None:
    """One SET that turns the applied settings into the wanted ones; None when nothing differs.

    Raises ValueError for a name that is not an identifier.
    """
    changes = [f"{_checked(name)} = {quoted(value)}" for name, value in wanted.items() if applied.get(name) != value]
    changes += [f"{name} = DEFAULT" for name in applied if name not in wanted]
    return "SET " + ", ".join(changes) if changes else None


def quoted(value: str) -> str:
    """The value as a string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted_name(name: str) -> str:
    """The name as a quoted identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def error_code(message: str) -> int:
    """The engine's error code in a message, 1001 (a foreign exception) when there is none."""
    found = _ERROR.search(message)
    return int(found.group(1)) if found else 1001


def error_text(message: str) -> str:
    """The message from its first "Code: " on, as a ClickHouse server would send it."""
    found = _ERROR.search(message)
    return message[found.start() :].strip() if found else f"Code: 1001. DB::Exception: {message.strip()}"


def error_status(code: int) -> int:
    """The HTTP status a ClickHouse server answers with for an error code."""
    return _STATUS_OF_CODE.get(code, 500)


def _checked(name: str) -> str:
    if not _SETTING_NAME.match(name):
        raise ValueError(f"Setting name {name!r} is not an identifier")
    return name
