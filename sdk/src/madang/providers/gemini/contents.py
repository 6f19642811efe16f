"""OpenAI's messages as Gemini's contents and systemInstruction, with what Gemini itself said before taken back in.

Source: Google's Gemini API reference, "Content" and "Function calling"; "Thought signatures". System and developer
messages are gathered in systemInstruction, wherever they stand; the model's earlier thinking is not sent again.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from madang.providers.gemini.media import media_part, unreadable
from madang.providers.remote_file import RemoteFile

# What Google's page "Thought signatures" has for calls that no Gemini model made, such as another vendor's.
FOREIGN_SIGNATURE = "skip_thought_signature_validator"
_MEDIA = ("image_url", "video_url", "input_audio", "file")

Json = dict[str, Any]


class Conversation(NamedTuple):
    contents: list[Json]
    system: Json | None


def conversation(messages: Any, files: Mapping[str, RemoteFile], *, needs_signatures: bool) -> Conversation:
    """`messages` in Gemini's words. `files` holds fetched files by URL; `needs_signatures`: the model refuses a function
    call of its own that comes back without one. Raises CallFailed(invalid_request) for what cannot be read.
    """
    contents: list[Json] = []
    system: list[Json] = []
    names: dict[str, str] = {}  # of called functions, by the call's id
    results: list[Json] | None = None  # of the message before, as Gemini wants one turn's results together
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            raise unreadable("something that is not an object")
        role = message.get("role")
        if role in ("tool", "function"):
            if results is None:
                results = []
                contents.append({"role": "user", "parts": results})
            results.append(_result(message, names, files))
            continue
        results = None
        if role in ("system", "developer"):
            system += _parts(message.get("content"), files)
        elif role == "assistant":
            parts = _said(message, names, files, needs_signatures=needs_signatures)
            if parts:
                contents.append({"role": "model", "parts": parts})
        elif role == "user":
            contents.append({"role": "user", "parts": _parts(message.get("content"), files)})
        else:
            raise unreadable("a role that is none of system, developer, user, assistant and tool")
    if not contents and system:
        return Conversation([{"role": "user", "parts": system}], None)
    return Conversation(contents, {"parts": system} if system else None)


def _parts(content: Any, files: Mapping[str, RemoteFile]) -> list[Json]:
    if isinstance(content, str):
        return [{"text": content}]
    if content is None:
        return []
    if not isinstance(content, list):
        raise unreadable("content that is neither a text nor a list of parts")
    return [_part(piece, files) for piece in content]


def _part(piece: Any, files: Mapping[str, RemoteFile]) -> Json:
    if isinstance(piece, str):
        return {"text": piece}
    if not isinstance(piece, dict):
        raise unreadable("a content part that is not an object")
    kind = piece.get("type")
    if kind in ("text", "refusal") and isinstance(piece.get(kind), str):
        return {"text": piece[kind]}
    if kind in _MEDIA:
        return media_part(piece, files)
    if kind is None:
        return piece  # a part in Google's own words
    raise unreadable(f"a content part of a type that Gemini does not have; it has text, {', '.join(_MEDIA)}")


def _said(
    message: Json, names: dict[str, str], files: Mapping[str, RemoteFile], *, needs_signatures: bool
) -> list[Json]:
    """What the model said: text, what only Gemini says, pictures it drew, function calls."""
    parts = [part for part in _parts(message.get("content"), files) if part != {"text": ""}]
    signature = _signature(message)
    if signature and parts:
        parts[-1] = {**parts[-1], "thoughtSignature": signature}
    elif signature:
        parts = [{"text": "", "thoughtSignature": signature}]
    parts += [part for part in _objects(message, "google_parts") if not part.get("thought")]
    for drawn in _objects(message, "images"):
        if drawn.get("image_url"):
            picture = media_part({"type": "image_url", **drawn}, files)
            signature = _signature(drawn)
            parts.append({**picture, "thoughtSignature": signature} if signature else picture)
    for position, call in enumerate(_objects(message, "tool_calls")):
        parts.append(_call(call, names, FOREIGN_SIGNATURE if needs_signatures and position == 0 else None))
    return parts


def _objects(message: Json, name: str) -> list[Json]:
    listed = message.get(name)
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise unreadable(f"{name} that are not a list of objects")
    return listed


def _call(call: Json, names: dict[str, str], missing_signature: str | None) -> Json:
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise unreadable("a tool call that is not of a function with a name")
    name = function["name"]
    told: Json = {"name": name, "args": _object(function.get("arguments"))}
    if call.get("id"):
        names[str(call["id"])] = name
        told = {"id": str(call["id"]), **told}
    signature = _signature(call) or missing_signature
    return {"functionCall": told, "thoughtSignature": signature} if signature else {"functionCall": told}


def _object(arguments: Any) -> Any:
    """A call's arguments; they may come as an object already, from clients that do not keep to OpenAI's text."""
    if isinstance(arguments, dict):
        return arguments
    try:
        told = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, TypeError):
        told = None
    if not isinstance(told, dict):
        raise unreadable("a tool call whose arguments are not a JSON object")
    return told


def _result(message: Json, names: Mapping[str, str], files: Mapping[str, RemoteFile]) -> Json:
    call_id = str(message.get("tool_call_id") or "")
    name = names.get(call_id) or message.get("name")
    if not name:
        raise unreadable("a tool result whose tool_call_id belongs to no tool call before it")
    parts = _parts(message.get("content"), files)
    text = "\n".join(part["text"] for part in parts if "text" in part)
    told: Json = {"name": name, "response": _response(text)}
    media = [part for part in parts if "text" not in part]
    if media:
        told["parts"] = media
    return {"functionResponse": {"id": call_id, **told} if call_id else told}


def _response(text: str) -> Json:
    """A result as an object: its own, or the text as `output`, as Google names it."""
    if text.startswith("{"):
        try:
            told = msgspec.json.decode(text)
        except msgspec.DecodeError:
            told = None
        if isinstance(told, dict):
            return told
    return {"output": text}


def _signature(holder: Mapping[str, Any]) -> str | None:
    """The thought signature where Google's OpenAI-compatible API puts it: extra_content.google.thought_signature."""
    extra = holder.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) and signature else None
