"""The fallbacks of a LiteLLM configuration in the form we keep them: per model, only to known ones, never in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Said = tuple[tuple[str | int, ...], str]

_NOT_KEPT_APART = {
    "context_window_fallbacks": "a prompt too long for the model",
    "content_policy_fallbacks": "a refusal by the vendor's content policy",
}


def fallbacks_of(
    sources: Sequence[tuple[Mapping[str, Any], str]], aliases: Sequence[str]
) -> tuple[dict[str, list[str]], list[Said]]:
    """Fallbacks by alias, and what there is to say, each with its place. `sources`: settings and their section's name."""
    said: list[Said] = []
    chosen: dict[str, list[str]] = {}
    for alias, target, place in _wanted(sources, aliases, said):
        if alias not in aliases or target not in aliases:
            gone = alias if alias not in aliases else target
            said.append((place, f"fallback {alias!r} → {target!r} is left out: {gone!r} is not taken over"))
        elif target == alias or _leads_to(target, alias, chosen):
            said.append(
                (place, f"fallback {alias!r} → {target!r} is left out: it would lead back to where it came from")
            )
        elif target not in chosen.setdefault(alias, []):
            chosen[alias].append(target)
    return chosen, said


def _wanted(
    sources: Sequence[tuple[Mapping[str, Any], str]], aliases: Sequence[str], said: list[Said]
) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Each fallback asked for, the models' own first, then the defaults for those that have none."""
    own: set[str] = set()
    defaults: list[tuple[str, tuple[str | int, ...]]] = []
    for settings, section in sources:
        for kind, occasion in _NOT_KEPT_APART.items():
            for alias, targets, _ in _entries(settings.get(kind)):
                names = " → ".join([alias, *map(str, targets)])
                text = f"{kind} {names} is not taken over: there is no list of its own for {occasion}"
                said.append(((section, kind), f"{text}; name them as fallbacks if any failure may lead there"))
        for alias, targets, index in _entries(settings.get("fallbacks")):
            place: tuple[str | int, ...] = (section, "fallbacks", index)
            for target in targets:
                if not isinstance(target, str):
                    said.append((place, f"a fallback of {alias!r} with parameters of its own is left out"))
                elif alias == "*":
                    defaults.append((target, place))
                else:
                    own.add(alias)
                    yield alias, target, place
        given = settings.get("default_fallbacks")
        if isinstance(given, list):
            defaults += [(target, (section, "default_fallbacks")) for target in given if isinstance(target, str)]
    targets_of_defaults = {target for target, _ in defaults}
    for alias in aliases:
        if alias not in own and alias not in targets_of_defaults:
            for target, place in defaults:
                yield alias, target, place


def _entries(value: Any) -> Iterator[tuple[str, list[Any], int]]:
    """(alias, targets, index) of a list such as [{"gpt-4o": ["gpt-4o-mini"]}]."""
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if isinstance(entry, dict):
            for alias, targets in entry.items():
                yield str(alias), targets if isinstance(targets, list) else [targets], index


def _leads_to(start: str, goal: str, chosen: Mapping[str, Sequence[str]]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        alias = waiting.pop()
        if alias == goal:
            return True
        if alias not in seen:
            seen.add(alias)
            waiting.extend(chosen.get(alias, ()))
    return False
