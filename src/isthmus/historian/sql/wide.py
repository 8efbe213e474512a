"""A wide view as SQL: a row whenever something changes, each value as it was last."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.historian.sql.bounds import Bounds
from isthmus.historian.sql.curated import Carried, Relation
from isthmus.historian.sql.views import quoted
from isthmus.model.tag import Kind

BAD = 1 << 31
GONE = "'nan'::double"  # stands for a bad value, over which nothing is carried


def named(text: str) -> str:
    """`text` as a name of SQL."""
    return '"' + text.replace('"', '""') + '"'


def wide(relation: Relation, bounds: Bounds, seeds: str, words: str) -> str:
    """The query behind a wide view, which reads samples within `bounds` only.

    `seeds` and `words` name tables (time, tag, value) and (time, path, word) of what held before.
    """
    numbers = [one for one in relation.carried if one.kind is not Kind.TEXT]
    texts = [one for one in relation.carried if one.kind is Kind.TEXT]
    parts = []
    if numbers:
        ids = ", ".join(str(one.tag) for one in numbers)
        value = f"case when quality < {BAD} then value else {GONE} end"
        parts.append(
            f"select time, tag, {value} as value, null::varchar as word from main.stored "  # noqa: S608
            f"where tag in ({ids}){_within(bounds)}"
        )
        parts.append(f"select time, tag, value, null from {seeds}")  # noqa: S608
    if texts:
        known = " ".join(f"when {quoted(one.path)} then {one.tag}" for one in texts)
        paths = ", ".join(quoted(one.path) for one in texts)
        parts.append(
            f"select time, case path {known} end, null, text from main.events "  # noqa: S608
            f"where kind = 'text' and path in ({paths}){_within(bounds)}"
        )
        parts.append(f"select time, case path {known} end, null, word from {words}")  # noqa: S608
    pivot = ", ".join(_at_a_time(number, one) for number, one in enumerate(relation.carried))
    shown = ", ".join(part for n, one in enumerate(relation.carried) for part in _shown(n, one))
    return (
        f"with changes as ({' union all '.join(parts)}), "  # noqa: S608
        f"wide as (select time, {pivot} from changes group by time) "
        f"select time, {shown} from wide "
        "window w as (order by time rows between unbounded preceding and current row)"
    )


def _within(bounds: Bounds) -> str:
    start = f" and time >= make_timestamptz({bounds.start})" if bounds.start is not None else ""
    end = f" and time <= make_timestamptz({bounds.end})" if bounds.end is not None else ""
    return start + end


def _at_a_time(number: int, one: Carried) -> str:
    column = "word" if one.kind is Kind.TEXT else "value"
    return f"max({column}) filter (where tag = {one.tag}) as c{number}"


def _shown(number: int, one: Carried) -> Sequence[str]:
    last = f"last_value(c{number} ignore nulls) over w"
    if one.kind is Kind.TEXT:
        return [f"{last} as {named(one.columns[0])}"]
    held = f"case when isnan({last}) then null else {last} end"
    if one.kind is Kind.BOOLEAN:
        return [f"({held}) <> 0 as {named(one.columns[0])}"]
    if len(one.columns) == 1:
        return [f"{held} as {named(one.columns[0])}"]
    words = " ".join(f"when {code} then {quoted(word)}" for code, word in one.legend.items())
    code = f"cast({held} as bigint)" if one.kind is Kind.ENUMERATION else held
    text = f"case {held} {words} end" if words else "null::varchar"
    return [f"{code} as {named(one.columns[0])}", f"{text} as {named(one.columns[1])}"]
