"""What an application passes to `create`: which of it is the vendor's, which is about the call, and files of every form."""

import asyncio
import mimetypes
import os
from pathlib import Path
from typing import IO, Any, TypeAlias

from madang.calls.request import Upload
from madang.errors import ConfigError

FileContent: TypeAlias = bytes | IO[bytes] | os.PathLike[str]
File: TypeAlias = FileContent | tuple[str, FileContent] | tuple[str, FileContent, str]
"""A file's bytes, an open file, or its path; alone or behind a name, with or without a content type behind it."""

_OPTIONS = ("timeout", "extra_body", "session_id", "user_id", "tags", "trace_id", "parent_span_id", "routing")


def split_arguments(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes into the body, and what is about the call itself. Raises ConfigError for what cannot be passed on."""
    for name in ("extra_headers", "extra_query"):
        if arguments.get(name):
            raise ConfigError(f"{name} is not supported: which vendor answers is not known. Use extra_body.")
    options = {name: arguments[name] for name in _OPTIONS if name in arguments}
    body = {name: value for name, value in arguments.items() if name not in (*_OPTIONS, "extra_headers", "extra_query")}
    return body, options


async def upload_of(file: File) -> Upload:
    """The file, read in a thread. Raises ConfigError when it cannot be read."""
    name, content, content_type = _parted(file)
    try:
        read = content if isinstance(content, bytes) else await asyncio.to_thread(_read, content)
    except OSError as error:
        raise ConfigError(f"The file {name!r} cannot be read: {error.strerror or type(error).__name__}.") from error
    return Upload(name, content_type or mimetypes.guess_type(name)[0] or "application/octet-stream", read)


def _parted(file: File) -> tuple[str, FileContent, str]:
    if isinstance(file, tuple):
        return file[0], file[1], file[2] if len(file) == 3 else ""
    if isinstance(file, os.PathLike):
        return Path(file).name, file, ""
    given = getattr(file, "name", "")
    return (Path(given).name if isinstance(given, str) and given else "file"), file, ""


def _read(content: IO[bytes] | os.PathLike[str]) -> bytes:
    read = Path(content).read_bytes() if isinstance(content, os.PathLike) else getattr(content, "read", bytes)()
    if not isinstance(read, bytes):
        raise ConfigError("A file must be bytes, a path, or a file that was opened in binary mode.")
    return read
