"""Messages on their way to a server of OpenAI's wire, without what an answer of another vendor had carried.

Such fields come back with a conversation that another vendor began. OpenAI and Azure refuse messages with fields that they
do not know; other servers may know more: DeepSeek wants `reasoning_content` back, Google's own OpenAI-compatible API its
`extra_content`. Source: OpenAI's API reference, "Create chat completion", messages.
"""

from typing import Any
from urllib.parse import urlsplit

from madang.calls.target import Target

# What our translations of Anthropic, Bedrock and Gemini put there, for those vendors alone.
_CARRIED = frozenset({"anthropic_content", "bedrock_content", "google_parts", "thinking_blocks"})
# What other servers of OpenAI's wire say, and may want to have again.
_OF_OTHERS = frozenset({"citations", "extra_content", "images", "reasoning", "reasoning_content", "reasoning_details"})
_STRANGE = _CARRIED | _OF_OTHERS
_OWN_HOSTS = ("api.openai.com", "openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com")


def is_openais_own(target: Target) -> bool:
    """Whether OpenAI or Azure itself answers there, not another server that speaks as they do."""
    if target.vendor == "azure" or not target.base_url:
        return True
    host = urlsplit(target.base_url).hostname or ""
    return any(host == own or host.endswith(f".{own}") for own in _OWN_HOSTS)


def sendable(messages: Any, target: Target) -> Any:
    """The messages as `target` takes them: the same list, not copied, unless there is something to leave out."""
    if not isinstance(messages, list) or not any(_is_strange(message) for message in messages):
        return messages
    unknown = _STRANGE if is_openais_own(target) else _CARRIED
    return [_without(message, unknown) if _is_strange(message) else message for message in messages]


def _is_strange(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    if not _STRANGE.isdisjoint(message):
        return True
    calls = message.get("tool_calls")
    return isinstance(calls, list) and any(isinstance(call, dict) and "extra_content" in call for call in calls)


def _without(message: dict[str, Any], unknown: frozenset[str]) -> dict[str, Any]:
    kept = {name: value for name, value in message.items() if name not in unknown}
    calls = kept.get("tool_calls")
    if "extra_content" in unknown and isinstance(calls, list):
        kept["tool_calls"] = [
            {name: value for name, value in call.items() if name != "extra_content"} if isinstance(call, dict) else call
            for call in calls
        ]
    return kept
