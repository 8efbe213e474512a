"""What one FROM reads, and whether a condition around a subquery holds within it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
PLAIN = {"REGULAR", "CROSS", "NATURAL"}
SAME = ["time"]


@dataclass(frozen=True, slots=True)
class From:
    """The tables and subqueries of one FROM.

    `follows` are tables right of an ASOF join on time alone: each row finds the last one before it,
    so that a bound from below is theirs as well, and none from above. `one_time` is whether all
    that is joined has the same time in each row.
    """

    tables: tuple[Node, ...]
    subqueries: tuple[Node, ...]
    follows: tuple[Node, ...]
    one_time: bool

    @classmethod
    def of(cls, node: object) -> From:
        """What `node` of a query reads; those below a subquery have a SELECT of their own."""
        follows: tuple[Node, ...] = ()
        if isinstance(node, dict) and _asof(node):
            follows, node = tuple(_parts(node["right"], "BASE_TABLE")), node["left"]
        tables = tuple(_parts(node, "BASE_TABLE"))
        inner = tuple(_parts(node, "SUBQUERY"))
        one_time = len(tables) + len(inner) == 1 or _using(node)
        return cls(tables, inner, follows, one_time)

    def names(self) -> set[str]:
        """How the query calls what it reads, in small letters."""
        return {called(one) for one in (*self.tables, *self.subqueries)}


def called(node: Node) -> str:
    """How a query calls one table or subquery, in small letters."""
    return str(node.get("alias") or node.get("table_name") or "").lower()


def passes_time(subquery: Node) -> bool:
    """Whether a condition on the subquery's `time` may as well stand within it."""
    node = subquery["subquery"]["node"]
    plain = node["type"] == "SELECT_NODE" and not any(
        (
            node["modifiers"],
            node["group_expressions"],
            node["group_sets"],
            node["having"],
            node["qualify"],
            node["sample"],
            subquery["sample"],
            subquery["column_name_alias"],
            '"class": "WINDOW"' in json.dumps(node["select_list"]),
        )
    )
    source = From.of(node["from_table"])
    return plain and source.one_time and not source.follows and _has_time(node["select_list"])


def is_preview(node: Node) -> bool:
    """Whether any rows of a table will do: a LIMIT without an order, and no condition."""
    sorts = [one["type"] for one in node.get("modifiers", ())]
    return "LIMIT_MODIFIER" in sorts and _takes_all(node)


def _takes_all(node: Node) -> bool:
    if node["type"] != "SELECT_NODE" or any(
        one["type"] != "LIMIT_MODIFIER" for one in node["modifiers"]
    ):
        return False
    if node["where_clause"] or node["group_expressions"] or node["qualify"]:
        return False
    if any(one["class"] not in ("STAR", "COLUMN_REF") for one in node["select_list"]):
        return False
    source = node["from_table"]
    if source["type"] == "SUBQUERY":
        return _takes_all(source["subquery"]["node"])
    return bool(source["type"] == "BASE_TABLE")


def _asof(node: Node) -> bool:
    if node.get("ref_type") != "ASOF" or node.get("join_type") not in ("INNER", "LEFT"):
        return False
    condition = node.get("condition")
    if condition is None:
        return bool(node["using_columns"] == SAME)
    return condition["class"] == "COMPARISON" and all(
        condition[side]["class"] == "COLUMN_REF"
        and str(condition[side]["column_names"][-1]).lower() == "time"
        for side in ("left", "right")
    )


def _parts(node: object, sort: str) -> Iterator[Node]:
    if not isinstance(node, dict):
        return
    if node.get("type") == sort:
        yield node
    elif node.get("type") == "JOIN" and node.get("ref_type") in PLAIN:
        yield from _parts(node.get("left"), sort)
        yield from _parts(node.get("right"), sort)


def _using(node: object) -> bool:
    """Whether all is joined on `time`, so that what holds for one holds for all."""
    if not isinstance(node, dict) or node.get("type") != "JOIN":
        return isinstance(node, dict) and node.get("type") in ("BASE_TABLE", "SUBQUERY")
    columns = [str(name).lower() for name in node.get("using_columns", ())]
    joined = node.get("ref_type") == "REGULAR" and "time" in columns
    return joined and _using(node["left"]) and _using(node["right"])


def _has_time(listed: list[Node]) -> bool:
    """Whether `time` is shown, as it is read."""
    found = False
    for item in listed:
        if item["class"] == "STAR":
            if item["replace_list"] or item["rename_list"] or item["columns"] or item["expr"]:
                return False
            found = True
            continue
        is_time = item["class"] == "COLUMN_REF" and item["column_names"][-1].lower() == "time"
        named = str(item.get("alias") or "").lower()
        if named == "time" and not is_time:
            return False
        found |= is_time and named in ("", "time")
    return found
