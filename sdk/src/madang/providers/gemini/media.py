"""Pictures, sound and documents of OpenAI's messages as Gemini's inlineData and fileData.

Source: Google's Gemini API reference, "Content": Blob, FileData; the google-genai client's types `Blob` and `FileData`.
"""

import base64
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from madang.errors import CallFailed
from madang.providers.remote_file import RemoteFile

_FILES_API = "https://generativelanguage.googleapis.com/v1beta/"
# What Google reads by itself: Cloud Storage, its own files API, and YouTube.
_GOOGLES = (
    "gs://",
    "files/",
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtube.com/",
    "https://youtu.be/",
)


def media_part(piece: Mapping[str, Any], files: Mapping[str, RemoteFile]) -> dict[str, Any]:
    """One content part of type image_url, video_url, input_audio or file. `files` holds what was fetched, by URL.

    Raises CallFailed(invalid_request) for what cannot be read.
    """
    kind = piece.get("type")
    if kind == "input_audio":
        sound = piece.get("input_audio")
        if not isinstance(sound, dict) or not isinstance(sound.get("data"), str):
            raise unreadable("an input_audio part without data")
        return _inline(f"audio/{sound.get('format') or 'wav'}", sound["data"])
    if kind == "file":
        return _file(piece.get("file"), files)
    return _of_url(url_of(piece), files)


def url_of(piece: Mapping[str, Any]) -> str:
    """The URL of an image_url or video_url part, which is an object or, with some clients, the URL itself."""
    told = piece.get(str(piece.get("type")))
    url = told.get("url") if isinstance(told, dict) else told
    if not isinstance(url, str) or not url:
        raise unreadable(f"an {piece.get('type')} part without url")
    return url


def remote_urls(messages: Sequence[Any]) -> Iterator[str]:
    """The URLs in `messages` whose files have to be fetched, as Google takes no addresses of others."""
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        for piece in content if isinstance(content, list) else ():
            if isinstance(piece, dict) and piece.get("type") in ("image_url", "video_url"):
                url = url_of(piece)
                if url.startswith(("http://", "https://")) and not url.startswith(_GOOGLES):
                    yield url
            elif isinstance(piece, dict) and piece.get("type") == "file" and isinstance(piece.get("file"), dict):
                url = piece["file"].get("file_url")
                if isinstance(url, str) and url.startswith(("http://", "https://")) and not url.startswith(_GOOGLES):
                    yield url


def unreadable(what: str) -> CallFailed:
    return CallFailed(
        f"The messages hold {what}.", reason="invalid_request", status=400, code="invalid_messages", param="messages"
    )


def _file(file: Any, files: Mapping[str, RemoteFile]) -> dict[str, Any]:
    told = file if isinstance(file, dict) else {}
    held = told.get("file_data")
    if isinstance(held, str) and held:
        if held.startswith("data:"):
            return _of_url(held, files)
        return _inline(_type_of_name(str(told.get("filename") or "")) or "application/pdf", held)
    address = told.get("file_id") or told.get("file_url")
    if not isinstance(address, str) or not address:
        raise unreadable("a file part without file_data, file_id or file_url")
    return _of_url(address, files, str(told.get("format") or ""))


def _of_url(url: str, files: Mapping[str, RemoteFile], content_type: str = "") -> dict[str, Any]:
    if url.startswith("data:"):
        head, comma, content = url[5:].partition(",")
        if not comma or not head.endswith(";base64") or not content:
            raise unreadable("a data URL that is not base64")
        return _inline(head.partition(";")[0] or "text/plain", content)
    if url.startswith(_GOOGLES):
        address = _FILES_API + url if url.startswith("files/") else url
        named = content_type or _type_of_name(url)
        return {"fileData": {"mimeType": named, "fileUri": address} if named else {"fileUri": address}}
    fetched = files.get(url)
    if fetched is None:
        raise unreadable("a file address that does not begin with https://, http://, gs://, files/ or data:")
    return _inline(fetched.content_type, base64.b64encode(fetched.content).decode("ascii"))


def _inline(content_type: str, content: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": content_type, "data": content}}


def _type_of_name(name: str) -> str:
    return mimetypes.guess_type(name, strict=False)[0] or ""
