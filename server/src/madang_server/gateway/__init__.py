"""The Gateway: OpenAI's API in front of the call pipeline. Plain ASGI; no framework, database or network of its own on
the way of a call but the vendor's."""
