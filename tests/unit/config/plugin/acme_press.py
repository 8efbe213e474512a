"""A connector outside the package: what a plant's own engineers would write."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, SecretStr

from isthmus.model.ports import Address, SourceConfig
from isthmus.model.secret import Secret
from isthmus.model.unit import Seconds


class PressAddress(Address):
    """A cell of the press's memory: `DB4.12`, or its fields."""

    cell: Annotated[str, Field(pattern=r"^[A-Z]\w*(\.\w+)*$", examples=["DB4.12"])]
    bit: Annotated[int | None, Field(ge=0, le=15, description="One bit of it.")] = None

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address as one word or as a mapping."""
        return cls.model_validate({"cell": written} if isinstance(written, str) else written)


class Press(SourceConfig):
    """Reads a press over its serial server."""

    address: ClassVar[type[Address]] = PressAddress

    kind: Literal["press"] = "press"
    host: Annotated[str, Field(description="Where it answers.", examples=["10.4.1.30"])]
    port: Annotated[int, Field(ge=1, le=65_535, description="TCP port.")] = 4001
    publish: Annotated[Seconds, Field(ge=0.01, description="Seconds between changes.")] = 0.25
    parity: Annotated[Literal["even", "odd"], Field(description="Parity.")] = "even"
    password: Annotated[Secret | None, Field(description="Where its password is kept.")] = None
    pin: Annotated[SecretStr | None, Field(description="Its pin.")] = None

    def build(self, bindings, *, now, state):
        raise NotImplementedError

    @property
    def endpoint(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"
