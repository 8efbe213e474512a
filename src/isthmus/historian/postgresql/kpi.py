"""Derived values: each written beside those before, of equal keys the last one holds."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from isthmus.historian.postgresql.connect import Connection
from isthmus.historian.postgresql.read import moment
from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.sample import Nanoseconds

COPY = (
    "copy raw_kpi (time, until, path, kpi, period, shift, value, unit, status, formula, version, "
    "inputs, computed) from stdin"
)
READ = """
select path, kpi, period, {start_us}, {until_us}, value, unit, shift, status, formula, version,
       inputs::text, {computed_us}
from (
  select *, lead(seq) over (partition by path, kpi, period, time, until order by seq) as next
  from {schema}.raw_kpi
  where time >= {first} and time < {last}
    and ({every} or kpi = any({names})) and ({any_period} or period = {period})
    and ({anywhere} or path = {path} or starts_with(path, {below}))
) rows where {versions} or next is null
order by time desc, path collate "C" desc, kpi collate "C" desc, period collate "C" desc, seq desc
limit {limit}
"""


def write(cursor: psycopg.Cursor[tuple[Any, ...]], results: Sequence[KpiResult]) -> None:
    """Copy `results` behind those before."""
    with cursor.copy(COPY) as copy:
        for result in results:
            inputs = json.dumps([asdict(told) for told in result.inputs])
            copy.write_row(
                (
                    *(_text(result.start), _text(result.end)),
                    *(result.path, result.kpi, result.period, result.shift),
                    *(result.value, result.unit, _signed(result.status)),
                    *(result.formula, result.version, inputs, _text(result.computed)),
                )
            )


def _text(time: int) -> str:
    return str(np.datetime_as_string(np.datetime64(time // 1000, "us"), timezone="UTC"))


def _signed(status: int) -> int:
    return int(np.array(status, np.uint32).view(np.int32))


def read(
    connection: Connection,
    schema: str,
    start: int,
    end: int,
    *,
    names: Collection[str],
    path: str | None,
    period: str,
    versions: bool,
    limit: int,
) -> list[KpiResult]:
    """The newest `limit` results of windows that begin in [start, end), by start."""
    query = sql.SQL(READ).format(
        schema=sql.Identifier(schema),
        first=moment(start + 999),  # times are kept to the microsecond: none below is at or after
        last=moment(end + 999),
        every=sql.Literal(not names),
        names=sql.Literal(list(names)) + sql.SQL("::text[]"),
        any_period=sql.Literal(not period),
        period=sql.Literal(period),
        anywhere=sql.Literal(path is None),
        path=sql.Literal(path or ""),
        below=sql.Literal(f"{path or ''}/"),
        versions=sql.Literal(versions),
        limit=sql.Literal(max(limit, 0)),
        **{f"{name}_us": _micros(column) for name, column in COLUMNS.items()},
    )
    return [_result(*row) for row in connection.execute(query)][::-1]


COLUMNS = {"start": "time", "until": "until", "computed": "computed"}


def _micros(column: str) -> sql.Composable:
    return sql.SQL("(extract(epoch from {}) * 1000000)::bigint").format(sql.Identifier(column))


def _result(*row: Any) -> KpiResult:  # noqa: ANN401 - columns of many types
    path, name, period, start, until, value, unit, shift, status, *more = row
    formula, version, inputs, computed = more
    return KpiResult(
        *(path, name, period, Nanoseconds(start * 1000), Nanoseconds(until * 1000)),
        *(value, unit, shift, status & 0xFFFF_FFFF, formula, version),
        tuple(KpiInput(**told) for told in json.loads(inputs)),
        Nanoseconds(computed * 1000),
    )
