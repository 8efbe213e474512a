"""Secrets stay out of plant files: a file only says where each is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from isthmus.model.errors import LinkError

NOT_HERE = "a secret does not stand in the file: write {env: NAME} or {file: PATH}"


class Secret(BaseModel):
    """Where a secret is kept: `{env: NAME}` or `{file: PATH}`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"oneOf": [{"required": ["env"]}, {"required": ["file"]}]},
    )

    env: Annotated[str, Field(description="Name of an environment variable.")] = ""
    file: Annotated[str, Field(description="Path of a file that holds nothing else.")] = ""

    @model_validator(mode="before")
    @classmethod
    def _not_here(cls, written: object) -> object:
        if isinstance(written, Mapping | Secret):
            return written
        raise ValueError(NOT_HERE)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.env) == bool(self.file):
            raise ValueError("a secret is either {env: NAME} or {file: PATH}")
        return self

    def reveal(self) -> str:
        """The secret itself, read at this moment; LinkError where it is not there."""
        if self.env:
            found = os.environ.get(self.env)
            if found is None:
                raise LinkError(
                    f"reading a secret: no environment variable `{self.env}`",
                    hint=f"set {self.env} for the process that runs the plant",
                )
            return found
        try:
            return Path(self.file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise LinkError(
                f"reading a secret from {self.file}: {error}",
                hint="the file must exist and be readable by the process that runs the plant",
            ) from error
