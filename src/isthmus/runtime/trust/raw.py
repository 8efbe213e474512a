"""From a tag's unit back to what the device holds: the transform, the other way round."""

from __future__ import annotations

from isthmus.model.errors import Refused
from isthmus.model.ports import Address, Binding

NEAR = 1e-9


def raw_of(binding: Binding[Address], value: float) -> float:
    """The raw value that becomes `value` when it is read; Refused where there is none."""
    tag, address = binding.tag, binding.address
    if address.scale == 0:
        raise Refused(f"writing {tag.path}: its scale is 0", hint="correct its address")
    raw = (value - address.offset) / address.scale
    if address.map:
        words = {word: code for code, word in tag.legend.items()}
        codes = {float(words.get(word, code)): float(code) for code, word in address.map.items()}
        if raw not in codes:
            raise Refused(
                f"writing {tag.path}: its device has no code for {value:g}",
                hint="add it to `map` of its address",
            )
        return codes[raw]
    whole = round(raw)
    return float(whole) if abs(raw - whole) <= NEAR * max(1.0, abs(raw)) else raw


def value_of(binding: Binding[Address], raw: float) -> float:
    """What a raw value is in the tag's unit."""
    address = binding.address
    if address.map:
        words = {word: code for code, word in binding.tag.legend.items()}
        told = address.map.get(int(raw)) if float(raw).is_integer() else None
        raw = float(words.get(told, raw)) if told is not None else raw
    return raw * address.scale + address.offset


def same(one: float, other: float) -> bool:
    """Whether both are one value, as a device with 32 bits of it holds it."""
    return abs(one - other) <= 1e-6 * max(1.0, abs(one))
