"""By which names the price list may know what a deployment calls its model. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genai_prices.types import MatchLogic, ModelInfo

# LiteLLM's names of providers (https://docs.litellm.ai/docs/providers) where genai-prices has another.
_LITELLM = {
    "azure_ai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "github_copilot": "github-copilot",
    "meta_llama": "meta",
    "moonshot": "moonshotai",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vertex": "google",
    "vertex_ai": "google",
    "voyage": "voyageai",
    "xai": "x-ai",
}
# Bedrock's cross-region inference profiles are the model's id behind a geography ("us.", "eu.", "apac.", "global.", …).
_GEOGRAPHY = re.compile(r"^(us-gov|us|eu|apac|ap|jp|au|ca|sa|in|me|af|il|kr|uk|global)\.(?=[a-z0-9]+\.)")
_GOOGLE_PATHS = ("models/", "publishers/", "projects/")


_TO_LITELLM = {
    "fireworks": "fireworks_ai",
    "github-copilot": "github_copilot",
    "meta": "meta_llama",
    "moonshotai": "moonshot",
    "together": "together_ai",
    "voyageai": "voyage",
    "x-ai": "xai",
}


def joined_model(provider_id: str, model: str) -> str:
    """ "provider/model" as LiteLLM writes it."""
    return f"{_TO_LITELLM.get(provider_id, provider_id)}/{model}"


def split_model(reference: str) -> tuple[str, str]:
    """The provider by genai-prices' name and the rest of "provider/model"; ("", reference) where no provider is named."""
    provider, slash, rest = reference.partition("/")
    return (_LITELLM.get(provider.lower(), provider.lower()), rest) if slash else ("", reference)


def names_at(provider_id: str, reference: str) -> Iterator[str]:
    """The names to look for, the most telling first: a region's own price comes before the model's."""
    if provider_id == "aws":
        # arn:aws:bedrock:REGION:ACCOUNT:inference-profile/us.anthropic.… ends with the id. An application's own profile
        # ends with random letters, which no model is called.
        name = reference.rsplit("/", 1)[-1] if reference.startswith("arn:") else reference
        for route in ("converse/", "invoke/"):
            name = name.removeprefix(route)
        yield name
        if _GEOGRAPHY.match(name):
            yield _GEOGRAPHY.sub("", name)
    elif provider_id == "google":
        name = reference.rsplit("/", 1)[-1] if reference.startswith(_GOOGLE_PATHS) else reference
        yield name
        if "@" in name:  # Vertex: claude-sonnet-4-5@20250929
            yield name.replace("@", "-")
            yield name.partition("@")[0]
    else:
        yield reference


def is_called(info: ModelInfo, name: str) -> bool:
    """Whether this is one of the model's own names, not merely one that resembles it."""
    return name.lower() in {info.id.lower(), *(each.lower() for each in _exact_names(info.match))}


def _exact_names(rule: MatchLogic) -> Iterator[str]:
    from genai_prices.types import ClauseEquals, ClauseOr

    if isinstance(rule, ClauseEquals):
        yield rule.equals
    elif isinstance(rule, ClauseOr):
        for each in rule.or_:
            yield from _exact_names(each)
