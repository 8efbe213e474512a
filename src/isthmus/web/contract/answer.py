"""What all answers share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Milliseconds = Annotated[float, Field(description="Milliseconds since 1970 UTC, plant clock.")]
Numbers = Annotated[list[float | None], Field(description="One number a row; null is a gap.")]


class Answer(BaseModel):
    """Base: unknown fields are mistakes of ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Answer):
    """Every error: what, and what to do next."""

    error: str
    hint: str = ""
