"""Requests in which every field may hold anything: what callers send by mistake or on purpose."""

from hypothesis import strategies as st

NAMES = ("type", "text", "role", "content", "function", "name", "arguments", "url", "mode", "tools", "schema", "format")
FIELDS = (
    "tool_choice",
    "stop",
    "temperature",
    "top_p",
    "max_tokens",
    "service_tier",
    "n",
    "audio",
    "system",
    "thinking",
)
OWN = ("inferenceConfig", "toolConfig", "outputConfig", "additionalModelRequestFields", "reasoningConfig")
WORDS = ("", "a", "auto", "text", "function", "object", "data:image/png;base64,aGk=", "s3://b/c.pdf", "low", "required")
PART_TYPES = ("text", "image_url", "video_url", "file", "input_audio", "thinking", "refusal")

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=10,
)
parts = st.sampled_from(PART_TYPES).flatmap(
    lambda kind: st.fixed_dictionaries({"type": st.just(kind)}, optional={kind: anything, "cache_control": anything})
)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"])},
    optional={
        "content": st.lists(parts, max_size=2) | anything,
        "tool_calls": st.lists(st.fixed_dictionaries({"id": anything, "function": anything}), max_size=2) | anything,
        "thinking_blocks": anything,
        "tool_call_id": anything,
        "cache_control": anything,
        "refusal": anything,
    },
)
functions = st.fixed_dictionaries(
    {"name": st.just("f") | anything},
    optional={"parameters": anything, "strict": st.booleans(), "description": anything, "cache_control": anything},
)
tools = st.fixed_dictionaries({"type": st.just("function"), "function": functions}) | anything
choices = st.fixed_dictionaries(
    {"type": st.sampled_from(["function", "allowed_tools"]), "function": anything, "allowed_tools": anything}
)
forms = st.fixed_dictionaries({"type": st.just("json_schema"), "json_schema": anything}) | anything
bodies = st.fixed_dictionaries(
    {"messages": st.lists(messages, max_size=3) | anything},
    optional={
        **dict.fromkeys((*FIELDS, *OWN), anything),
        "tools": st.lists(tools, max_size=2) | anything,
        "tool_choice": choices | anything,
        "response_format": forms,
        "reasoning_effort": st.sampled_from(["low", "high", "none"]) | anything,
    },
)
