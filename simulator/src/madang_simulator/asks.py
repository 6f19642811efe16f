"""What a caller asks for, in no vendor's words: every wire reads its requests into these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ToolUse = Literal["auto", "none", "required"]
AttachmentKind = Literal["picture", "sound", "file"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, sound or file in a message: its tokens, and its address or bytes as text, to recognise a repeated one."""

    tokens: int
    source: str
    kind: AttachmentKind = "picture"


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `parts` keep their order, `overhead` are the tokens the vendor adds around it."""

    role: str
    parts: tuple[str | Attachment, ...]
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
    """One chat request. `tool_use` may also be forced to one tool by `forced_tool`.

    `reasoning_tokens` are thought before the answer, and written into it when `shows_reasoning`. `caches`: whether the
    prompt's beginnings are remembered, and found again. `own`: what the wire wants to have again for its reply.
    """

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
    shows_reasoning: bool = False
    caches: bool = True
    stream: bool = False
    stream_usage: bool = False
    definitions_text: str = field(default="", repr=False)
    """Tools and answer schema as JSON text: they count as prompt tokens."""
    own: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class EmbeddingAsk:
    """One embeddings request; a list of token numbers arrives here as the text of those numbers."""

    model: str
    inputs: tuple[str, ...]
    input_tokens: int
    dimensions: int
    base64: bool = False
