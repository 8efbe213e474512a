"""The children of a node, with all that a person needs to choose from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asyncua import ua

from isthmus.connectors.opcua.session import Session
from isthmus.connectors.opcua.status import check
from isthmus.connectors.opcua.unusual import text
from isthmus.model.ports import Node

OBJECTS = f"i={ua.ObjectIds.ObjectsFolder}"
LONGEST_VALUE = 120
FIRST = 10
MOST_PAGES = 1_000

ATTRIBUTES = (
    ua.AttributeIds.DataType,
    ua.AttributeIds.Description,
    ua.AttributeIds.Value,
    ua.AttributeIds.UserAccessLevel,
)
WRITABLE = 0x02
"""CurrentWrite of AccessLevelType (OPC UA Part 3, 8.57)."""


async def children(session: Session, node: str, *, limit: int) -> list[Node]:
    """The objects and variables below `node`, the Objects folder where empty.

    Variables have type, unit (EngineeringUnits, Part 8, 5.6.3), description, value, and whether
    they may be written by this user.
    """
    parent = session.node(node or OBJECTS)
    kinds = ua.NodeClass.Object | ua.NodeClass.Variable
    hierarchy = ua.ObjectIds.HierarchicalReferences
    found = (await _references(session, [parent], hierarchy, kinds, limit))[0]
    below = [one for one in found if one.ReferenceTypeId != ua.NodeId(ua.ObjectIds.HasProperty)]
    below = _once(below)[:limit]
    variables = [one for one in below if one.NodeClass == ua.NodeClass.Variable]
    described = await _described(session, variables)
    return [described.get(_local(one)) or _node(one, kind="folder") for one in below]


def _local(reference: ua.ReferenceDescription) -> ua.NodeId:
    node = reference.NodeId
    return ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)


def _once(references: Sequence[ua.ReferenceDescription]) -> list[ua.ReferenceDescription]:
    """Each node once, though several references may lead to it; none of other servers."""
    local = [one for one in references if not getattr(one.NodeId, "ServerIndex", 0)]
    return list({_local(one): one for one in local}.values())


def written(node: ua.NodeId) -> str:
    """The node id as a plant file writes it."""
    return text(node.to_string())


def _node(reference: ua.ReferenceDescription, **more: Any) -> Node:  # noqa: ANN401 - Node's fields
    name = text(reference.DisplayName) or text(reference.BrowseName)
    return Node(address=written(_local(reference)), name=name, **more)


async def _described(
    session: Session, variables: Sequence[ua.ReferenceDescription]
) -> dict[ua.NodeId, Node]:
    nodes = [_local(one) for one in variables]
    types, descriptions, values, access = [
        await session.read(nodes, attribute) for attribute in ATTRIBUTES
    ]
    names = await _type_names(session, [_value(one) for one in types])
    units = await _units(session, nodes)
    return {
        node: _node(
            reference,
            data_type=names.get(_value(types[row]), "") + _brackets(_value(values[row])),
            description=text(_value(descriptions[row])),
            value=_shown(_value(values[row])),
            unit=units.get(node, ""),
            writable=bool((_value(access[row]) or 0) & WRITABLE),
        )
        for row, (node, reference) in enumerate(zip(nodes, variables, strict=True))
    }


def _value(found: ua.DataValue) -> Any:  # noqa: ANN401 - whatever the variable holds
    return found.Value.Value if found.Value is not None else None


def _brackets(value: object) -> str:
    return "[]" if isinstance(value, list) else ""


def _shown(value: object) -> str:
    if isinstance(value, list):
        more = ", ..." if len(value) > FIRST else ""
        shown = f"[{', '.join(text(one) for one in value[:FIRST])}{more}]"
    else:
        shown = text(value)
    return shown if len(shown) <= LONGEST_VALUE else shown[: LONGEST_VALUE - 3] + "..."


async def _type_names(session: Session, types: Sequence[ua.NodeId | None]) -> dict[ua.NodeId, str]:
    """The browse names of data types: `Double`, `MachineState`."""
    wanted = list(dict.fromkeys(one for one in types if one is not None))
    found = await session.read(wanted, ua.AttributeIds.BrowseName)
    return {one: text(_value(name)) for one, name in zip(wanted, found, strict=True)}


async def _units(session: Session, nodes: list[ua.NodeId]) -> dict[ua.NodeId, str]:
    property_of = ua.ObjectIds.HasProperty
    found = await _references(session, nodes, property_of, ua.NodeClass.Variable, 100)
    owner = {
        _local(one): node
        for node, properties in zip(nodes, found, strict=True)
        for one in properties
        if one.BrowseName.Name == "EngineeringUnits"
    }
    units = await session.read(list(owner))
    return {
        node: text(unit.DisplayName)
        for node, unit in zip(owner.values(), map(_value, units), strict=True)
        if isinstance(unit, ua.EUInformation)
    }


async def _references(
    session: Session, nodes: list[ua.NodeId], kind: int, classes: int, limit: int
) -> list[list[ua.ReferenceDescription]]:
    """The references of each node, all pages of them, until `limit` of one node are found."""
    found: list[list[ua.ReferenceDescription]] = []
    for start in range(0, len(nodes), session.limits.browse):
        parameters = ua.BrowseParameters(RequestedMaxReferencesPerNode=limit)
        parameters.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=node,
                BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=ua.NodeId(kind),
                IncludeSubtypes=True,
                NodeClassMask=int(classes),
                ResultMask=ua.BrowseResultMask.All,
            )
            for node in nodes[start : start + session.limits.browse]
        ]
        for result in await session.services.browse(parameters):
            if len(nodes) == 1:
                check(result.StatusCode, f"browsing {written(nodes[0])}")
            found.append(await _pages(session, result, limit))
    return found


async def _pages(
    session: Session, result: ua.BrowseResult, limit: int
) -> list[ua.ReferenceDescription]:
    references = list(result.References or [])
    point = result.ContinuationPoint
    for _ in range(MOST_PAGES):
        if not point:
            break
        enough = len(references) >= limit
        parameters = ua.BrowseNextParameters(ReleaseContinuationPoints=enough)
        parameters.ContinuationPoints = [point]
        (page,) = await session.services.browse_next(parameters)
        if enough:
            break
        references += page.References or []
        point = page.ContinuationPoint
    return references
