"""What a request asks of a model beyond answering: seeing pictures, calling tools, reading so much text. Pure."""

from typing import Any, NamedTuple

from madang.calls.operation import CHATS, SERVED_BY, Operation
from madang.calls.request import Request
from madang.calls.target import Feature, Target
from madang.calls.text_size import BYTES_PER_TOKEN, text_bytes

# A text is estimated, so only one that is clearly too long counts as that.
_CLEARLY = 1.15

_FEATURE_OF_PART: dict[str, Feature] = {
    "image_url": "vision",
    "input_image": "vision",
    "input_audio": "audio",
    "file": "documents",
    "input_file": "documents",
    "image": "vision",
    "document": "documents",
}


class Needs(NamedTuple):
    """`prompt_tokens` is estimated from the text alone; files are left out, as every vendor counts them its own way."""

    operation: Operation = "chat"
    features: frozenset[Feature] = frozenset()
    prompt_tokens: int = 0


def needs_of(request: Request) -> Needs:
    """What this request needs."""
    if request.operation not in CHATS:
        return Needs(request.operation)
    body = request.body
    features: set[Feature] = set()
    if body.get("tools"):
        features.add("tools")
    if _asks_for_schema(body):
        features.add("structured_output")
    text = _read_messages(body.get("messages") or body.get("input"), features)
    text += _read_messages(body.get("instructions"), features)
    text += _read_content(body.get("system"), features)  # of Anthropic's Messages API
    return Needs(request.operation, frozenset(features), round(text / BYTES_PER_TOKEN))


def unmet_by(target: Target, needs: Needs) -> str:
    """Why this target cannot serve the request, in words; empty when it can, or when nothing is known against it."""
    served = SERVED_BY.get(target.vendor)  # an unknown vendor is told by the registry
    if served is not None and needs.operation not in served:
        return f"{target.vendor} has no {needs.operation}"
    if target.supports is not None:
        missing = sorted(needs.features - target.supports)
        if missing:
            return f"has no {', '.join(missing)}"
    return ""


def is_too_long_for(target: Target, needs: Needs) -> bool:
    """Whether the prompt clearly does not fit."""
    return target.context_window is not None and needs.prompt_tokens > _CLEARLY * target.context_window


def _asks_for_schema(body: dict[str, Any]) -> bool:
    for name in ("text", "output_config"):  # of the Responses API, and of Anthropic's
        holder = body.get(name)
        if isinstance(holder, dict) and _is_schema(holder.get("format")):
            return True
    return _is_schema(body.get("response_format"))


def _is_schema(wanted: Any) -> bool:
    return isinstance(wanted, dict) and wanted.get("type") == "json_schema"


def _read_messages(messages: Any, features: set[Feature]) -> int:
    if isinstance(messages, str):
        return text_bytes(messages)
    size = 0
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            size += _read_content(message.get("content"), features)
    return size


def _read_content(content: Any, features: set[Feature]) -> int:
    if isinstance(content, str):
        return text_bytes(content)
    if isinstance(content, list):
        return sum(_read_part(part, features) for part in content if isinstance(part, dict))
    return 0


def _read_part(part: dict[str, Any], features: set[Feature]) -> int:
    feature = _FEATURE_OF_PART.get(str(part.get("type")))
    if feature is not None:
        features.add(feature)
        return 0
    if part.get("type") == "tool_result":
        return _read_content(part.get("content"), features)
    text = part.get("text")
    return text_bytes(text) if isinstance(text, str) else 0
