"""Content parts of OpenAI's messages as Converse's content blocks: text, images, documents, sound, film, cache points.

Source: AWS's "Amazon Bedrock Runtime API reference", ContentBlock and what it contains; names and formats are those of
botocore's model of bedrock-runtime. Bytes are base64 in JSON, so what comes as a data URL goes on as it is.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from madang.errors import CallFailed
from madang.providers.openai_fields import refused
from madang.providers.remote_file import RemoteFile

Block = dict[str, Any]
Files = Mapping[str, RemoteFile]
"""What was fetched, by URL."""

_IMAGES = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "gif": "gif", "webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/x-markdown": "md",
}
_ENDINGS = frozenset(_DOCUMENTS.values())
_FILM = {"x-matroska": "mkv", "quicktime": "mov", "x-flv": "flv", "x-ms-wmv": "wmv", "3gpp": "three_gp"}
_FILM_ENDINGS = frozenset({"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv"})
_SOUND = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "x-flac": "flac", "x-m4a": "m4a"}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9()\[\] -]+")
_SPACES = re.compile(r"\s{2,}")
# Where a part says what its file is: as data, or where it can be had.
_PLACES = ("file_data", "url", "file_url", "file_id")
# Converse's own blocks, which a caller may put among the parts.
_OWN_BLOCKS = frozenset(
    {
        "text",
        "image",
        "document",
        "video",
        "audio",
        "toolUse",
        "toolResult",
        "guardContent",
        "cachePoint",
        "searchResult",
    }
    | {"reasoningContent", "citationsContent"}
)


class _Source(NamedTuple):
    """Where a file's bytes are. `mime` is lower case, and empty where nobody said."""

    mime: str
    source: Block
    path: str = ""


class ContentReader:
    """Reads the content of one request's messages. Document names are told apart, because Converse refuses equal ones."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._names: set[str] = set()

    def blocks(self, content: Any, where: str) -> list[Block]:
        """The blocks of a message's content; `where` names it in errors. Blank texts are left out: they are refused."""
        if content is None:
            return []
        if isinstance(content, str):
            return [{"text": content}] if content.strip() else []
        if not isinstance(content, list):
            raise not_sendable(f"{where}.content must be a text or a list of parts.")
        blocks: list[Block] = []
        for number, part in enumerate(content):
            place = f"{where}.content[{number}]"
            if isinstance(part, str):
                part = {"type": "text", "text": part}
            if not isinstance(part, dict):
                raise not_sendable(f"{place} must be an object with a type.")
            blocks += self._block(part, place)
            if part.get("cache_control"):
                blocks += cache_point(part["cache_control"])
        return blocks

    def _block(self, part: dict[str, Any], place: str) -> list[Block]:
        kind = part.get("type")
        match kind:
            case "text" | "input_text" | "output_text" | "refusal":
                text = part.get("refusal" if kind == "refusal" else "text")
                if not isinstance(text, str):
                    raise not_sendable(f"{place} has no text.")
                return [{"text": text}] if text.strip() else []
            case "image_url":
                return [self._file(self._source(_url_in(part, "image_url", place), "", place), "", place)]
            case "video_url":
                return [self._file(self._source(_url_in(part, "video_url", place), "", place), "", place)]
            case "input_audio":
                sound = part.get("input_audio")
                if not isinstance(sound, dict) or not isinstance(sound.get("data"), str):
                    raise not_sendable(f"{place}.input_audio has no data.")
                return [{"audio": {"format": str(sound.get("format") or "wav"), "source": {"bytes": sound["data"]}}}]
            case "file":
                return [self._document(part, place)]
            case "thinking" | "redacted_thinking":
                return thinking_blocks([part])
            case None if len(part) == 1 and next(iter(part)) in _OWN_BLOCKS:
                return [part]
        raise not_sendable(f"{place} has type {kind!r}, which Bedrock's Converse does not take.")

    def _document(self, part: dict[str, Any], place: str) -> Block:
        file = part.get("file")
        if not isinstance(file, dict):
            raise not_sendable(f"{place}.file must be an object with file_data.")
        given = next((file[name] for name in _PLACES if file.get(name)), None)
        if not isinstance(given, str):
            raise not_sendable(f"{place}.file has no file_data.")
        filename = str(file.get("filename") or "")
        return self._file(self._source(given, str(file.get("format") or ""), place), filename, place)

    def _source(self, given: str, mime: str, place: str) -> _Source:
        """`given` is a data URL, an address on the web or in S3, or plain base64."""
        if given.startswith("data:"):
            head, comma, content = given.partition(",")
            if not comma or not head.endswith(";base64") or not content:
                raise not_sendable(f"{place} has a data URL that is not base64.")
            return _Source(head[5:].partition(";")[0].lower() or mime, {"bytes": content})
        if given.startswith("s3://"):
            return _Source(mime.lower(), {"s3Location": {"uri": given}}, given)
        if given.startswith(("http://", "https://")):
            file = self._files[given]
            content = base64.b64encode(file.content).decode()
            return _Source(file.content_type, {"bytes": content}, urlsplit(given).path)
        return _Source(mime.lower(), {"bytes": given})

    def _file(self, found: _Source, filename: str, place: str) -> Block:
        name = PurePosixPath(filename or found.path)
        ending = name.suffix[1:].lower()
        family, _, kind = found.mime.partition("/")
        if family == "image" or (not family and ending in _IMAGES):
            form = _IMAGES.get(kind or ending)
            if form is None:
                raise not_sendable(f"{place} is {found.mime!r}; Bedrock takes PNG, JPEG, GIF and WebP images.")
            return {"image": {"format": form, "source": found.source}}
        if family == "video" or (not family and ending in _FILM_ENDINGS):
            return {"video": {"format": _FILM.get(kind, kind) or ending, "source": found.source}}
        if family == "audio":
            return {"audio": {"format": _SOUND.get(kind, kind), "source": found.source}}
        form = _DOCUMENTS.get(found.mime) or (ending if ending in _ENDINGS else None)
        if form is None:
            known = ", ".join(sorted(_ENDINGS))
            raise not_sendable(f"{place} is a file of type {found.mime or ending!r}; Bedrock takes images and {known}.")
        return {"document": {"format": form, "name": self._document_name(name.stem), "source": found.source}}

    def _document_name(self, stem: str) -> str:
        """A name of the characters that Converse allows, at most 200, that no other document of the request has."""
        wanted = _SPACES.sub(" ", _NOT_IN_NAMES.sub(" ", stem)).strip()[:190] or "document"
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted} {number}"
        self._names.add(name)
        return name


