"""What can go wrong between us and the trace store, in the two classes that callers treat differently."""

import re

# Codes by which ClickHouse says that the rows themselves cannot be read; sending them again cannot help.
_BAD_ROWS = frozenset(
    {6, 25, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 407, 441, 467, 563, 675, 691}
)


class StoreError(Exception):
    """The trace store did not do what was asked."""


class StoreUnavailable(StoreError):
    """It does not answer, or cannot take more at the moment; the same request may succeed later."""


class StoreRefused(StoreError):
    """It answered with an error. `code` is ClickHouse's; `bad_rows` says that the rows sent are to blame."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def bad_rows(self) -> bool:
        return self.code in _BAD_ROWS


# memory, disk full (three codes), too many parts, too many queries, timeout, network, table shut, read-only replica
_PASSING = frozenset({241, 243, 76, 75, 252, 202, 159, 209, 210, 218, 242, 999, 225})


def refusal(code: int, text: str) -> StoreError:
    """The exception for an error code. Only the engine's name for the error is kept: its text can quote rows."""
    names = re.findall(r"\(([A-Z][A-Z0-9_]+)\)", text)
    summary = f"The trace store answered with error {code} ({names[-1] if names else 'no name'})"
    return StoreUnavailable(summary) if code in _PASSING else StoreRefused(code, summary)
