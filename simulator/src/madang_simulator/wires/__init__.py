"""The languages vendors speak, one file each. A new vendor is a file here and a line in `all_wires`."""

from madang_simulator.wires.anthropic.messages_wire import AnthropicWire
from madang_simulator.wires.azure import AzureWire
from madang_simulator.wires.bedrock.runtime_wire import BedrockWire
from madang_simulator.wires.gemini.generate_wire import GeminiWire
from madang_simulator.wires.openai import OpenAIWire
from madang_simulator.wires.wire import Wire

__all__ = ["Wire", "all_wires"]


def all_wires() -> tuple[Wire, ...]:
    """Every wire that is spoken; the first that owns a path answers it."""
    return (AnthropicWire(), AzureWire(), BedrockWire(), GeminiWire(), OpenAIWire())
