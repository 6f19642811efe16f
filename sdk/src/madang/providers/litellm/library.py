"""LiteLLM itself, loaded at its first use, offline and quiet.

Loading takes seconds of CPU and 190 MB, so it happens in a thread and only where a deployment needs it.
"""

import asyncio
import functools
import importlib
import inspect
import logging
import os
import threading
from typing import Any

from madang.errors import CallFailed

# Left to itself it fetches price and header tables from the network, and reads the first `.env` it finds upwards.
_ENVIRONMENT = {
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOG": "CRITICAL",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")

_OPENAI_ITSELF = frozenset({"openai", "mistral", "openrouter", "azure"})
_OWN_PREFIXES = ("api_", "aws_", "azure_", "litellm_", "mock_", "oci_", "vertex_", "watsonx_")

_lock = threading.Lock()
_loaded: Any = None


class VendorKnowledge:
    """What LiteLLM knows of one vendor's model. See arguments.Knowledge."""

    __slots__ = ("_library", "_model", "_vendor")

    def __init__(self, library: Any, vendor: str, model: str) -> None:
        self._library = library
        self._vendor = vendor
        self._model = model

    def supported(self) -> frozenset[str]:
        names = self._library.get_supported_openai_params(self._model, custom_llm_provider=self._vendor)
        return frozenset(names or ())

    def speaks_openai(self) -> bool:
        return self._vendor in _OPENAI_ITSELF or self._vendor in self._library.openai_compatible_providers

    def takes(self, name: str) -> bool:
        return name.startswith(_OWN_PREFIXES) or name in _own_names(self._library)


@functools.cache
def _own_names(library: Any) -> frozenset[str]:
    listed = importlib.import_module("litellm.types.utils").all_litellm_params
    return frozenset({*listed, *inspect.signature(library.completion).parameters})


async def litellm_library() -> Any:
    """The module. Raises CallFailed when the extra is not installed."""
    return _loaded if _loaded is not None else await asyncio.to_thread(_load)


def _load() -> Any:
    global _loaded
    with _lock:
        if _loaded is None:
            for name, value in _ENVIRONMENT.items():
                os.environ.setdefault(name, value)
            try:
                library: Any = importlib.import_module("litellm")
            except ImportError as error:
                raise CallFailed(
                    'This deployment is called through LiteLLM, which is not installed: pip install "madang[litellm]".',
                    reason="not_found",
                    status=502,
                    code="litellm_not_installed",
                ) from error
            library.suppress_debug_info = True  # it prints banners otherwise
            library.user_url_validation = True  # files that a request names by URL come from public addresses only
            for name in _LOGGERS:  # its records hold what users wrote; what matters of them is in our errors
                logging.getLogger(name).setLevel(logging.CRITICAL)
            _loaded = library
    return _loaded
