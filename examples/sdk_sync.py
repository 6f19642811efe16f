"""Madang's SDK in plain code: an answer, how the call went, vectors, and a call that failed.

pip install madang; then set MADANG_API_KEY (and MADANG_BASE_URL when the platform is elsewhere).
"""

from madang import CallFailed, ConfigError, Madang

MODEL = "sandbox-chat"  # any alias of your project


def main() -> None:
    with Madang(environment="examples", release="1.0") as client:
        answer = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Hello"}],
            max_tokens=30,
            user_id="somebody",
            session_id="example-session",
            tags=["example"],
        )
        print("answer:", answer.choices[0].message.content)
        print("call:", answer.call.deployment, answer.call.attempts, answer.call.cost_usd, answer.call.trace_id)

        vectors = client.embeddings.create(model="sandbox-embedding", input=["courtyard", "마당"])
        print("vectors:", len(vectors.data), "of", len(vectors.data[0].embedding), "numbers")

        try:  # the deployment of the sandbox that is always down, by its own name, so that no other takes over
            client.chat.completions.create(
                model="sandbox-down/sandbox-fallback", messages=[{"role": "user", "content": "Hello"}]
            )
        except CallFailed as failure:
            print("failed:", failure.reason, failure.status, failure.trace_id)

        try:
            client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "Hello"}])
        except ConfigError as error:
            print("refused:", error)


if __name__ == "__main__":
    main()
