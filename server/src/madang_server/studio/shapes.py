"""What all shapes of the API share: unknown fields in a request are refused, answers are read from our own objects."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Sent(BaseModel):
    """A shape that comes in. A field we do not know is an error: it is usually a misspelt one we do."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """A shape that goes out."""

    model_config = ConfigDict(from_attributes=True)
