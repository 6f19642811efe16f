"""OpenAI's moderations, shaped as the openai client's ModerationCreateResponse.

No judgement behind it: a category is flagged when the text says its name, "violence" or "self-harm".
"""

from typing import Any

import msgspec

from madang_simulator.tokens import count_tokens
from madang_simulator.wires import openai_fields as read
from madang_simulator.wires.openai_fields import missing, read_object, wrong_type
from madang_simulator.wires.wire import Making, Order, Reply, Task

Json = dict[str, Any]

_DEFAULT_MODEL = "omni-moderation-latest"
_SEES_PICTURES = ("self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "violence", "violence/graphic")
_CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    *_SEES_PICTURES,
    "sexual/minors",
)


def moderation_task(order: Order) -> Task:
    """A request to judge texts, or the texts and pictures of one message."""
    fields = read_object(order.incoming.body)
    model = order.route.model or read.text(fields, "model") or _DEFAULT_MODEL
    inputs = _inputs(fields.get("input"))

    def reply(making: Making) -> Reply:
        results = [_judged(text, has_picture=has_picture) for text, has_picture in inputs]
        return Reply(200, msgspec.json.encode({"id": f"modr-{making.id}", "model": making.model, "results": results}))

    return Task(model, sum(count_tokens(text) for text, _ in inputs), reply)


def _inputs(value: object) -> list[tuple[str, bool]]:
    """What gets a result each: its text, and whether a picture belongs to it."""
    if value is None:
        raise missing("input")
    if isinstance(value, str):
        return [(value, False)]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [(one, False) for one in value]
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise wrong_type("input", "one of a string or array", value)
    texts = [str(one.get("text", "")) for one in value]
    return [(" ".join(texts), any(one.get("type") == "image_url" for one in value))]


def _judged(text: str, *, has_picture: bool) -> Json:
    said = text.lower()
    flagged = {name: name in said for name in _CATEGORIES}
    return {
        "flagged": any(flagged.values()),
        "categories": flagged,
        "category_scores": {name: 0.97 if is_flagged else 0.0003 for name, is_flagged in flagged.items()},
        "category_applied_input_types": {
            name: ["text", "image"] if has_picture and name in _SEES_PICTURES else ["text"] for name in _CATEGORIES
        },
    }
