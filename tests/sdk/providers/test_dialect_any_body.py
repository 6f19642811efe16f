"""Whatever a caller puts into the fields of a message or a response, it is translated or refused by name."""

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.providers.any_body import NAMES, WORDS, anything
from tests.sdk.request_builder import target

from madang.errors import CallFailed
from madang.providers.dialects.carried import MARK, Carried, sealed
from madang.providers.dialects.messages_request import chat_of_messages
from madang.providers.dialects.responses_request import chat_of_response
from madang_server.gateway.dialects.token_counts import estimated_tokens

TARGETS = [
    target(vendor=vendor, vendor_model=model)
    for vendor, model in [
        ("openai", "gpt-5"),
        ("gemini", "gemini-3-pro-preview"),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("litellm", "groq/llama"),
    ]
]
SEALS = st.sampled_from(
    [MARK, f"{MARK}!", f"{MARK}e30=", "c2ln", sealed(Carried("gemini", {"role": "system"}, {"c": {"a": 1}})), ""]
)
BLOCK_TYPES = ("text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "search_result")
ITEM_TYPES = ("message", "function_call", "function_call_output", "custom_tool_call", "reasoning", "item_reference")
PART_TYPES = ("input_text", "output_text", "input_image", "input_file", "input_audio", "refusal")


def typed(kinds: tuple[str, ...], *names: str) -> st.SearchStrategy[Any]:
    """Objects of one of these types, in which every other field may hold anything."""
    fields = dict.fromkeys((*NAMES, *names), anything)
    del fields["type"]
    seals = dict.fromkeys(("signature", "data", "encrypted_content"), SEALS)
    return st.fixed_dictionaries({"type": st.sampled_from(kinds)}, optional={**fields, **seals})


sources = st.fixed_dictionaries(
    {"type": st.sampled_from(["base64", "url", "text", "content", "file"])},
    optional={"media_type": st.sampled_from(WORDS), "data": st.sampled_from(WORDS), "url": st.sampled_from(WORDS)},
)
blocks = typed(BLOCK_TYPES, "title", "cache_control", "is_error", "id", "input", "tool_use_id").flatmap(
    lambda block: st.fixed_dictionaries(
        {name: st.just(value) for name, value in block.items()}, optional={"source": sources}
    )
)
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool"])},
    optional={"content": st.lists(blocks, max_size=3) | anything},
)
tools = st.fixed_dictionaries(
    {"name": st.just("f") | anything},
    optional={"type": st.sampled_from(["custom", "function", "web_search"]) | anything, "input_schema": anything}
    | {
        "parameters": anything,
        "strict": anything,
        "format": anything,
        "description": anything,
        "cache_control": anything,
    },
)
shared = {
    "tools": st.lists(tools, max_size=2) | anything,
    "tool_choice": typed(("auto", "any", "tool", "function", "allowed_tools", "none")) | anything,
    **dict.fromkeys(("temperature", "top_p", "user", "service_tier", "metadata"), anything),
}
message_bodies = st.fixed_dictionaries(
    {"messages": st.lists(turns, max_size=3) | anything},
    optional={
        **shared,
        "system": st.lists(blocks, max_size=2) | anything,
        "thinking": typed(("enabled", "adaptive", "disabled"), "budget_tokens") | anything,
        "output_config": st.fixed_dictionaries(
            {"format": st.fixed_dictionaries({"type": st.just("json_schema"), "schema": anything})},
            optional={"effort": st.sampled_from(["low", "xhigh", "max"])},
        )
        | anything,
        **dict.fromkeys(("max_tokens", "stop_sequences", "top_k", "mcp_servers", "container"), anything),
    },
)
items = typed(ITEM_TYPES, "call_id", "output", "input", "id") | st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer"])},
    optional={"content": st.lists(typed(PART_TYPES, "image_url", "file_data", "refusal"), max_size=2) | anything},
)
response_bodies = st.fixed_dictionaries(
    {"input": st.lists(items, max_size=4) | anything},
    optional={
        **shared,
        "text": st.fixed_dictionaries({"format": typed(("json_schema", "json_object", "text"))}) | anything,
        **dict.fromkeys(("instructions", "reasoning", "max_output_tokens", "prompt", "background", "store"), anything),
    },
)


@settings(max_examples=400, deadline=None)
@given(message_bodies, st.sampled_from(TARGETS))
def test_whatever_is_in_a_message_is_translated_or_refused(body: dict[str, Any], to: Any) -> None:
    try:
        chat = chat_of_messages(body, to)
    except CallFailed as failed:
        assert (failed.reason, failed.status) == ("invalid_request", 400)
        assert failed.param
    else:
        assert json.loads(msgspec.json.encode(chat))["model"] == to.vendor_model
        assert all(message["role"] in ("system", "user", "assistant", "tool") for message in chat["messages"])


@settings(max_examples=400, deadline=None)
@given(response_bodies, st.sampled_from(TARGETS))
def test_whatever_is_in_a_response_is_translated_or_refused(body: dict[str, Any], to: Any) -> None:
    try:
        chat = chat_of_response(body, to)
    except CallFailed as failed:
        assert (failed.reason, failed.status) == ("invalid_request", 400)
        assert failed.param
    else:
        assert json.loads(msgspec.json.encode(chat))["model"] == to.vendor_model
        assert all(message["role"] in ("system", "user", "assistant", "tool") for message in chat["messages"])


@settings(max_examples=200, deadline=None)
@given(message_bodies)
def test_whatever_is_asked_has_a_length(body: dict[str, Any]) -> None:
    assert estimated_tokens(body) >= 1
