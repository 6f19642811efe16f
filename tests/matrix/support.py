"""What a vendor does not have, and what a caller gets instead. What is not named here works, and every cell is played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.matrix.columns import Column


@dataclass(frozen=True)
class Missing:
    """`code` and `status` of the error that a caller gets; none where the vendor answers and only tells less. `why` is for
    the table's reader."""

    why: str
    code: str = ""
    status: int = 400


_OTHER_VENDOR = Missing("Error `no_fitting_deployment`: use a deployment of another vendor.", "no_fitting_deployment")
_SILENT = Missing("The vendor counts its thoughts (`reasoning_tokens`) and does not tell them.")
_NO_LOGPROBS = Missing(
    "Error `unsupported_parameter`: the vendor does not tell probabilities.", "unsupported_parameter"
)

MISSING: Mapping[tuple[str, str], Missing] = {
    ("reasoning", "openai"): _SILENT,
    ("reasoning", "azure"): _SILENT,
    ("reasoning", "azure v1"): _SILENT,
    ("audio", "anthropic"): Missing(
        "Error `unsupported_parameter`: the vendor's models do not hear.", "unsupported_parameter"
    ),
    ("logprobs", "anthropic"): _NO_LOGPROBS,
    ("logprobs", "bedrock"): _NO_LOGPROBS,
    ("embeddings", "anthropic"): _OTHER_VENDOR,
    ("images", "anthropic"): _OTHER_VENDOR,
    **{("transcription", vendor): _OTHER_VENDOR for vendor in ("anthropic", "gemini", "vertex", "bedrock")},
    **{("speech", vendor): _OTHER_VENDOR for vendor in ("anthropic", "bedrock")},
}
"""By feature and column, or vendor."""


def missing(feature: str, column: Column) -> Missing | None:
    # Azure's two addresses differ in what they have.
    names = (column.name,) if column.vendor in ("azure", "openai") else (column.name, column.vendor)
    return next((MISSING[feature, name] for name in names if (feature, name) in MISSING), None)
