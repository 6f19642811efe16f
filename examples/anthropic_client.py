"""The official Anthropic client against the Gateway, whoever the model's vendor is: an answer, a stream, a tool, an error.

pip install anthropic; then set MADANG_API_KEY (and MADANG_BASE_URL when the platform is elsewhere).
"""

import os

import anthropic

MODEL = "sandbox-chat"  # any alias of your project


def main() -> None:
    client = anthropic.Anthropic(
        api_key=os.environ["MADANG_API_KEY"],
        base_url=os.environ.get("MADANG_BASE_URL", "http://127.0.0.1:7600"),
        max_retries=0,  # the Gateway has retried already
    )

    raw = client.messages.with_raw_response.create(
        model=MODEL, max_tokens=60, messages=[{"role": "user", "content": "Hello"}]
    )
    print("answer:", "".join(block.text for block in raw.parse().content if block.type == "text"))
    print("  x-madang-trace-id:", raw.headers.get("x-madang-trace-id"))

    print("stream:", end=" ")
    with client.messages.stream(model=MODEL, max_tokens=60, messages=[{"role": "user", "content": "Hello"}]) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
    print()

    message = client.messages.create(
        model=MODEL,
        max_tokens=200,
        messages=[{"role": "user", "content": "How is the weather in Seoul?"}],
        tools=[
            {
                "name": "weather",
                "description": "Tells the weather of a city.",
                "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            }
        ],
        tool_choice={"type": "any"},
    )
    print("tool:", [(block.name, block.input) for block in message.content if block.type == "tool_use"])

    try:
        client.messages.create(model="no-such-model", max_tokens=1, messages=[{"role": "user", "content": "Hello"}])
    except anthropic.NotFoundError as error:
        print("error:", error.status_code)


if __name__ == "__main__":
    main()