def remote_urls(messages: Any) -> Iterator[str]:
    """The web addresses whose files have to be fetched, because Converse takes bytes only."""
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") in ("image_url", "video_url", "file"):
                holder = part.get(part["type"])
                values = [holder.get(name) for name in _PLACES] if isinstance(holder, dict) else [holder]
                yield from (
                    each for each in values if isinstance(each, str) and each.startswith(("http://", "https://"))
                )


def cache_point(control: Any) -> list[Block]:
    """Where the prompt up to here is to be cached, from Anthropic's `cache_control`."""
    ttl = control.get("ttl") if isinstance(control, dict) else None
    return [{"cachePoint": {"type": "default", "ttl": ttl} if ttl else {"type": "default"}}]


def thinking_blocks(given: Any) -> list[Block]:
    """Earlier thinking with its signature, as the answer gave it out, on its way back."""
    blocks: list[Block] = []
    for each in given if isinstance(given, list) else ():
        if not isinstance(each, dict):
            continue
        if each.get("type") == "redacted_thinking":
            blocks.append({"reasoningContent": {"redactedContent": each.get("data") or ""}})
        else:
            thought = {"text": each.get("thinking") or ""}
            if each.get("signature"):
                thought["signature"] = each["signature"]
            blocks.append({"reasoningContent": {"reasoningText": thought}})
    return blocks


def not_sendable(message: str) -> CallFailed:
    """The failure of messages that Bedrock cannot be sent."""
    return refused(message, "messages")


def _url_in(part: dict[str, Any], name: str, place: str) -> str:
    holder = part.get(name)
    url = holder.get("url") if isinstance(holder, dict) else holder
    if not isinstance(url, str) or not url.startswith(("data:", "http://", "https://", "s3://")):
        raise not_sendable(f"{place}.{name} has no URL that begins with https://, s3:// or data:.")
    return url
