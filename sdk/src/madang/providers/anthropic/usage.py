"""What Anthropic reports as consumed, counted as OpenAI counts.

Source: the types `Usage` and `MessageDeltaUsage` of Anthropic's Python client 2.8. All input is the sum of `input_tokens`,
`cache_creation_input_tokens` and `cache_read_input_tokens`; a stream reports running totals.
"""

from typing import Any

import msgspec

from madang.calls.usage import Usage


class CacheCreation(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class MessageUsage(msgspec.Struct):
    """A report. Of a stream's later ones, None means that the earlier one still holds."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None
    server_tool_use: Any = None  # searches and fetches, which are paid for apart

    def updated(self, later: "MessageUsage") -> "MessageUsage":
        said = {name: getattr(later, name) for name in self.__struct_fields__}
        return msgspec.structs.replace(self, **{name: value for name, value in said.items() if value is not None})

    def counted(self) -> Usage:
        read, written = self.cache_read_input_tokens, self.cache_creation_input_tokens
        asked = None if self.input_tokens is None else self.input_tokens + (read or 0) + (written or 0)
        return Usage(
            asked,
            self.output_tokens,
            read,
            self.output_tokens_details.thinking_tokens if self.output_tokens_details else None,
            written,
            self.cache_creation.ephemeral_1h_input_tokens if self.cache_creation else None,
        )
