"""Writes parts as a response of OpenAI's Responses API: event by event for a stream, and put together as a whole.

Source: OpenAI's API reference, "The response object" and "Streaming events"; the types `Response` and
`ResponseStreamEvent` of its official client.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from madang.calls.completion import joined_extra
from madang.calls.event import Consumed, Extra, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.target import Target
from madang.calls.usage import Usage
from madang.providers.dialects.carried import Carried, sealed
from madang.providers.dialects.responses_request import custom_tools

Json = dict[str, Any]

OUR_REASONING = "rs_md"
"""How the ids of reasoning items begin that no vendor of responses wrote; the names of our responses begin with "md"."""

_REPEATED = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "previous_response_id", "prompt_cache_key"),
    *("safety_identifier", "service_tier", "temperature", "top_p", "user"),
)
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponseWriter:
    """One response. `name` makes its ids, `body` is what was asked and is partly repeated; `created` in seconds."""

    def __init__(self, name: str, body: Json, target: Target, created: int) -> None:
        self._name = name
        self._body = body
        self._model = target.vendor_model
        self._created = created
        self._carried = Carried(target.vendor)
        self._custom = custom_tools(body)
        self._items: list[Json] = []
        self._said: dict[int, list[str]] = {}  # by item: the pieces of what it says now
        self._open: int | None = None  # a message or thoughts that go on
        self._calls: dict[int, tuple[int, str]] = {}  # by a call's number: its item, and its id
        self._open_calls: list[int] = []
        self._usage: Usage | None = None
        self._reason = "stop"
        self._number = 0
        self._frames: list[Json] = []
        self._has_begun = False

    def taken(self, parts: Iterable[Part]) -> list[Json]:
        """The events for these parts; none for those that say nothing yet."""
        for part in parts:
            self._take(part)
        return self._given()

    def ended(self) -> list[Json]:
        """The last events; the very last repeats the whole response."""
        self._begin()
        self._close_text()
        self._close_calls()
        if self._carried.says_something():
            self._new_item(
                {"id": self._item_id("rs"), "type": "reasoning", "summary": []}
                | {"encrypted_content": sealed(self._carried)}
            )
            self._done(len(self._items) - 1)
        kind = "response.incomplete" if self._reason in _INCOMPLETE else "response.completed"
        self._emit(kind, response=self.message())
        return self._given()

    def message(self) -> Json:
        """The whole response, after `ended`."""
        cause = _INCOMPLETE.get(self._reason)
        response = self._response("incomplete" if cause else "completed", self._items)
        response["incomplete_details"] = {"reason": cause} if cause else None
        response["usage"] = response_usage(self._usage) if self._usage is not None else None
        return response

    def _given(self) -> list[Json]:
        frames, self._frames = self._frames, []
        return frames

    def _take(self, part: Part) -> None:
        match part:
            case Started():
                self._model = part.model or self._model
            case Consumed():
                self._usage = part.usage
            case Text(choice=0):
                self._piece("output_text", part.text)
            case Refusal(choice=0):
                self._piece("refusal", part.text)
            case Reasoning(choice=0):
                self._think(part.text)
            case ToolCall(choice=0):
                self._call(part)
            case Extra(place="message", choice=0):
                joined_extra(self._carried.message, self._carried.keep(part.fields))
            case Finished(choice=0):
                self._reason = part.reason

    def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._emit("response.created", response=self._response("in_progress", []))
            self._emit("response.in_progress", response=self._response("in_progress", []))

    def _response(self, status: str, output: list[Json]) -> Json:
        body = self._body
        return {
            "id": f"resp_{self._name}",
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "model": self._model,
            "output": output,
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
            "store": body.get("store") is not False,
            "text": body.get("text") or {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": body.get("tools") or [],
            "truncation": body.get("truncation") or "disabled",
            "usage": None,
            **{name: body.get(name) for name in _REPEATED},
        }

    def _emit(self, kind: str, **fields: Any) -> None:
        self._frames.append({"type": kind, "sequence_number": self._number, **fields})
        self._number += 1

    def _piece(self, kind: str, text: str) -> None:
        """A piece of a message's text or refusal; the one after the other is a part of its own."""
        index = self._open
        if index is None or self._items[index]["type"] != "message":
            self._close_text()
            index = self._new_item(
                {"id": self._item_id("msg"), "type": "message", "status": "in_progress"}
                | {"role": "assistant", "content": []}
            )
            self._open = index
        item = self._items[index]
        content = item["content"]
        if not content or content[-1]["type"] != kind:
            self._close_part(index)
            empty: Json = {"type": kind, "text": "", "annotations": [], "logprobs": []}
            part = empty if kind == "output_text" else {"type": kind, "refusal": ""}
            content.append(part)
            self._emit("response.content_part.added", **self._place(index), part=dict(part))
        self._said.setdefault(index, []).append(text)
        more: Json = {"logprobs": []} if kind == "output_text" else {}
        self._emit(f"response.{kind}.delta", **self._place(index), delta=text, **more)

    def _think(self, text: str) -> None:
        index = self._open
        if index is None or self._items[index]["type"] != "reasoning":
            self._close_text()
            index = self._new_item({"id": self._item_id("rs"), "type": "reasoning", "summary": []})
            self._open = index
            part = {"type": "summary_text", "text": ""}
            self._emit("response.reasoning_summary_part.added", **self._thought(index), part=part)
        self._said.setdefault(index, []).append(text)
        self._emit("response.reasoning_summary_text.delta", **self._thought(index), delta=text)

    def _call(self, part: ToolCall) -> None:
        known = self._calls.get(part.index)
        # Some vendors give every call index 0; a new id then begins a new call.
        if known is None or (part.call_id and known[1] and part.call_id != known[1]):
            self._close_text()
            call_id = part.call_id or f"call_{self._name}_{len(self._items)}"
            if part.name in self._custom:
                item = {"id": self._item_id("ctc"), "type": "custom_tool_call", "input": ""}
            else:
                item = {"id": self._item_id("fc"), "type": "function_call", "arguments": ""}
            index = self._new_item({**item, "status": "in_progress", "call_id": call_id, "name": part.name})
            self._open_calls.append(index)
            known = self._calls[part.index] = (index, part.call_id)
        index = known[0]
        if part.extra_content is not None:
            self._carried.calls[self._items[index]["call_id"]] = part.extra_content
        if part.arguments:
            self._said.setdefault(index, []).append(part.arguments)
            if self._items[index]["type"] == "function_call":  # a custom tool's text is known when its JSON is whole
                self._emit(
                    "response.function_call_arguments.delta",
                    item_id=self._items[index]["id"],
                    output_index=index,
                    delta=part.arguments,
                )

    def _new_item(self, item: Json) -> int:
        self._begin()
        if item["type"] in ("message", "reasoning"):
            self._close_calls()
        index = len(self._items)
        self._items.append(item)
        shown = {**item, "content": []} if item["type"] == "message" else dict(item)
        self._emit("response.output_item.added", output_index=index, item=shown)
        return index

    def _close_text(self) -> None:
        index = self._open
        if index is None:
            return
        self._open = None
        item = self._items[index]
        if item["type"] == "message":
            self._close_part(index)
        else:
            part = {"type": "summary_text", "text": "".join(self._said.pop(index, ()))}
            item["summary"] = [part]
            self._emit("response.reasoning_summary_text.done", **self._thought(index), text=part["text"])
            self._emit("response.reasoning_summary_part.done", **self._thought(index), part=part)
        self._done(index)

    def _close_part(self, index: int) -> None:
        content = self._items[index]["content"]
        if not content:
            return
        part = content[-1]
        text = "".join(self._said.pop(index, ()))
        if part["type"] == "output_text":
            part["text"] = text
            self._emit("response.output_text.done", **self._place(index), text=text, logprobs=[])
        else:
            part["refusal"] = text
            self._emit("response.refusal.done", **self._place(index), refusal=text)
        self._emit("response.content_part.done", **self._place(index), part=part)

    def _close_calls(self) -> None:
        for index in self._open_calls:
            item = self._items[index]
            said = "".join(self._said.pop(index, ()))
            place = {"item_id": item["id"], "output_index": index}
            if item["type"] == "function_call":
                item["arguments"] = said or "{}"
                self._emit(
                    "response.function_call_arguments.done", **place, name=item["name"], arguments=item["arguments"]
                )
            else:
                item["input"] = _text_in(said)
                self._emit("response.custom_tool_call_input.delta", **place, delta=item["input"])
                self._emit("response.custom_tool_call_input.done", **place, input=item["input"])
            self._done(index)
        self._open_calls = []

    def _done(self, index: int) -> None:
        item = self._items[index]
        if "status" in item:
            item["status"] = "completed"
        self._emit("response.output_item.done", output_index=index, item=item)

    def _place(self, index: int) -> Json:
        item = self._items[index]
        return {"item_id": item["id"], "output_index": index, "content_index": max(0, len(item["content"]) - 1)}

    def _thought(self, index: int) -> Json:
        return {"item_id": self._items[index]["id"], "output_index": index, "summary_index": 0}

    def _item_id(self, kind: str) -> str:
        return f"{kind}_{self._name}_{len(self._items)}"


def response_usage(usage: Usage) -> Json:
    given, written = usage.input_tokens or 0, usage.output_tokens or 0
    cached = {"cached_tokens": usage.cached_tokens or 0, "cache_write_tokens": usage.cache_write_tokens or 0}
    return {
        "input_tokens": given,
        "input_tokens_details": cached,
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": given + written,
    }


def _text_in(arguments: str) -> str:
    """The text that a custom tool was called with; what is not the JSON that was asked for is taken as it is."""
    try:
        told = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return arguments
    text = told.get("input") if isinstance(told, dict) else None
    return text if isinstance(text, str) else arguments
