"""OpenAI's audio, heard and spoken: what answers and stream events mean, as pure functions of bytes.

Source: OpenAI's API reference, "Audio"; the types are those of the official client's `Transcription`,
`TranscriptionVerbose`, `TranscriptionStreamEvent` and of the speech stream's `speech.audio.delta` and `.done`.
"""

from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Media, Part, Text
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.openai_wire import bad_reply, failure_in


class _Details(msgspec.Struct):
    audio_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _Details | None = None
    seconds: float | None = None


class _Transcription(msgspec.Struct):
    text: str | None = None
    duration: float | None = None  # seconds; of verbose answers
    usage: _Usage | None = None
    error: Any = None


class _StreamEvent(msgspec.Struct):
    type: str = ""
    delta: str | None = None
    text: str | None = None
    audio: str | None = None
    usage: _Usage | None = None
    error: Any = None


_transcription_decoder = msgspec.json.Decoder(_Transcription)
_event_decoder = msgspec.json.Decoder(_StreamEvent)


def decode_transcription(raw: bytes, content_type: str) -> Event:
    """The one event of an answer that is not streamed: JSON, or plain text, subtitles among it, which has no usage.

    Raises CallFailed(bad_reply) for damaged JSON.
    """
    if not content_type.startswith("application/json"):
        return Event(raw, (Text(raw.decode("utf-8", errors="replace")), Finished("stop")))
    try:
        answer = _transcription_decoder.decode(raw)
    except msgspec.ValidationError:
        return Event(raw)  # an unfamiliar shape goes through untouched; its usage stays unknown
    except msgspec.DecodeError:
        raise bad_reply("a body that is not JSON") from None
    if answer.error is not None and answer.text is None:
        raise failure_in(answer.error)
    parts: list[Part] = [Text(answer.text or "")]
    if answer.usage is not None:
        parts.append(Consumed(_heard(answer.usage)))
    elif answer.duration is not None:
        parts.append(Consumed(Usage(audio_seconds=answer.duration)))
    return Event(raw, (*parts, Finished("stop")))


def decode_speech(raw: bytes, content_type: str, spoken: Any) -> Event:
    """The one event of an answer that is sound. The vendor does not say what it consumed; `spoken`, the text that it was
    asked to speak, has so many characters, and some models are paid by them.
    """
    if content_type.startswith("application/json"):
        raise _no_sound(raw)
    characters = len(spoken) if isinstance(spoken, str) else None
    sound = Media(content_type.partition(";")[0].strip(), len(raw))
    return Event(raw, (sound, Consumed(Usage(characters=characters)), Finished("stop")))


class TranscriptMeaning:
    """What the events of one streamed transcription mean. See typed_events.Meaning."""

    __slots__ = ("_has_spoken", "is_done")

    def __init__(self) -> None:
        self._has_spoken = False
        self.is_done = False

    @property
    def is_complete(self) -> bool:
        return self.is_done

    def take(self, payload: bytes) -> tuple[Part, ...]:
        event = _event(payload)
        if event is None:
            return ()
        if event.type == "transcript.text.delta" and event.delta:
            self._has_spoken = True
            return (Text(event.delta),)
        if event.type != "transcript.text.done":
            return ()
        self.is_done = True
        parts: list[Part] = [] if self._has_spoken or not event.text else [Text(event.text)]
        if event.usage is not None:
            parts.append(Consumed(_heard(event.usage)))
        return (*parts, Finished("stop"))


class SpeechMeaning:
    """What the events of one streamed speech mean. See typed_events.Meaning."""

    __slots__ = ("_content_type", "is_done")

    def __init__(self, asked_format: Any) -> None:
        self._content_type = f"audio/{asked_format}" if isinstance(asked_format, str) else "audio/mp3"
        self.is_done = False

    @property
    def is_complete(self) -> bool:
        return self.is_done

    def take(self, payload: bytes) -> tuple[Part, ...]:
        event = _event(payload)
        if event is None:
            return ()
        if event.type == "speech.audio.delta" and event.audio:
            return (Media(self._content_type, len(event.audio) * 3 // 4 - event.audio[-2:].count("=")),)
        if event.type != "speech.audio.done":
            return ()
        self.is_done = True
        usage = event.usage or _Usage()
        counted = Usage(usage.input_tokens, usage.output_tokens, audio_output_tokens=usage.output_tokens)
        return (Consumed(counted), Finished("stop")) if event.usage is not None else (Finished("stop"),)


def _event(payload: bytes) -> _StreamEvent | None:
    """None for an unfamiliar shape. Raises CallFailed for an error."""
    try:
        event = _event_decoder.decode(payload)
    except msgspec.ValidationError:
        return None
    except msgspec.DecodeError:
        raise bad_reply("a stream event that is not JSON") from None
    if event.error is not None or event.type == "error":
        raise failure_in(event.error or msgspec.json.decode(payload))
    return event


def _heard(usage: _Usage) -> Usage:
    """Newer models count tokens, Whisper the seconds of sound."""
    if usage.seconds is not None:
        return Usage(audio_seconds=usage.seconds)
    audio = usage.input_token_details.audio_tokens if usage.input_token_details else None
    return Usage(usage.input_tokens, usage.output_tokens, audio_input_tokens=audio)


def _no_sound(raw: bytes) -> CallFailed:
    try:
        error = msgspec.json.decode(raw).get("error")
    except (msgspec.DecodeError, AttributeError):
        error = None
    return failure_in(error) if error is not None else bad_reply("JSON where sound was asked for")
