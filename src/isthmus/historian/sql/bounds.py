"""Between which times a query reads a wide view, as its own conditions say.

A wide view carries values forward, so no engine can know by itself that rows before a time are
not needed. What stands here is cautious: where it is not sure it says nothing, and all is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from isthmus.historian.sql.sources import From, Node, called, passes_time

LOWER = {"COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO"}
UPPER = {"COMPARE_LESSTHAN", "COMPARE_LESSTHANOREQUALTO"}
EQUAL = {"COMPARE_EQUAL"}
TURNED = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_EQUAL": "COMPARE_EQUAL",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times in microseconds since 1970, both included; None where there is no bound."""

    start: int | None = None
    end: int | None = None

    def union(self, other: Bounds) -> Bounds:
        """What holds both."""
        starts, ends = (self.start, other.start), (self.end, other.end)
        return Bounds(
            None if None in starts else min(s for s in starts if s is not None),
            None if None in ends else max(e for e in ends if e is not None),
        )

    def within(self, other: Bounds) -> Bounds:
        """What holds where both do."""
        starts, ends = (self.start, other.start), (self.end, other.end)
        return Bounds(
            max((s for s in starts if s is not None), default=None),
            min((e for e in ends if e is not None), default=None),
        )


class Finder:
    """Finds the bounds of each relation in one query."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def find(self, tree: Node) -> dict[tuple[str, str], Bounds]:
        """The bounds of every table that is read, by schema and name in small letters.

        The schema is empty where the query names none.
        """
        found: dict[tuple[str, str], Bounds] = {}
        around: dict[int, Bounds] = {}  # what a condition around a subquery says, by its SELECT
        for node in _selects(tree):
            given = around.get(id(node), Bounds())
            source, where = From.of(node.get("from_table")), node.get("where_clause")
            for part in (*source.tables, *source.subqueries):
                names = source.names() if source.one_time else {called(part)}
                alone = source.one_time or source.tables == (part,)
                here = self._of(where, names, alone=alone).within(given)
                if part["type"] == "BASE_TABLE":
                    _note(found, part, here)
                elif passes_time(part):
                    around[id(part["subquery"]["node"])] = here
            lead = self._of(where, source.names(), alone=True) if source.one_time else Bounds()
            for part in source.follows:
                _note(found, part, Bounds(lead.within(given).start))
        return found

    def _of(self, where: object, names: set[str], *, alone: bool) -> Bounds:
        start: int | None = None
        end: int | None = None
        for sort, expression in _conditions(where, names, alone=alone):
            moment = self._moment(expression)
            if moment is None:
                continue
            if sort in LOWER | EQUAL:
                start = moment if start is None else max(start, moment)
            if sort in UPPER | EQUAL:
                end = moment if end is None else min(end, moment)
        return Bounds(start, end)

    def _moment(self, expression: Node) -> int | None:
        """The time that an expression without columns stands for."""
        text = json.dumps({"error": False, "statements": [_select(expression)]})
        if "COLUMN_REF" in text or "SUBQUERY" in text:
            return None
        try:
            cursor = self._connection.cursor()
            ((sql,),) = cursor.execute("select json_deserialize_sql(?)", [text]).fetchall()
            inner = str(sql).rstrip(";")
            ((found,),) = cursor.execute(
                f"select epoch_us(cast(x as timestamptz)) from ({inner}) t(x)"  # noqa: S608
            ).fetchall()
        except duckdb.Error:
            return None
        return None if found is None else int(found)


def _note(found: dict[tuple[str, str], Bounds], table: Node, here: Bounds) -> None:
    place = (table["schema_name"].lower(), table["table_name"].lower())
    found[place] = found[place].union(here) if place in found else here


def _select(expression: Node) -> Node:
    return {
        "node": {
            "type": "SELECT_NODE",
            "modifiers": [],
            "cte_map": {"map": []},
            "select_list": [expression],
            "from_table": {"type": "EMPTY", "alias": "", "sample": None},
            "where_clause": None,
            "group_expressions": [],
            "group_sets": [],
            "aggregate_handling": "STANDARD_HANDLING",
            "having": None,
            "sample": None,
            "qualify": None,
        },
        "named_param_map": [],
    }


def _selects(node: object) -> Iterator[Node]:
    if isinstance(node, list):
        for part in node:
            yield from _selects(part)
    elif isinstance(node, dict):
        if node.get("type") == "SELECT_NODE":
            yield node
        for part in node.values():
            yield from _selects(part)


def _conditions(node: object, names: set[str], *, alone: bool) -> Iterator[tuple[str, Node]]:
    """Comparisons of `time` that must all hold: which, and with what."""
    if not isinstance(node, dict):
        return
    if node.get("type") == "CONJUNCTION_AND":
        for child in node.get("children", ()):
            yield from _conditions(child, names, alone=alone)
    elif node.get("type") == "COMPARE_BETWEEN" and _is_time(node["input"], names, alone=alone):
        yield "COMPARE_GREATERTHANOREQUALTO", node["lower"]
        yield "COMPARE_LESSTHANOREQUALTO", node["upper"]
    elif node.get("class") == "COMPARISON" and node.get("type") in TURNED:
        if _is_time(node["left"], names, alone=alone):
            yield node["type"], node["right"]
        elif _is_time(node["right"], names, alone=alone):
            yield TURNED[node["type"]], node["left"]


def _is_time(node: Node, names: set[str], *, alone: bool) -> bool:
    if node.get("class") != "COLUMN_REF":
        return False
    parts = [str(part).lower() for part in node.get("column_names", ())]
    if parts[-1:] != ["time"]:
        return False
    return alone if len(parts) == 1 else parts[-2] in names
