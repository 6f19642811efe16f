"""`client.moderations.create`, with OpenAI's arguments, for event loops and for plain code."""

from typing import TYPE_CHECKING, Any

from madang.client.answers import ModerationList, read_answer
from madang.client.arguments import split_arguments
from madang.client.streams import call_facts, whole_body

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang
    from madang.client.sync_client import Madang

_MODEL = "omni-moderation-latest"  # OpenAI's own default


class AsyncModerations:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    async def create(self, *, input: str | list[Any], model: str = _MODEL, **arguments: Any) -> ModerationList:
        """What a model finds in `input` that may not be said. Raises CallFailed when no target answered."""
        body, options = split_arguments(arguments)
        request, reply = await self._client.send("moderations", {"model": model, "input": input, **body}, **options)
        return read_answer(await whole_body(reply), ModerationList, call_facts(request, reply))


class Moderations:
    def __init__(self, client: "Madang") -> None:
        self._client = client

    def create(self, *, input: str | list[Any], model: str = _MODEL, **arguments: Any) -> ModerationList:
        """As AsyncMadang's: what a model finds in `input`."""
        return self._client.run(self._client.asynchronous.moderations.create(input=input, model=model, **arguments))
