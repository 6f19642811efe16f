"""Gemini's usageMetadata as our usage, which counts as OpenAI does.

Source: the google-genai client's type `GenerateContentResponseUsageMetadata`. promptTokenCount includes what was cached;
what tools brought in and what was thought are counted apart, and added here.
"""

from typing import Any

from madang.calls.usage import Usage

Json = dict[str, Any]


def usage_of(told: Json, *, is_final: bool) -> Usage:
    """`is_final`: the answer has ended, so that a count Google leaves out is 0; before, it is unknown."""
    prompt = _count(told, "promptTokenCount")
    tools = _count(told, "toolUsePromptTokenCount") or 0
    thoughts = _count(told, "thoughtsTokenCount")
    answered = _count(told, "candidatesTokenCount")
    if answered is None and (is_final or thoughts is not None):
        answered = 0
    given = told.get("promptTokensDetails")
    made = told.get("candidatesTokensDetails")
    return Usage(
        None if prompt is None and not is_final else (prompt or 0) + tools,
        None if answered is None else answered + (thoughts or 0),
        _count(told, "cachedContentTokenCount"),
        thoughts,
        audio_input_tokens=_of_kind(given, "AUDIO"),
        audio_output_tokens=_of_kind(made, "AUDIO"),
        image_input_tokens=_of_kind(given, "IMAGE"),
        image_output_tokens=_of_kind(made, "IMAGE"),
    )


def _count(told: Json, name: str) -> int | None:
    count = told.get(name)
    return count if isinstance(count, int) else None


def _of_kind(details: Any, kind: str) -> int | None:
    counts = [
        _count(one, "tokenCount") or 0
        for one in (details if isinstance(details, list) else ())
        if isinstance(one, dict) and one.get("modality") == kind
    ]
    return sum(counts) if counts else None
