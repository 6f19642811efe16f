"""Madang's SDK, streamed, in both modes: calling the vendor from here, and through the Gateway.

pip install madang; then set MADANG_API_KEY (and MADANG_BASE_URL when the platform is elsewhere).
"""

from typing import Literal

from madang import Madang

MODEL = "sandbox-chat"  # any alias of your project


def main() -> None:
    modes: tuple[Literal["direct", "gateway"], ...] = ("direct", "gateway")
    for mode in modes:
        with Madang(mode=mode) as client:
            # Leaving the block early stops the vendor's call, so nothing is billed that nobody reads.
            with client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "Hello"}], max_tokens=30, stream=True
            ) as stream:
                print(f"{mode}:", end=" ")
                for chunk in stream:
                    if chunk.choices:
                        print(chunk.choices[0].delta.content or "", end="", flush=True)
            print("\n  trace:", stream.call.trace_id)


if __name__ == "__main__":
    main()
