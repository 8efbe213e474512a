"""Where a Modbus device keeps a value, and how its registers spell it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from isthmus.model.ports import Address


class Table(StrEnum):
    """The four tables of the data model (Modbus Application Protocol V1.1b3, 4.3)."""

    COIL = "coil"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"

    @property
    def bits(self) -> bool:
        """Whether one place of this table is one bit; else it is a register of 16."""
        return self in {Table.COIL, Table.DISCRETE}

    @property
    def read(self) -> int:
        """The function code that reads this table."""
        return {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}[self]


class Layout(StrEnum):
    """What consecutive registers hold."""

    BOOL = "bool"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BCD16 = "bcd16"
    BCD32 = "bcd32"
    STRING = "string"

    @property
    def unsigned(self) -> bool:
        """Whether bits can be cut out of it."""
        return self in {Layout.UINT16, Layout.UINT32, Layout.UINT64}


class Order(StrEnum):
    """Which half comes first: the significant one as Modbus says, or as the device prefers."""

    BIG = "big"
    SWAPPED = "swapped"


WIDTH: Mapping[Layout, int] = {
    Layout.BOOL: 1,
    Layout.INT16: 1,
    Layout.UINT16: 1,
    Layout.INT32: 2,
    Layout.UINT32: 2,
    Layout.INT64: 4,
    Layout.UINT64: 4,
    Layout.FLOAT32: 2,
    Layout.FLOAT64: 4,
    Layout.BCD16: 1,
    Layout.BCD32: 2,
}
"""Registers that a layout takes; a string takes what its `length` needs."""

Place = Annotated[int, Field(ge=0, le=65_535)]

SHORT = re.compile(
    r"(?P<table>coil|discrete|holding|input):(?P<place>\d{1,5})(?:\.(?P<bit>\d{1,2}))?"
    r"(?::(?P<layout>[a-z]+\d*)(?::(?P<length>\d{1,3}))?)?"
)


class ModbusAddress(Address):
    """A place in one table, counted from 0: what a manual calls 40101 is `holding: 100`.

    In short: `holding:100:float32`, `input:7.3` (bit 3), `coil:5`, `holding:40:string:16`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True
    )

    holding: Annotated[Place | None, Field(description="Holding register, from 0.")] = None
    input: Annotated[Place | None, Field(description="Input register, from 0.")] = None
    coil: Annotated[Place | None, Field(description="Coil, from 0.")] = None
    discrete: Annotated[Place | None, Field(description="Discrete input, from 0.")] = None
    layout: Annotated[
        Layout,
        Field(alias="as", description="What the registers hold.", examples=["float32"]),
    ] = Layout.UINT16
    length: Annotated[
        int | None, Field(ge=1, le=250, description="Characters of a string, two a register.")
    ] = None
    bit: Annotated[
        int | None, Field(ge=0, le=63, description="One bit of an unsigned layout, 0 the lowest.")
    ] = None
    bits: Annotated[
        tuple[int, int] | None,
        Field(description="A field of bits: the lowest, and how many.", examples=[[4, 3]]),
    ] = None
    unit: Annotated[
        int | None, Field(ge=0, le=255, description="Unit id, where it is not the connection's.")
    ] = None
    word_order: Annotated[
        Order | None, Field(description="Order of the words, where not the connection's.")
    ] = None
    byte_order: Annotated[
        Order | None, Field(description="Order of bytes in a word, where not the connection's.")
    ] = None
    confirm: Annotated[
        str,
        Field(
            pattern="^(read-back|echo)$",
            description="How a write is confirmed; `echo` for a command that clears itself.",
        ),
    ] = "read-back"

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address written as a mapping, or in short as `table:place:layout`."""
        if not isinstance(written, str):
            return cls.model_validate(written)
        found = SHORT.fullmatch(written.strip())
        if found is None:
            raise ValueError(f"`{written}` is no address; one is `holding:100:float32`")
        fields: dict[str, Any] = {found["table"]: int(found["place"])}
        for key, name in (("layout", "as"), ("bit", "bit"), ("length", "length")):
            if found[key] is not None:
                fields[name] = found[key]
        return cls.model_validate(fields)

    @model_validator(mode="before")
    @classmethod
    def _bits_are_booleans(cls, fields: Any) -> Any:  # noqa: ANN401 - pydantic's own type
        if not isinstance(fields, Mapping) or {"as", "layout"} & fields.keys():
            return fields
        bits = fields.get("coil") is not None or fields.get("discrete") is not None
        return {**fields, "as": Layout.BOOL} if bits else fields

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        tables = [table for table in Table if getattr(self, table) is not None]
        if len(tables) != 1:
            raise ValueError("write exactly one of `holding`, `input`, `coil`, `discrete`")
        if self.table.bits and self.layout is not Layout.BOOL:
            raise ValueError(f"a {self.table} is one bit; `as: {self.layout}` needs registers")
        if (self.length is not None) != (self.layout is Layout.STRING):
            raise ValueError("`as: string` and `length` go together")
        if self.bit is not None and self.bits is not None:
            raise ValueError("write `bit` or `bits`, not both")
        if self.field is not None:
            first, count = self.field
            if not self.layout.unsigned:
                raise ValueError("bits are cut out of uint16, uint32 or uint64")
            if first < 0 or count < 1 or first + count > self.count * 16:
                raise ValueError(f"bits {first} to {first + count - 1} are not in {self.layout}")
        if self.start + self.count > 65_536:  # noqa: PLR2004 - the end of every table
            raise ValueError(f"{self.table} {self.start} as {self.layout} ends beyond 65535")
        return self

    @property
    def table(self) -> Table:
        """The table it is in."""
        if self.holding is not None:
            return Table.HOLDING
        if self.input is not None:
            return Table.INPUT
        return Table.COIL if self.coil is not None else Table.DISCRETE

    @property
    def start(self) -> int:
        """Its first register or bit, from 0."""
        places = (self.holding, self.input, self.coil, self.discrete)
        return next(place for place in places if place is not None)

    @property
    def count(self) -> int:
        """How many registers or bits it takes."""
        return WIDTH[self.layout] if self.length is None else (self.length + 1) // 2

    @property
    def field(self) -> tuple[int, int] | None:
        """The bits cut out of it: the lowest, and how many; None for the whole."""
        return self.bits if self.bit is None else (self.bit, 1)

    def __str__(self) -> str:
        bit = "" if self.bit is None else f".{self.bit}"
        tail = "" if self.table.bits else f":{self.layout}"
        return f"{self.table}:{self.start}{bit}{tail}"
