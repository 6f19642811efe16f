"""What each wire makes of OpenAI's parameters, found out by translating a request with and without each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.sdk.request_builder import request, route, target

from madang.errors import CallFailed
from madang.providers.anthropic.request_body import encode_body as anthropic_body
from madang.providers.bedrock.chat_request import encode_body as bedrock_body
from madang.providers.gemini.chat_request import chat_body as gemini_body
from madang.providers.openai_fields import CHAT_FIELDS

Json = dict[str, Any]
Translate = Callable[[Json], bytes]

_TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
_SCHEMA = {"name": "answer", "schema": {"type": "object", "properties": {}, "additionalProperties": False}}
# Values of each parameter that ask for something, with what else belongs to them.
_WISHES: Mapping[str, list[Json]] = {
    "audio": [{"audio": {"voice": "alloy", "format": "wav"}, "modalities": ["text", "audio"]}],
    "frequency_penalty": [{"frequency_penalty": 0.5}],
    "functions": [{"functions": [_TOOL["function"]]}],
    "logit_bias": [{"logit_bias": {"50256": -100}}],
    "logprobs": [{"logprobs": True}],
    "max_completion_tokens": [{"max_completion_tokens": 100}],
    "max_tokens": [{"max_tokens": 100}],
    "metadata": [{"metadata": {"team": "a", "user_id": "u1"}}],
    "n": [{"n": 2}],
    "parallel_tool_calls": [{"parallel_tool_calls": False}],
    "prediction": [{"prediction": {"type": "content", "content": "Hello"}}],
    "presence_penalty": [{"presence_penalty": 0.5}],
    "prompt_cache_key": [{"prompt_cache_key": "k"}],
    "reasoning_effort": [{"reasoning_effort": "low"}],
    "response_format": [{"response_format": {"type": "json_schema", "json_schema": _SCHEMA}}],
    "safety_identifier": [{"safety_identifier": "u1"}],
    "seed": [{"seed": 7}],
    "service_tier": [{"service_tier": tier} for tier in ("auto", "default", "flex", "priority")],
    "stop": [{"stop": ["END"]}],
    "store": [{"store": True}],
    "temperature": [{"temperature": 0.5}],
    "tool_choice": [{"tool_choice": "required"}],
    "tools": [{"tools": [_TOOL]}],
    "top_p": [{"top_p": 0.5}],
    "user": [{"user": "u1"}],
    "verbosity": [{"verbosity": "low"}],
    "web_search_options": [{"web_search_options": {}}],
}


class Handling(NamedTuple):
    """OpenAI's parameters, sorted by what becomes of them."""

    translated: list[str]
    left_out: list[str]
    refused: list[str]


def handling(vendor: str) -> Handling:
    """Of "anthropic", "gemini" or "bedrock"."""
    translate = _WIRES[vendor]
    found = Handling([], [], [])
    for name, wishes in _WISHES.items():
        assert name in CHAT_FIELDS, name
        basis = {} if name == "tools" else {"tools": [_TOOL]}
        plain = json.loads(translate(basis))
        try:
            sent = [json.loads(translate({**basis, **wish})) for wish in wishes]
        except CallFailed as failure:
            assert failure.code == "unsupported_parameter", failure.message
            found.refused.append(name)
            continue
        (found.left_out if all(each == plain for each in sent) else found.translated).append(name)
    return found


def _anthropic(body: Json) -> bytes:
    to = target("east", vendor="anthropic", vendor_model="claude-sonnet-4-5")
    return anthropic_body(request(route(to), body=body), to)


def _gemini(body: Json) -> bytes:
    to = target("east", vendor="gemini", vendor_model="gemini-2.5-flash")
    return gemini_body(request(route(to), body=body).to(to, "the only one", has_alternative=False), {})


def _bedrock(body: Json) -> bytes:
    to = target("east", vendor="bedrock", vendor_model="anthropic.claude-sonnet-4-5-20250929-v1:0")
    return bedrock_body(request(route(to), body=body).body, to, {})


_WIRES: Mapping[str, Translate] = {"anthropic": _anthropic, "gemini": _gemini, "bedrock": _bedrock}
