"""Madang's SDK on an event loop: several calls at once, each with its own cost.

pip install madang; then set MADANG_API_KEY (and MADANG_BASE_URL when the platform is elsewhere).
"""

import asyncio

from madang import AsyncMadang

MODEL = "sandbox-chat"  # any alias of your project


async def main() -> None:
    async with AsyncMadang() as client:

        async def translate(word: str) -> str:
            answer = await client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": f"Translate {word} into English"}], max_tokens=20
            )
            return f"{word}: {answer.choices[0].message.content} ({answer.call.cost_usd} USD)"

        for line in await asyncio.gather(*(translate(word) for word in ("마당", "나무", "바람"))):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
