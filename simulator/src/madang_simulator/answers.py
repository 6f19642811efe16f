"""What a simulated model says to a request, in no vendor's words. Pure: the same arguments give the same answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from madang_simulator.asks import ChatAsk, Tool
from madang_simulator.chance import seeded
from madang_simulator.prompt_tokens import PromptTokens
from madang_simulator.schema_example import example_of
from madang_simulator.sentences import write_answer, write_lines
from madang_simulator.tokens import split_tokens
from madang_simulator.topics import language_of, topics_of

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool; the arguments' JSON text joined from `argument_pieces`. `id`: 24 hexadecimal digits."""

    id: str
    name: str
    argument_pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: either text, one token each piece, or tool calls; before it, thoughts that are shown.

    `stopped_by` is the caller's own stop text that ended it, None where there was none.
    """

    pieces: tuple[str, ...]
    tool_calls: tuple[ToolCall, ...]
    finish: FinishReason
    reasoning_pieces: tuple[str, ...] = ()
    stopped_by: str | None = None

    @property
    def tokens(self) -> int:
        """Tokens written: the text's, or the calls' arguments and names, without the thoughts."""
        return len(self.pieces) + sum(len(call.argument_pieces) + 6 for call in self.tool_calls)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a whole request; `completion` includes `reasoning`, `prompt` includes `cached` and `cache_written`."""

    prompt: int
    cached: int
    completion: int
    reasoning: int
    cache_written: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request: `model` is the name the vendor gives as having answered; `created` in Unix seconds.

    `id` are 32 hexadecimal digits. `is_prompt_blocked`: nothing was written, for the prompt was refused.
    """

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    is_prompt_blocked: bool = False


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How a deployment writes: length range in tokens, where a content filter stops it (None: nowhere), chance."""

    output_tokens: tuple[int, int]
    filtered_after: int | None
    chance: str
    is_prompt_blocked: bool = False


def answer(ask: ChatAsk, writing: Writing, prompt: PromptTokens, *, id: str, created: int, model: str) -> Answer:
    """The whole answer to `ask`, before anything of it is sent."""
    choices = tuple(_choice(ask, writing, index) for index in range(ask.choices))
    written = sum(choice.tokens for choice in choices)
    reasoning = 0 if writing.is_prompt_blocked else _reasoning(ask)
    usage = Usage(prompt.total, prompt.cached, written + reasoning, reasoning, prompt.written)
    return Answer(id, created, model, choices, usage, writing.is_prompt_blocked)


def _reasoning(ask: ChatAsk) -> int:
    return ask.reasoning_tokens if ask.max_tokens is None else min(ask.reasoning_tokens, ask.max_tokens)


def _choice(ask: ChatAsk, writing: Writing, index: int) -> Choice:
    rng = _dice(ask, writing, index)
    room = None if ask.max_tokens is None else ask.max_tokens - _reasoning(ask)
    tools = _tools_to_call(ask)
    if tools:
        choice = _limited_calls(Choice((), tuple(_tool_call(tool, ask, rng) for tool in tools), "tool_calls"), room)
    else:
        choice = _limited_text(_text(ask, writing, rng), ask, room)
    if writing.is_prompt_blocked:
        return Choice((), (), "content_filter")
    if writing.filtered_after is not None:
        choice = Choice(choice.pieces[: writing.filtered_after], (), "content_filter")
    return replace(choice, reasoning_pieces=_thoughts(ask, rng))


def _thoughts(ask: ChatAsk, rng: Random) -> tuple[str, ...]:
    tokens = _reasoning(ask) if ask.shows_reasoning else 0
    return tuple(split_tokens(write_lines("reasoning", _prompt(ask), tokens=tokens, rng=rng))) if tokens else ()


def _dice(ask: ChatAsk, writing: Writing, index: int) -> Random:
    last = ask.messages[-1].text if ask.messages else ""
    if ask.seed is not None:
        return seeded("asked", ask.seed, index, ask.model, last)
    return seeded("own", writing.chance, index, ask.model, last)


def _tools_to_call(ask: ChatAsk) -> Sequence[Tool]:
    if not ask.tools or ask.tool_use == "none":
        return ()
    if ask.forced_tool is not None:
        return [tool for tool in ask.tools if tool.name == ask.forced_tool]
    if ask.tool_use == "auto" and ask.messages and ask.messages[-1].role in ("tool", "function"):
        return ()  # the results are there: now comes the text
    words = {word for word in split_words(_prompt(ask)) if len(word) > 2}
    named = [tool for tool in ask.tools if words & set(split_words(tool.name))]
    chosen = named or list(ask.tools[:2])
    return chosen if ask.parallel_tools else chosen[:1]


def split_words(text: str) -> list[str]:
    """The words of a sentence or of a snake_case name, in lower case."""
    return "".join(char if char.isalnum() else " " for char in text.lower()).split()


def _tool_call(tool: Tool, ask: ChatAsk, rng: Random) -> ToolCall:
    schema = tool.parameters or {"type": "object", "properties": {}}
    text = _json_text(example_of(schema, topics=_topics(ask), rng=rng))
    return ToolCall(f"{rng.getrandbits(96):024x}", tool.name, tuple(split_tokens(text)))


def _text(ask: ChatAsk, writing: Writing, rng: Random) -> str:
    if ask.answer_schema is not None:
        return _json_text(example_of(ask.answer_schema, topics=_topics(ask), rng=rng))
    result = ask.messages[-1].text if ask.messages and ask.messages[-1].role in ("tool", "function") else None
    return write_answer(_prompt(ask), tool_result=result, tokens=writing.output_tokens, rng=rng)


def _limited_text(text: str, ask: ChatAsk, room: int | None) -> Choice:
    found = min(((at, stop) for stop in ask.stop if (at := text.find(stop)) >= 0), default=None)
    pieces = tuple(split_tokens(text if found is None else text[: found[0]]))
    if room is not None and len(pieces) > room:
        return Choice(pieces[:room], (), "length")
    return Choice(pieces, (), "stop", stopped_by=None if found is None else found[1])


def _limited_calls(choice: Choice, room: int | None) -> Choice:
    if room is None or choice.tokens <= room:
        return choice
    first = choice.tool_calls[0]
    return Choice((), (ToolCall(first.id, first.name, first.argument_pieces[: max(room - 6, 0)]),), "length")


def _prompt(ask: ChatAsk) -> str:
    """What the last user asked; the language and the topics come from it."""
    for message in reversed(ask.messages):
        if message.role == "user" and message.text.strip():
            return message.text
    return ask.messages[-1].text if ask.messages else ""


def _topics(ask: ChatAsk) -> list[str]:
    prompt = _prompt(ask)
    return topics_of(prompt, language_of(prompt))


def _json_text(value: object) -> str:
    # Not msgspec: a schema may ask for numbers beyond 64 bits.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
