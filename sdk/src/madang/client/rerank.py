"""`client.rerank.create`, with Cohere's and Jina's arguments, for event loops and for plain code."""

from typing import TYPE_CHECKING, Any

from madang.client.answers import Ranking, read_answer
from madang.client.arguments import split_arguments
from madang.client.streams import call_facts, whole_body

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang
    from madang.client.sync_client import Madang


class AsyncRerank:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    async def create(
        self, *, model: str, query: str, documents: list[Any], top_n: int | None = None, **arguments: Any
    ) -> Ranking:
        """The documents' indexes with their scores, the most relevant first. Raises CallFailed when no target answered."""
        body, options = split_arguments(arguments)
        asked = {"model": model, "query": query, "documents": documents, "top_n": top_n, **body}
        request, reply = await self._client.send("rerank", asked, **options)
        return read_answer(await whole_body(reply), Ranking, call_facts(request, reply))


class Rerank:
    def __init__(self, client: "Madang") -> None:
        self._client = client

    def create(
        self, *, model: str, query: str, documents: list[Any], top_n: int | None = None, **arguments: Any
    ) -> Ranking:
        """As AsyncMadang's: the documents' indexes with their scores."""
        create = self._client.asynchronous.rerank.create
        return self._client.run(create(model=model, query=query, documents=documents, top_n=top_n, **arguments))
