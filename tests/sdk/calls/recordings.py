"""Answers of three vendors as they come over the wire: the same question, whole and streamed, and their ways to fail."""

OPENAI_TEXT = (
    b'{"id":"chatcmpl-9a","object":"chat.completion","created":1767225600,"model":"gpt-4o-2024-11-20",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"\xed\x95\x9c\xec\x98\xa5 has a courtyard.",'
    b'"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":3,'
    b'"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default"}'
)
_OPENAI_HEAD = (
    b'data: {"id":"chatcmpl-9a","object":"chat.completion.chunk","created":1767225600,"model":"gpt-4o-2024-11-20",'
)
OPENAI_TEXT_STREAM = b"".join(
    (
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],'
        b'"usage":null,"obfuscation":"x9"}\n\n',
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"content":"\xed\x95\x9c\xec\x98\xa5"},"finish_reason":null}],'
        b'"usage":null}\n\n',
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"content":" has a courtyard."},"finish_reason":null}],'
        b'"usage":null}\n\n',
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
        _OPENAI_HEAD + b'"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16,'
        b'"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":0}}}\n\n',
        b"data: [DONE]\n\n",
    )
)
OPENAI_TOOL = (
    b'{"id":"chatcmpl-9a","object":"chat.completion","created":1767225600,"model":"gpt-4o-2024-11-20","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":'
    b'{"name":"weather","arguments":"{\\"city\\":\\"Seoul\\"}"}}]},"finish_reason":"tool_calls"}],'
    b'"usage":{"prompt_tokens":40,"completion_tokens":12,"total_tokens":52}}'
)
OPENAI_TOOL_STREAM = b"".join(
    (
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,'
        b'"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}\n\n',
        _OPENAI_HEAD
        + b'"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"city\\":"}}]},'
        b'"finish_reason":null}]}\n\n',
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":'
        b'{"arguments":"\\"Seoul\\"}"}}]},"finish_reason":null}]}\n\n',
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n',
        _OPENAI_HEAD + b'"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":12,"total_tokens":52}}\n\n',
        b"data: [DONE]\n\n",
    )
)
OPENAI_SAFETY_STREAM = b"".join(
    (
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"content":"First"},"finish_reason":null}]}\n\n',
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}\n\n',
        b"data: [DONE]\n\n",
    )
)
OPENAI_ERROR_STREAM = b"".join(
    (
        _OPENAI_HEAD + b'"choices":[{"index":0,"delta":{"content":"First"},"finish_reason":null}]}\n\n',
        b'data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n',
    )
)

_ANTHROPIC_USAGE = b'{"input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":5}'
ANTHROPIC_TEXT = (
    b'{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text",'
    b'"text":"\xed\x95\x9c\xec\x98\xa5 has a courtyard."}],"stop_reason":"end_turn","stop_sequence":null,"usage":'
    + _ANTHROPIC_USAGE
    + b"}"
)
_ANTHROPIC_START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant",'
    b'"model":"claude-sonnet-4-5","content":[],"stop_reason":null,"usage":{"input_tokens":8,'
    b'"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":1}}}\n\n'
)
_ANTHROPIC_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
ANTHROPIC_TEXT_STREAM = b"".join(
    (
        _ANTHROPIC_START,
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text",'
        b'"text":""}}\n\n',
        b'event: ping\ndata: {"type":"ping"}\n\n',
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
        b'"text":"\xed\x95\x9c\xec\x98\xa5"}}\n\n',
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
        b'"text":" has a courtyard."}}\n\n',
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        b'"usage":{"output_tokens":5}}\n\n',
        _ANTHROPIC_STOP,
    )
)
ANTHROPIC_TOOL = (
    b'{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"tool_use",'
    b'"id":"toolu_1","name":"weather","input":{"city":"Seoul"}}],"stop_reason":"tool_use","usage":'
    + _ANTHROPIC_USAGE
    + b"}"
)
ANTHROPIC_TOOL_STREAM = b"".join(
    (
        _ANTHROPIC_START,
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use",'
        b'"id":"toolu_1","name":"weather","input":{}}}\n\n',
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",'
        b'"partial_json":"{\\"city\\":"}}\n\n',
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",'
        b'"partial_json":"\\"Seoul\\"}"}}\n\n',
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use"},'
        b'"usage":{"output_tokens":5}}\n\n',
        _ANTHROPIC_STOP,
    )
)
_ANTHROPIC_FIRST_WORD = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
    b'"text":"First"}}\n\n'
)
ANTHROPIC_SAFETY_STREAM = b"".join(
    (
        _ANTHROPIC_START,
        _ANTHROPIC_FIRST_WORD,
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"refusal"},'
        b'"usage":{"output_tokens":2}}\n\n',
        _ANTHROPIC_STOP,
    )
)
ANTHROPIC_ERROR_STREAM = b"".join(
    (
        _ANTHROPIC_START,
        _ANTHROPIC_FIRST_WORD,
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    )
)

_GEMINI_TAIL = b'"modelVersion":"gemini-2.5-flash","responseId":"r1"}'
_GEMINI_USAGE = (
    b'"usageMetadata":{"promptTokenCount":11,"cachedContentTokenCount":3,"candidatesTokenCount":4,"thoughtsTokenCount":1,'
    b'"totalTokenCount":16},'
)
GEMINI_TEXT = (
    b'{"candidates":[{"content":{"parts":[{"text":"\xed\x95\x9c\xec\x98\xa5 has a courtyard."}],"role":"model"},'
    b'"finishReason":"STOP","index":0}],' + _GEMINI_USAGE + _GEMINI_TAIL
)
GEMINI_TEXT_STREAM = b"".join(
    (
        b'data: {"candidates":[{"content":{"parts":[{"text":"\xed\x95\x9c\xec\x98\xa5"}],"role":"model"},"index":0}],'
        b'"usageMetadata":{"promptTokenCount":11,"totalTokenCount":11},' + _GEMINI_TAIL + b"\r\n\r\n",
        b'data: {"candidates":[{"content":{"parts":[{"text":" has a courtyard."}],"role":"model"},"finishReason":"STOP",'
        b'"index":0}],' + _GEMINI_USAGE + _GEMINI_TAIL + b"\r\n\r\n",
    )
)
GEMINI_TOOL = (
    b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{"city":"Seoul"}}}],"role":"model"},'
    b'"finishReason":"STOP","index":0}],' + _GEMINI_USAGE + _GEMINI_TAIL
)
GEMINI_TOOL_STREAM = b"data: " + GEMINI_TOOL + b"\r\n\r\n"
GEMINI_SAFETY_STREAM = b"".join(
    (
        b'data: {"candidates":[{"content":{"parts":[{"text":"First"}],"role":"model"},"index":0}],'
        + _GEMINI_TAIL
        + b"\r\n\r\n",
        b'data: {"candidates":[{"finishReason":"PROHIBITED_CONTENT","index":0}],'
        + _GEMINI_USAGE
        + _GEMINI_TAIL
        + b"\r\n\r\n",
    )
)
GEMINI_ERROR_STREAM = b"".join(
    (
        b'data: {"candidates":[{"content":{"parts":[{"text":"First"}],"role":"model"},"index":0}],'
        + _GEMINI_TAIL
        + b"\r\n\r\n",
        b'data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}\r\n\r\n',
    )
)
GEMINI_BLOCKED_PROMPT = (
    b'{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":11,"totalTokenCount":11},'
    + _GEMINI_TAIL
)
