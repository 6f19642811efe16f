"""Forms with files, as multipart/form-data (RFC 7578)."""

from email.message import Message
from typing import NamedTuple

from madang_simulator.refusals import Refusal


class FormFile(NamedTuple):
    """A file of a form; its name as the caller gave it."""

    filename: str
    content: bytes


class Form(NamedTuple):
    """A form's texts and files by field, each in the order sent; `name[]` counts as `name`."""

    texts: dict[str, list[str]]
    files: dict[str, list[FormFile]]

    def text(self, name: str) -> str | None:
        """The first text at `name`, None when there is none."""
        return next(iter(self.texts.get(name, ())), None)


def read_form(content_type: str, body: bytes) -> Form:
    """The form in `body`. Raises Refusal when it is none."""
    described = Message()
    described["content-type"] = content_type
    boundary = described.get_param("boundary")
    if described.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        message = "Unsupported content type. This API method only accepts 'multipart/form-data' requests."
        raise Refusal(kind="invalid_request", message=message, code="unsupported_content_type")
    form = Form({}, {})
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            return form
        head, separator, content = part.partition(b"\r\n\r\n")
        if separator:
            _add(form, head.decode("utf-8", "replace"), content)
    raise Refusal(kind="invalid_request", message="The form in the request's body is broken off.")


def _add(form: Form, head: str, content: bytes) -> None:
    described = Message()
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip():
            described[name.strip()] = value.strip()
    field = described.get_param("name", header="content-disposition")
    if not isinstance(field, str):
        raise Refusal(kind="invalid_request", message="A part of the form has no name.")
    field = field.removesuffix("[]")
    filename = described.get_filename()
    if filename is None:
        form.texts.setdefault(field, []).append(content.decode("utf-8", "replace"))
    else:
        form.files.setdefault(field, []).append(FormFile(filename, content))
