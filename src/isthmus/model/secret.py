"""Secrets stay out of plant files: a file only says where each is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from isthmus.model.errors import LinkError

PLACES = "{env: NAME}, {file: PATH} or {keyring: NAME}"
NOT_HERE = f"a secret does not stand in the file: write {PLACES}"
SERVICE = "isthmus"  # under which the keyring of the operating system has ours


class Secret(BaseModel):
    """Where a secret is kept: `{env: NAME}`, `{file: PATH}` or `{keyring: NAME}`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "oneOf": [{"required": [place]} for place in ("env", "file", "keyring")]
        },
    )

    env: Annotated[str, Field(description="Name of an environment variable.")] = ""
    file: Annotated[str, Field(description="Path of a file that holds nothing else.")] = ""
    keyring: Annotated[
        str,
        Field(description="Name in the operating system's keyring, of the service `isthmus`."),
    ] = ""

    @model_validator(mode="before")
    @classmethod
    def _not_here(cls, written: object) -> object:
        if isinstance(written, Mapping | Secret):
            return written
        raise ValueError(NOT_HERE)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(map(bool, (self.env, self.file, self.keyring))) != 1:
            raise ValueError(f"a secret is {PLACES}")
        return self

    def reveal(self) -> str:
        """The secret itself, read at this moment; LinkError where it is not there."""
        if self.keyring:
            return _from_keyring(self.keyring)
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


def _from_keyring(name: str) -> str:
    """What the keyring of the user that runs the plant holds under `name`."""
    try:
        import keyring  # noqa: PLC0415 - optional
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as error:
        raise LinkError(
            f"reading the secret `{name}`: there is no keyring here",
            hint="pip install 'isthmus[keyring]'",
        ) from error
    try:
        found = keyring.get_password(SERVICE, name)
    except KeyringError as error:
        raise LinkError(
            f"reading the secret `{name}` from the keyring: {error}",
            hint="it must be open to the user that runs the plant",
        ) from error
    if found is None:
        raise LinkError(
            f"reading a secret: the keyring has no `{name}`",
            hint=f"`keyring set {SERVICE} {name}` as the user that runs the plant",
        )
    return found
