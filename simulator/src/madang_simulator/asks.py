"""What a caller asks for, in no vendor's words: every wire reads its requests into these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ToolUse = Literal["auto", "none", "required"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a message: its tokens, and its address or bytes as text, so that a repeated one is recognised."""

    tokens: int
    source: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `parts` keep their order, `overhead` are the tokens the vendor adds around it."""

    role: str
    parts: tuple[str | Picture, ...]
    overhead: int = 3

    @property
    def text(self) -> str:
        """All text parts, joined by a line break."""
        return "\n".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ChatAsk:
    """One chat request. `tool_use` may also be forced to one tool by `forced_tool`."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_use: ToolUse = "auto"
    forced_tool: str | None = None
    parallel_tools: bool = True
    answer_schema: Mapping[str, Any] | None = None
    choices: int = 1
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    top_logprobs: int | None = None
    reasoning_tokens: int = 0
    stream: bool = False
    stream_usage: bool = False
    definitions_text: str = field(default="", repr=False)
    """Tools and answer schema as JSON text: they count as prompt tokens."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingAsk:
    """One embeddings request; a list of token numbers arrives here as the text of those numbers."""

    model: str
    inputs: tuple[str, ...]
    input_tokens: int
    dimensions: int
    base64: bool = False


Ask = ChatAsk | EmbeddingAsk
