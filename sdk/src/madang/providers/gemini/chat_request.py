"""A chat request in OpenAI's words as the body of Gemini's generateContent.

Source: Google's Gemini API reference, "Generating content"; the google-genai client's type `GenerateContentConfig`.

| OpenAI | Gemini |
|---|---|
| messages | contents, systemInstruction |
| tools, tool_choice, web_search_options | tools, toolConfig |
| max_completion_tokens, max_tokens, temperature, top_p, stop, seed, both penalties, n | generationConfig |
| logprobs, top_logprobs | generationConfig.responseLogprobs, logprobs |
| response_format | generationConfig.responseMimeType, responseJsonSchema |
| reasoning_effort | generationConfig.thinkingConfig |
| modalities, audio | generationConfig.responseModalities, speechConfig |
| service_tier (flex, priority) | serviceTier |
| image detail, logit_bias, metadata, parallel_tool_calls, prediction, prompt_cache_…, store, user, verbosity | left out |
| any other field | as it is; generationConfig and toolConfig are joined with ours, and win |
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.request import Request
from madang.providers.gemini.contents import conversation
from madang.providers.gemini.thinking import thinking_config, version_of
from madang.providers.gemini.tools import tool_config, tools_of
from madang.providers.openai_fields import CHAT_FIELDS, refused, vendor_fields
from madang.providers.remote_file import RemoteFile

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]

_RENAMED = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_OURS = CHAT_FIELDS | {"top_k"}  # not OpenAI's, but every client's word for it


def chat_body(request: Request, files: Mapping[str, RemoteFile]) -> bytes:
    """The body of generateContent. Raises CallFailed(invalid_request) for what Gemini cannot be asked."""
    body = request.body
    assert request.target is not None
    model = request.target.vendor_model
    contents, system = conversation(body.get("messages"), files, needs_signatures=version_of(model) >= (3, 0))
    told: Json = {"contents": contents}
    if system is not None:
        told["systemInstruction"] = system
    tools = tools_of(body)
    if tools:
        told["tools"] = tools
    chosen = tool_config(body.get("tool_choice"))
    if chosen is not None:
        told["toolConfig"] = {"functionCallingConfig": chosen}
    config = _generation_config(body, model)
    if config:
        told["generationConfig"] = config
    if body.get("service_tier") in ("flex", "priority"):
        told["serviceTier"] = body["service_tier"]
    return _encode(joined(told, vendor_fields(body, _OURS)))


def joined(ours: Json, theirs: Mapping[str, Any]) -> Json:
    """Our fields and the caller's in Google's words; objects are joined field by field, and the caller's win."""
    for name, value in theirs.items():
        camel = _CAMEL.get(name, name)
        known = ours.get(camel)
        ours[camel] = joined(dict(known), value) if isinstance(known, dict) and isinstance(value, dict) else value
    return ours


# Google takes both spellings, but not both at once.
_CAMEL = {
    "generation_config": "generationConfig",
    "tool_config": "toolConfig",
    "system_instruction": "systemInstruction",
    "thinking_config": "thinkingConfig",
    "speech_config": "speechConfig",
    "response_modalities": "responseModalities",
    "function_calling_config": "functionCallingConfig",
    "image_config": "imageConfig",
}


def _generation_config(body: Mapping[str, Any], model: str) -> Json:
    config: Json = {theirs: body[ours] for ours, theirs in _RENAMED.items() if body.get(ours) is not None}
    stop = body.get("stop")
    if stop:
        config["stopSequences"] = [stop] if isinstance(stop, str) else stop
    if body.get("n") not in (None, 1):
        config["candidateCount"] = body["n"]
    if body.get("logprobs"):
        config["responseLogprobs"] = True
        if body.get("top_logprobs"):
            config["logprobs"] = body["top_logprobs"]
    config |= _format(body.get("response_format"))
    effort = body.get("reasoning_effort")
    thinking = None if effort is None else thinking_config(effort, model)
    if thinking is not None:
        config["thinkingConfig"] = thinking
    modalities = body.get("modalities")
    if isinstance(modalities, list) and modalities != ["text"]:
        config["responseModalities"] = [str(one).upper() for one in modalities]
    audio = body.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("voice"), str):
        config["speechConfig"] = speech_config(audio["voice"])
    return config


def speech_config(voice: str) -> Json:
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}


def _format(wanted: Any) -> Json:
    match wanted:
        case None | {"type": "text"}:
            return {}
        case {"type": "json_object"}:
            return {"responseMimeType": "application/json"}
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return {"responseMimeType": "application/json", "responseJsonSchema": schema}
        case {"type": "json_schema"}:
            return {"responseMimeType": "application/json"}
        case _:
            raise refused("Gemini takes text, json_object or json_schema as response_format.", "response_format")
