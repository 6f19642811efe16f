"""OpenAI's audio/transcriptions, audio/translations and audio/speech.

Shapes as in the openai client's Transcription, TranscriptionVerbose, TranscriptionStreamEvent and SpeechCreateParams;
subtitles as SubRip and WebVTT.
"""

import base64
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import msgspec

from madang_simulator.chance import seeded
from madang_simulator.refusals import Refusal
from madang_simulator.sentences import write_lines
from madang_simulator.sounds import SOUND_TYPES, seconds_of, speak
from madang_simulator.tokens import count_tokens, split_tokens
from madang_simulator.wires import openai_fields as read
from madang_simulator.wires.multipart import read_form
from madang_simulator.wires.openai_fields import missing, read_object, wrong_value
from madang_simulator.wires.sse import DONE, SSE_TYPE, sse
from madang_simulator.wires.wire import Event, Making, Order, Reply, Streamed, Task

Json = dict[str, Any]
TextForm = Literal["json", "text", "srt", "verbose_json", "vtt"]

_PLAIN = {"content-type": "text/plain; charset=utf-8"}
# Spoken words: about so many tokens a second; OpenAI counts ten tokens for a second of sound that is read.
_SPOKEN_TOKENS_PER_S = 3.0
_SOUND_TOKENS_PER_S = 10
_VOICED_TOKENS_PER_S = 20
_LONGEST_TRANSCRIPT = 2000
_LONGEST_SPEECH_S = 60.0
_SEGMENT_TOKENS = 12
_PIECE_BYTES = 4096
_MOST_SPOKEN_CHARS = 4096


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """What is in a sound file. `language` in English, as the vendor names it."""

    text: str
    language: str
    seconds: float
    is_translated: bool
    prompt_tokens: int

    @property
    def sound_tokens(self) -> int:
        return math.ceil(self.seconds * _SOUND_TOKENS_PER_S)

    def segments(self) -> list[tuple[float, float, list[str]]]:
        """Beginning and end in seconds, and pieces, of each stretch of speech."""
        pieces = split_tokens(self.text)
        share = self.seconds / max(len(pieces), 1)
        return [
            (at * share, min(at + _SEGMENT_TOKENS, len(pieces)) * share, pieces[at : at + _SEGMENT_TOKENS])
            for at in range(0, len(pieces), _SEGMENT_TOKENS)
        ]


def listening_task(order: Order) -> Task:
    """A request to write down what is said in a file, in its language or, as a translation, in English."""
    form = read_form(order.incoming.headers.get("content-type", ""), order.incoming.body)
    model = order.route.model or form.text("model")
    if not model:
        raise Refusal(kind="invalid_request", message="you must provide a model parameter")
    file = next(iter(form.files.get("file", ())), None)
    if file is None:
        raise missing("file")
    if not file.content:
        message = "Audio file is too short. Minimum audio length is 0.1 seconds."
        raise Refusal(kind="invalid_request", message=message, param="file", code="audio_too_short")
    answer_as = _answer_form(form.text("response_format") or "json", model)
    prompt = form.text("prompt") or ""
    heard = _heard(
        file.content,
        language=form.text("language"),
        prompt=prompt,
        is_translated=order.route.form == "translations",
    )
    is_stream = form.text("stream") == "true" and _bills_tokens(model)  # whisper-1 ignores it
    words = "word" in form.texts.get("timestamp_granularities", ())

    def reply(making: Making) -> Reply | Streamed:
        if is_stream:
            return Streamed(SSE_TYPE, _written_events(heard))
        return _written(heard, answer_as, usage=_usage(heard, model), with_words=words)

    return Task(model, heard.sound_tokens + heard.prompt_tokens, reply)


def speech_task(order: Order) -> Task:
    """A request to speak a text."""
    fields = read_object(order.incoming.body)
    model = order.route.model or read.text(fields, "model")
    if not model:
        raise Refusal(kind="invalid_request", message="you must provide a model parameter")
    text = read.text(fields, "input")
    if not text:
        raise missing("input")
    if len(text) > _MOST_SPOKEN_CHARS:
        message = f"Invalid 'input': string too long. Expected a string with maximum length {_MOST_SPOKEN_CHARS}."
        raise Refusal(kind="invalid_request", message=message, param="input", code="string_above_max_length")
    if fields.get("voice") is None:
        raise missing("voice")
    form = read.text(fields, "response_format") or "mp3"
    if form not in SOUND_TYPES:
        raise wrong_value("response_format", form, tuple(SOUND_TYPES))
    speed = read.decimal(fields, "speed", 0.25, 4.0) or 1.0
    as_events = read.text(fields, "stream_format") == "sse"
    tokens = count_tokens(text)

    def reply(making: Making) -> Streamed:
        seconds = min(max(tokens / _SPOKEN_TOKENS_PER_S / speed, 0.2), _LONGEST_SPEECH_S)
        sound = speak(form, seconds)
        usage = {"input_tokens": tokens, "output_tokens": math.ceil(seconds * _VOICED_TOKENS_PER_S)}
        if as_events:
            return Streamed(SSE_TYPE, _spoken_events(sound, usage))
        return Streamed(SOUND_TYPES[form], _sound_pieces(sound))

    return Task(model, tokens, reply)


