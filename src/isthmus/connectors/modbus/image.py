"""What is asked of a device and where in its answers each tag is; compiled once, used for years."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isthmus.connectors.modbus.address import Layout, ModbusAddress, Table
from isthmus.connectors.modbus.codec import Cell, Columns, Places, doubt, text
from isthmus.connectors.modbus.planner import Block, Span, halves, plan
from isthmus.connectors.modbus.transport import Answer, Failure, Request
from isthmus.model.errors import ConfigError
from isthmus.model.ports import Binding
from isthmus.model.sample import Floats, Status, Uint32s

if TYPE_CHECKING:
    from isthmus.connectors.modbus.config import Modbus

STATUS: Mapping[Failure, Status] = {
    Failure.ILLEGAL_FUNCTION: Status.BAD_CONFIGURATION_ERROR,
    Failure.ILLEGAL_DATA_ADDRESS: Status.BAD_NODE_ID_UNKNOWN,
    Failure.ILLEGAL_DATA_VALUE: Status.BAD_NODE_ID_UNKNOWN,
    Failure.SERVER_DEVICE_FAILURE: Status.BAD_DEVICE_FAILURE,
    Failure.ACKNOWLEDGE: Status.BAD_NO_COMMUNICATION,
    Failure.SERVER_DEVICE_BUSY: Status.BAD_NO_COMMUNICATION,
    Failure.MEMORY_PARITY_ERROR: Status.BAD_DEVICE_FAILURE,
    Failure.GATEWAY_PATH_UNAVAILABLE: Status.BAD_NO_COMMUNICATION,
    Failure.GATEWAY_TARGET_FAILED: Status.BAD_NO_COMMUNICATION,
    Failure.UNKNOWN_EXCEPTION: Status.BAD_DEVICE_FAILURE,
    Failure.TIMEOUT: Status.BAD_TIMEOUT,
    Failure.MALFORMED: Status.BAD_DECODING_ERROR,
}
"""What a failed read means for the quality of its tags."""

DIVISIBLE = frozenset({Failure.ILLEGAL_DATA_ADDRESS, Failure.ILLEGAL_DATA_VALUE})
"""Refusals that may concern only a part of the block, or only its size."""


@dataclass(frozen=True, slots=True)
class Part:
    """One block of one unit's table, and the request that reads it."""

    unit: int
    table: Table
    block: Block

    @property
    def request(self) -> Request:
        """The request that reads this block."""
        return Request.read(self.unit, self.table.read, self.block.start, self.block.count)

    @property
    def single(self) -> bool:
        """Whether it holds one value only, so that a refusal is that value's."""
        return len(self.block.spans) == 1

    def divided(self) -> tuple[Part, ...]:
        """The two parts to ask instead, or none where it holds a single value."""
        return tuple(Part(self.unit, self.table, block) for block in halves(self.block) or ())


def parts(config: Modbus, bindings: Sequence[Binding[ModbusAddress]]) -> tuple[Part, ...]:
    """The fewest reads that cover `bindings`; ConfigError where one is wider than a read."""
    wanted: dict[tuple[int, Table], set[Span]] = defaultdict(set)
    for binding in bindings:
        address = binding.address
        limit = config.max_coils if address.table.bits else config.max_registers
        if address.count > limit:
            raise ConfigError(
                f"planning {config.name}: {binding.tag.path} takes {address.count} registers,"
                f" `max_registers` is {limit}",
                hint="a value is never read in two pieces: raise `max_registers`",
            )
        unit = config.unit if address.unit is None else address.unit
        wanted[unit, address.table].add(Span(address.start, address.count))
    return tuple(
        Part(unit, table, block)
        for (unit, table), spans in sorted(wanted.items())
        for block in plan(
            spans,
            limit=config.max_coils if table.bits else config.max_registers,
            gap=config.gap * 16 if table.bits else config.gap,
        )
    )


class Image:
    """Turns the answers to `parts` into columns: values, quality, and the texts."""

    def __init__(
        self, config: Modbus, bindings: Sequence[Binding[ModbusAddress]], parts: Sequence[Part]
    ) -> None:
        self.parts = tuple(parts)
        self.requests = tuple(part.request for part in self.parts)
        held: dict[tuple[int, Table, Span], tuple[int, int]] = {}  # number of part, first byte
        at = 0
        for number, part in enumerate(self.parts):
            for span in part.block.spans:
                held[part.unit, part.table, span] = (number, at)
            at += self.requests[number].size - 1
        numbers: list[Cell] = []
        texts: list[tuple[int, int, Cell]] = []
        owner: list[int] = []
        for row, binding in enumerate(bindings):
            address = binding.address
            unit = config.unit if address.unit is None else address.unit
            number, first = held[unit, address.table, Span(address.start, address.count)]
            offset = address.start - self.parts[number].block.start
            cell = Cell(
                address,
                first + (offset // 8 if address.table.bits else 2 * offset),
                offset % 8 if address.table.bits else 0,
                address.word_order or config.word_order,
                address.byte_order or config.byte_order,
            )
            if address.layout is Layout.STRING:
                texts.append((row, number, cell))
            else:
                numbers.append(cell)
                owner.append(number)
        self._texts = tuple(texts)
        self._columns = Columns(numbers)
        self._doubt = doubt(numbers)
        owners = np.array(owner, np.intp)
        self._rows: tuple[Places, ...] = tuple(
            np.flatnonzero(owners == number) for number in range(len(self.parts))
        )

    def decode(self, answers: Sequence[Answer]) -> tuple[Floats, Uint32s, dict[int, str]]:
        """Values and quality of the numeric tags in their order, and each readable text's row."""
        raw = b"".join(
            bytes(request.size - 1) if isinstance(answer, Failure) else answer[1:]
            for request, answer in zip(self.requests, answers, strict=True)
        )
        value = self._columns.decode(raw)
        usable = np.isfinite(value)
        quality = np.zeros(len(value), np.uint32)
        if not usable.all():
            value[~usable] = np.nan
            quality[~usable] = self._doubt[~usable]
        for rows, answer in zip(self._rows, answers, strict=True):
            if isinstance(answer, Failure):
                value[rows] = np.nan
                quality[rows] = STATUS[answer]
        texts = {
            row: text(raw, cell)
            for row, number, cell in self._texts
            if not isinstance(answers[number], Failure)
        }
        return value, quality, texts
