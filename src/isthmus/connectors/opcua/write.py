"""One number into one variable, as the type that the variable has, and read back."""

from __future__ import annotations

import asyncio
from typing import cast

import numpy as np
from asyncua import ua
from asyncua.common.ua_utils import data_type_to_variant_type

from isthmus.connectors.opcua.layout import NUMBER
from isthmus.connectors.opcua.session import Session
from isthmus.connectors.opcua.setting import OpcUaAddress
from isthmus.connectors.opcua.status import check
from isthmus.model.errors import ProtocolError
from isthmus.model.ports import Binding

BETWEEN = 0.05
"""Seconds between two looks at a value that a machine's cycle has yet to take over."""


async def written(session: Session, binding: Binding[OpcUaAddress], value: float) -> None:
    """Return when the variable reads back as `value`; AuthError or ProtocolError where refused."""
    address = binding.address
    node = session.node(address.node)
    doing = f"writing {value:g} to {address.node} of {session.url}"
    kind = await _type(session, node, doing)
    raw = raw_value(kind, value, doing)
    one = address.index is not None
    variant = ua.Variant([raw], kind, is_array=True) if one else ua.Variant(raw, kind)
    wanted = ua.WriteValue(
        NodeId=node,
        AttributeId=ua.AttributeIds.Value,
        # Neither status nor time: most servers refuse to have them written (Part 4, 5.11.4).
        Value=ua.DataValue(variant, StatusCode=None),
    )
    if one:
        wanted.IndexRange = str(address.index)
    parameters = ua.WriteParameters()
    parameters.NodesToWrite = [wanted]
    (status,) = await session.services.write(parameters)
    check(status, doing)
    await _confirmed(session, binding, raw, doing)


async def held(session: Session, binding: Binding[OpcUaAddress]) -> float:
    """The number that the variable holds now; ProtocolError where it is none."""
    address, doing = binding.address, f"reading {binding.address.node} of {session.url}"
    (found,) = await session.read([session.node(address.node)])
    check(found.StatusCode, doing)
    value = found.Value.Value if found.Value is not None else None
    if address.index is not None and isinstance(value, list) and address.index < len(value):
        value = value[address.index]
    if not isinstance(value, int | float):
        raise ProtocolError(f"{doing}: it holds {value!r}, not a number")
    return float(value)


def raw_value(kind: ua.VariantType, value: float, doing: str) -> float | int | bool:
    """`value` as the variable's type holds it; ProtocolError where that would change it."""
    dtype = NUMBER.get(kind.value)
    if dtype is None:
        raise ProtocolError(f"{doing}: the variable is a {kind.name}, not a number")
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype.kind == "f":
            raw = float(dtype.type(value))
            if np.isinf(raw) and not np.isinf(value):
                raise ProtocolError(f"{doing}: it is too large for a {kind.name}")
            return raw
    if dtype.kind == "b":
        if value not in (0.0, 1.0):
            raise ProtocolError(f"{doing}: a Boolean is 0 or 1")
        return bool(value)
    if not float(value).is_integer():
        raise ProtocolError(f"{doing}: a {kind.name} takes whole numbers only")
    info = np.iinfo(dtype)
    if not info.min <= int(value) <= info.max:
        raise ProtocolError(f"{doing}: a {kind.name} holds {info.min} to {info.max}")
    return int(value)


async def _type(session: Session, node: ua.NodeId, doing: str) -> ua.VariantType:
    """The type of the value that the variable has now, else that of its DataType."""
    (found,) = await session.read([node])
    check(found.StatusCode, doing) if found.Value is None else None
    if found.Value is not None and found.Value.VariantType != ua.VariantType.Null:
        return cast("ua.VariantType", found.Value.VariantType)
    (declared,) = await session.read([node], ua.AttributeIds.DataType)
    check(declared.StatusCode, doing)
    return cast("ua.VariantType", await data_type_to_variant_type(session.at(declared.Value.Value)))


async def _confirmed(
    session: Session, binding: Binding[OpcUaAddress], raw: float, doing: str
) -> None:
    node, index = session.node(binding.address.node), binding.address.index
    clock = asyncio.get_running_loop().time
    end = clock() + session.setting.timeout
    while True:
        (found,) = await session.read([node])
        check(found.StatusCode, f"{doing}, reading it back")
        value = found.Value.Value if found.Value is not None else None
        if index is not None and isinstance(value, list) and index < len(value):
            value = value[index]
        if value == raw or (raw != raw and value != value):  # noqa: PLR0124 - NaN is not itself
            return
        if clock() >= end:
            raise ProtocolError(
                f"{doing}: the server accepted it, but says {value!r}",
                hint="the machine's program may write this variable, too",
            )
        await asyncio.sleep(BETWEEN)
