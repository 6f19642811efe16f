"""Testing your own code without platform, network or cost. `pytest fake_client.py`, or run it.

pip install madang
"""

from madang import CallFailed, Madang
from madang.testing import fake_client


def translate(client: Madang, text: str) -> str:
    """The function under test: what your application does with a model."""
    try:
        answer = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": f"Translate into English: {text}"}]
        )
    except CallFailed as failure:
        return f"(no translation: {failure.reason})"
    return answer.choices[0].message.content or ""


def test_a_text_is_translated() -> None:
    client = fake_client(answers=["courtyard"])
    assert translate(client, "마당") == "courtyard"
    assert client.requests[0]["messages"][-1]["content"] == "Translate into English: 마당"
    assert client.spans[0].status == "ok"


def test_a_failure_is_told() -> None:
    failure = CallFailed("Slow down.", reason="rate_limited", status=429)
    assert translate(fake_client(answers=[failure]), "마당") == "(no translation: rate_limited)"


if __name__ == "__main__":
    test_a_text_is_translated()
    test_a_failure_is_told()
    print("both hold")