def _bills_tokens(model: str) -> bool:
    return "transcribe" in model


def _answer_form(form: str, model: str) -> TextForm:
    if form not in get_args(TextForm):
        raise wrong_value("response_format", form, get_args(TextForm))
    if _bills_tokens(model) and form not in ("json", "text"):
        message = f"response_format '{form}' is not compatible with model '{model[:64]}'. Use 'json' or 'text' instead."
        raise Refusal(kind="invalid_request", message=message, param="response_format", code="unsupported_value")
    return cast(TextForm, form)


def _heard(content: bytes, *, language: str | None, prompt: str, is_translated: bool) -> _Heard:
    """The same file always says the same."""
    seconds = seconds_of(content)
    is_korean = not is_translated and language == "ko"
    subject = prompt or ("녹음 내용" if is_korean else "the recording")
    rng = seeded("heard", hashlib.blake2b(content, digest_size=16).hexdigest())
    tokens = min(max(round(seconds * _SPOKEN_TOKENS_PER_S), 6), _LONGEST_TRANSCRIPT)
    return _Heard(
        text=write_lines("transcript", subject, tokens=tokens, rng=rng),
        language="korean" if is_korean else "english",
        seconds=seconds,
        is_translated=is_translated,
        prompt_tokens=count_tokens(prompt),
    )


def _usage(heard: _Heard, model: str) -> Json:
    if not _bills_tokens(model):
        return {"type": "duration", "seconds": math.ceil(heard.seconds)}
    return _token_usage(heard)


def _token_usage(heard: _Heard) -> Json:
    written, listened = count_tokens(heard.text), heard.sound_tokens
    return {
        "type": "tokens",
        "input_tokens": listened + heard.prompt_tokens,
        "input_token_details": {"text_tokens": heard.prompt_tokens, "audio_tokens": listened},
        "output_tokens": written,
        "total_tokens": listened + heard.prompt_tokens + written,
    }


def _written(heard: _Heard, answer_as: TextForm, *, usage: Json, with_words: bool) -> Reply:
    if answer_as == "text":
        return Reply(200, f"{heard.text}\n".encode(), _PLAIN)
    if answer_as in ("srt", "vtt"):
        return Reply(200, _subtitles(heard, answer_as).encode(), _PLAIN)
    reply: Json = {"text": heard.text}
    if answer_as == "verbose_json":
        reply |= {
            "task": "translate" if heard.is_translated else "transcribe",
            "language": heard.language,
            "duration": heard.seconds,
            "segments": [_segment(number, heard) for number in range(len(heard.segments()))],
        }
        if with_words:
            reply["words"] = _words(heard)
    if not heard.is_translated:
        reply["usage"] = usage
    return Reply(200, msgspec.json.encode(reply))


def _segment(number: int, heard: _Heard) -> Json:
    start, end, pieces = heard.segments()[number]
    return {
        "id": number,
        "seek": 0,
        "start": round(start, 2),
        "end": round(end, 2),
        "text": "".join(pieces),
        "tokens": [50_364 + index for index in range(len(pieces))],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.4,
        "no_speech_prob": 0.01,
    }


def _words(heard: _Heard) -> list[Json]:
    words = heard.text.split()
    share = heard.seconds / max(len(words), 1)
    return [
        {"word": word.strip(".,:;"), "start": round(at * share, 2), "end": round((at + 1) * share, 2)}
        for at, word in enumerate(words)
    ]


def _subtitles(heard: _Heard, form: TextForm) -> str:
    mark = "," if form == "srt" else "."
    blocks = ["WEBVTT"] if form == "vtt" else []
    for number, (start, end, pieces) in enumerate(heard.segments(), 1):
        times = f"{_clock(start, mark)} --> {_clock(end, mark)}"
        head = f"{number}\n{times}" if form == "srt" else times
        blocks.append(f"{head}\n{''.join(pieces).strip()}")
    return "\n\n".join(blocks) + "\n\n"


def _clock(seconds: float, mark: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{milliseconds:03}"


def _written_events(heard: _Heard) -> Iterator[Event]:
    for piece in split_tokens(heard.text):
        yield Event(sse({"type": "transcript.text.delta", "delta": piece}), "content", 1)
    done = {"type": "transcript.text.done", "text": heard.text, "usage": _token_usage(heard)}
    yield Event(sse(done), "closing")
    yield Event(DONE, "closing")


def _spoken_events(sound: bytes, usage: dict[str, int]) -> Iterator[Event]:
    for piece in _sound_pieces(sound):
        delta = {"type": "speech.audio.delta", "audio": base64.b64encode(piece.raw).decode()}
        yield Event(sse(delta), "content", piece.tokens)
    total = usage["input_tokens"] + usage["output_tokens"]
    yield Event(sse({"type": "speech.audio.done", "usage": {**usage, "total_tokens": total}}), "closing")


def _sound_pieces(sound: bytes) -> Iterator[Event]:
    for at in range(0, len(sound), _PIECE_BYTES):
        yield Event(sound[at : at + _PIECE_BYTES], "content", 1)
