"""OpenAI's Responses: whole, streamed as typed events, kept and read again.

Shapes as in the openai client's Response and ResponseStreamEvent.
"""

import base64
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Literal

import msgspec

from madang_simulator.answers import Answer, Choice, ToolCall
from madang_simulator.asks import ChatAsk
from madang_simulator.prompt_tokens import prompt_length
from madang_simulator.refusals import Refusal
from madang_simulator.shelf import Shelf
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.openai_refusals import refusal_fields
from madang_simulator.wires.openai_replies import grouped, token_logprobs
from madang_simulator.wires.openai_responses_ask import input_items, read_response_ask
from madang_simulator.wires.sse import SSE_TYPE, named_sse
from madang_simulator.wires.wire import Event, Making, Order, Reply, Streamed, Task

Json = dict[str, Any]

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ECHOED: dict[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def read_response(order: Order) -> ChatAsk:
    """The request to answer."""
    return read_response_ask(order, read_object(order.incoming.body))


def response_reply(order: Order, ask: ChatAsk, answer: Answer, extras: Json | None = None) -> Reply:
    """The whole response, which is kept unless the caller does not want it; `extras` are added to it."""
    response = _finished(ask, answer, extras or {})
    _keep(order.shelf, ask, response)
    return Reply(200, msgspec.json.encode(response))


def response_stream(
    order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int, extras: Json | None = None
) -> Streamed:
    """The same response as events."""
    return Streamed(SSE_TYPE, _events(order, ask, answer, tokens_per_chunk, extras or {}))


def response_error_event(refusal: Refusal, events_sent: int) -> bytes:
    """An error in a stream that has begun."""
    fields = refusal_fields(refusal)
    code = fields["code"] or fields["type"]
    event = {"type": "error", "code": code, "message": fields["message"], "param": None}
    return named_sse("error", {**event, "sequence_number": events_sent})


def response_tokens_task(order: Order) -> Task:
    """A request to count what a response would read."""
    ask = read_response(order)
    tokens = prompt_length(ask)
    body = msgspec.json.encode({"object": "response.input_tokens", "input_tokens": tokens})

    def reply(making: Making) -> Reply:
        return Reply(200, body)

    return Task(ask.model, tokens, reply)


def kept_response_reply(order: Order) -> Reply:
    """A response that is kept, or what was put into it; a deleted one is gone."""
    id = order.route.id or ""
    is_deletion = order.incoming.method == "DELETE"
    kept = order.shelf.take(id) if is_deletion else order.shelf.get(id)
    if kept is None:
        message = f"Response with id '{id[:64]}' not found."
        raise Refusal(kind="not_found", message=message)
    if is_deletion:
        return Reply(200, msgspec.json.encode({"id": id, "object": "response", "deleted": True}))
    if order.route.form == "response_input":
        items = [{"id": f"msg_{id[5:]}{number}", **item} for number, item in enumerate(kept["input"])]
        first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
        page = {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": False}
        return Reply(200, msgspec.json.encode(page))
    return Reply(200, msgspec.json.encode(kept["response"]))


def _keep(shelf: Shelf, ask: ChatAsk, response: Json) -> None:
    if response["store"]:
        items = [*ask.own["items"], *response["output"]]
        kept_input = input_items(ask.own["fields"])
        shelf.put(response["id"], {"response": response, "items": items, "input": kept_input})


def _begun(ask: ChatAsk, answer: Answer) -> Json:
    """The response before anything of it is written."""
    fields = ask.own["fields"]
    echoed = {name: value if fields.get(name) is None else fields[name] for name, value in _ECHOED.items()}
    reasoning = fields.get("reasoning") or {}
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": answer.created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": answer.model,
        "output": [],
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "text": fields.get("text") or {"format": {"type": "text"}},
        "usage": None,
        **echoed,
    }


def _finished(ask: ChatAsk, answer: Answer, extras: Json) -> Json:
    choice = answer.choices[0]
    reason = _INCOMPLETE.get(choice.finish)
    return {
        **_begun(ask, answer),
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else answer.created,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [_item(kind, index, ask, answer) for index, kind in enumerate(_item_kinds(ask, answer))],
        "usage": {
            "input_tokens": answer.usage.prompt,
            "input_tokens_details": {
                "cached_tokens": answer.usage.cached,
                "cache_write_tokens": answer.usage.cache_written,
            },
            "output_tokens": answer.usage.completion,
            "output_tokens_details": {"reasoning_tokens": answer.usage.reasoning},
            "total_tokens": answer.usage.prompt + answer.usage.completion,
        },
        **extras,
    }


ItemKind = Literal["reasoning", "message"] | ToolCall


def _item_kinds(ask: ChatAsk, answer: Answer) -> Sequence[ItemKind]:
    """What is in the output: thoughts, then calls of tools or else a message."""
    choice = answer.choices[0]
    thoughts: list[ItemKind] = ["reasoning"] if answer.usage.reasoning else []
    if choice.tool_calls:
        return [*thoughts, *choice.tool_calls]
    # A length that leaves no room after the thoughts leaves no message either.
    return thoughts if choice.finish == "length" and not choice.pieces else [*thoughts, "message"]


def _item(kind: ItemKind, index: int, ask: ChatAsk, answer: Answer) -> Json:
    choice = answer.choices[0]
    if kind == "reasoning":
        summary = [_summary(choice)] if choice.reasoning_pieces else []
        return {**_item_head(kind, index, ask, answer), "summary": summary}
    status = "incomplete" if choice.finish in _INCOMPLETE else "completed"
    head = {**_item_head(kind, index, ask, answer), "status": status}
    if isinstance(kind, ToolCall):
        return {**head, "arguments": "".join(kind.argument_pieces)}
    return {**head, "content": [_text_part("".join(choice.pieces), _logprobs(choice.pieces, ask))]}


def _item_head(kind: ItemKind, index: int, ask: ChatAsk, answer: Answer) -> Json:
    """An item as it is when it has been begun."""
    if isinstance(kind, ToolCall):
        call = {"call_id": f"call_{kind.id}", "name": kind.name, "arguments": ""}
        return {"type": "function_call", "id": f"fc_{answer.id}{index:02x}", "status": "in_progress", **call}
    if kind == "reasoning":
        head: Json = {"type": "reasoning", "id": f"rs_{answer.id}{index:02x}", "summary": []}
        if "reasoning.encrypted_content" in (ask.own["fields"].get("include") or ()):
            head["encrypted_content"] = base64.b64encode(f"simulated {answer.id}".encode()).decode()
        return head
    id = f"msg_{answer.id}{index:02x}"
    return {"type": "message", "id": id, "status": "in_progress", "role": "assistant", "content": []}


def _summary(choice: Choice) -> Json:
    return {"type": "summary_text", "text": "".join(choice.reasoning_pieces)}


def _text_part(text: str, logprobs: list[Json]) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def _logprobs(pieces: Sequence[str], ask: ChatAsk) -> list[Json]:
    return [] if ask.top_logprobs is None else token_logprobs(pieces, ask.top_logprobs)


def _events(order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int, extras: Json) -> Iterator[Event]:
    numbers = count()

    def event(name: str, fields: Json, tokens: int = 0) -> Event:
        raw = named_sse(name, {"type": name, **fields, "sequence_number": next(numbers)})
        return Event(raw, "content" if tokens else "opening", tokens)

    begun = _begun(ask, answer)
    yield event("response.created", {"response": begun})
    yield event("response.in_progress", {"response": begun})
    for index, kind in enumerate(_item_kinds(ask, answer)):
        at = {"output_index": index}
        head = _item_head(kind, index, ask, answer)
        yield event("response.output_item.added", {**at, "item": head})
        for name, fields, tokens in _inside(kind, ask, answer, tokens_per_chunk):
            yield event(name, {"item_id": head["id"], **at, **fields}, tokens)
        yield event("response.output_item.done", {**at, "item": _item(kind, index, ask, answer)})
    response = _finished(ask, answer, extras)
    _keep(order.shelf, ask, response)
    name = f"response.{response['status']}"
    fields = {"type": name, "response": response, "sequence_number": next(numbers)}
    yield Event(named_sse(name, fields), "closing")


def _inside(kind: ItemKind, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[tuple[str, Json, int]]:
    """The events between an item's beginning and end: names, fields, tokens."""
    choice = answer.choices[0]
    if isinstance(kind, ToolCall):
        name = "response.function_call_arguments"
        for pieces in grouped(kind.argument_pieces, tokens_per_chunk):
            yield f"{name}.delta", {"delta": "".join(pieces)}, len(pieces)
        yield f"{name}.done", {"arguments": "".join(kind.argument_pieces), "name": kind.name}, 0
    elif kind == "message":
        at = {"content_index": 0}
        yield "response.content_part.added", {**at, "part": _text_part("", [])}, 0
        for pieces in grouped(choice.pieces, tokens_per_chunk):
            delta = {**at, "delta": "".join(pieces), "logprobs": _logprobs(pieces, ask)}
            yield "response.output_text.delta", delta, len(pieces)
        text, logprobs = "".join(choice.pieces), _logprobs(choice.pieces, ask)
        yield "response.output_text.done", {**at, "text": text, "logprobs": logprobs}, 0
        yield "response.content_part.done", {**at, "part": _text_part(text, logprobs)}, 0
    elif choice.reasoning_pieces:
        at = {"summary_index": 0}
        whole = _summary(choice)
        yield "response.reasoning_summary_part.added", {**at, "part": {**whole, "text": ""}}, 0
        for pieces in grouped(choice.reasoning_pieces, tokens_per_chunk):
            yield "response.reasoning_summary_text.delta", {**at, "delta": "".join(pieces)}, len(pieces)
        yield "response.reasoning_summary_text.done", {**at, "text": whole["text"]}, 0
        yield "response.reasoning_summary_part.done", {**at, "part": whole}, 0
