"""Samples travel in batches of columns; one row is one measured value.

`quality` is the uint32 StatusCode of OPC UA Part 4 (7.39): its top two bits are the severity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, NewType

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

TagId = NewType("TagId", int)
Nanoseconds = NewType("Nanoseconds", int)
Clock = Callable[[], Nanoseconds]

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Uint32s = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Status(IntEnum):
    """The OPC UA status codes that our own parts set; any other code passes through untouched."""

    GOOD = 0x0000_0000
    GOOD_CLAMPED = 0x0030_0000
    GOOD_LOCAL_OVERRIDE = 0x0096_0000
    UNCERTAIN = 0x4000_0000
    UNCERTAIN_LAST_USABLE_VALUE = 0x4090_0000
    UNCERTAIN_SENSOR_NOT_ACCURATE = 0x4093_0000
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED = 0x4094_0000
    UNCERTAIN_DATA_SUB_NORMAL = 0x40A4_0000
    BAD = 0x8000_0000
    BAD_TIMEOUT = 0x800A_0000
    BAD_NO_COMMUNICATION = 0x8031_0000
    BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000
    BAD_NODE_ID_UNKNOWN = 0x8034_0000
    BAD_OUT_OF_RANGE = 0x803C_0000
    BAD_TYPE_MISMATCH = 0x8074_0000
    BAD_DECODING_ERROR = 0x8007_0000
    BAD_CONFIGURATION_ERROR = 0x8089_0000
    BAD_NOT_CONNECTED = 0x808A_0000
    BAD_DEVICE_FAILURE = 0x808B_0000
    BAD_SENSOR_FAILURE = 0x808C_0000
    BAD_OUT_OF_SERVICE = 0x808D_0000
    BAD_NO_DATA = 0x809B_0000

    @classmethod
    def word(cls, code: int) -> str:
        """`code` as OPC UA writes it, such as `BadNoCommunication`; hexadecimal if unknown."""
        known = cls._value2member_map_.get(code & 0xFFFF_0000)
        if isinstance(known, Status):
            return "".join(part.capitalize() for part in known.name.split("_"))
        return f"{('Good', 'Uncertain', 'Bad', 'Bad')[code >> 30 & 3]} (0x{code:08X})"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Columns of equal length: which tag, when (ns UTC), what, and how good."""

    tag: Int32s
    time: Int64s
    value: Floats
    quality: Uint32s

    @classmethod
    def of(
        cls,
        tag: Sequence[TagId] | Int32s,
        time: Nanoseconds | Int64s,
        value: Sequence[float] | Floats,
        quality: int | Uint32s = Status.GOOD,
    ) -> Batch:
        """One poll: every tag read at the same instant unless `time` is a column."""
        size = len(tag)
        return cls(
            np.asarray(tag, np.int32),
            np.full(size, time, np.int64) if isinstance(time, int) else time,
            np.asarray(value, np.float64),
            np.full(size, quality, np.uint32) if isinstance(quality, int) else quality,
        )

    @classmethod
    def empty(cls) -> Batch:
        """No rows."""
        return cls.of((), np.empty(0, np.int64), ())

    @classmethod
    def concat(cls, batches: Sequence[Batch]) -> Batch:
        """All rows of `batches`, in their order."""
        if len(batches) == 1:
            return batches[0]
        if not batches:
            return cls.empty()
        return cls(
            np.concatenate([batch.tag for batch in batches]),
            np.concatenate([batch.time for batch in batches]),
            np.concatenate([batch.value for batch in batches]),
            np.concatenate([batch.quality for batch in batches]),
        )

    def __len__(self) -> int:
        return len(self.tag)

    def where(self, keep: Bools | Int64s) -> Batch:
        """The rows that the mask marks, or those at the given places in the given order."""
        return Batch(self.tag[keep], self.time[keep], self.value[keep], self.quality[keep])

    def slice(self, start: int, stop: int) -> Batch:
        """The rows from `start` up to `stop`, as views."""
        cut = slice(start, stop)
        return Batch(self.tag[cut], self.time[cut], self.value[cut], self.quality[cut])

    def good(self) -> Batch:
        """The rows fit to compute with: severity bits 00, whatever the sub-code says."""
        return self.where(self.quality < Status.UNCERTAIN)

    def with_value(self, value: Floats) -> Batch:
        """The same rows with other values."""
        return replace(self, value=value)

    def latest(self) -> Batch:
        """One row a tag: that of the greatest time, the last in order where times are equal."""
        if not len(self):
            return self
        order = np.lexsort((self.time, self.tag))  # stable: equal times keep their order
        last = np.append(self.tag[order][1:] != self.tag[order][:-1], True)
        return self.where(order[last])
