"""Which refused calls leave a trace: enough to see what happens, and so few that a client's loop cannot fill the disk."""

_PER_SECOND = 2.0  # of one subject at one limit
_PER_SECOND_OF_PROJECT = 10.0
_MOST_SUBJECTS = 10_000


class RefusalTraces:
    """Counts those without a trace, so that the next trace can tell."""

    def __init__(self) -> None:
        self._subjects: dict[tuple[str, str, str], _Allowance] = {}
        self._projects: dict[str, _Allowance] = {}

    def next_one(self, subject: tuple[str, str, str], now: float) -> int | None:
        """How many of this subject (project, limit, whose) were refused without a trace since the last one; None when
        this one leaves none either.
        """
        if len(self._subjects) >= _MOST_SUBJECTS:
            self._subjects.clear()
        own = self._subjects.setdefault(subject, _Allowance(_PER_SECOND, now))
        project = self._projects.setdefault(subject[0], _Allowance(_PER_SECOND_OF_PROJECT, now))
        if own.has_one(now) and project.has_one(now):
            own.left -= 1
            project.left -= 1
            untraced, own.untraced = own.untraced, 0
            return untraced
        own.untraced += 1
        return None


class _Allowance:
    __slots__ = ("_at", "_per_second", "left", "untraced")

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._at = now
        self.left = per_second
        self.untraced = 0

    def has_one(self, now: float) -> bool:
        self.left = min(self._per_second, self.left + (now - self._at) * self._per_second)
        self._at = now
        return self.left >= 1
