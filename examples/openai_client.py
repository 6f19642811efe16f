"""The official OpenAI client against the Gateway: an answer, a stream, vectors, and what an error tells.

pip install openai; then set MADANG_API_KEY (and MADANG_BASE_URL when the platform is elsewhere).
"""

import os

import openai

MODEL = "sandbox-chat"  # any alias of your project


def main() -> None:
    client = openai.OpenAI(
        api_key=os.environ["MADANG_API_KEY"],
        base_url=os.environ.get("MADANG_BASE_URL", "http://127.0.0.1:7600") + "/v1",
        default_headers={"x-madang-session-id": "example-session", "x-madang-tags": "example,openai"},
    )

    # with_raw_response also shows the headers: which deployment answered, what it cost, where the trace is.
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "Hello"}], max_tokens=30
    )
    print("answer:", raw.parse().choices[0].message.content)
    for name in ("x-madang-deployment", "x-madang-attempts", "x-madang-cost-usd", "x-madang-trace-id"):
        print(f"  {name}: {raw.headers.get(name)}")

    print("stream:", end=" ")
    for chunk in client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hello"}], max_tokens=30, stream=True
    ):
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
    print()

    vectors = client.embeddings.create(model="sandbox-embedding", input=["courtyard", "마당"])
    print("vectors:", len(vectors.data), "of", len(vectors.data[0].embedding), "numbers")

    try:
        client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "Hello"}])
    except openai.NotFoundError as error:
        print("error:", error.code)


if __name__ == "__main__":
    main()
