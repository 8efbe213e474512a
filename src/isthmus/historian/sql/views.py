"""The views over a shelf, in a DuckDB connection that can reach nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import duckdb

from isthmus.historian.delta.kpi import KPI
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.settings import LakeSettings
from isthmus.historian.sql.fetching import fetching
from isthmus.historian.sql.shelf import Shelf
from isthmus.historian.tags import TAGS

ROW = "time, sub_ns, tag, value, exact, status, seq"
VIEWS = """
create view stored as
  select s.time, s.tag, coalesce(s.value, s.exact::double) as value,
         s.status::bigint & 4294967295 as quality
  from ({union}) s;
create view samples as
  select s.time, s.tag, t.path, s.value, s.quality
  from stored s left join tags t on t.tag = s.tag;
create view kpi_versions as
  select time, until, path, kpi, period, shift, value, unit,
         status::bigint & 4294967295 as quality, formula, version, inputs, computed, seq
  from {results};
create view kpi as
  select * exclude (seq) from kpi_versions
  qualify row_number() over (partition by path, kpi, period, time, until order by seq desc) = 1;
"""


def _scan(root: Path, folder: str, files: Sequence[DataFile]) -> str:
    names = ", ".join(quoted(str(root / folder / file.path)) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def quoted(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _scans(shelf: Shelf, kind: Literal["clean", "mixed"]) -> list[str]:
    """What is read of the clean or the mixed files: those here, and those in the archive."""
    files = shelf.clean if kind == "clean" else shelf.mixed
    here = [file for file in files if not shelf.is_away(file)]
    found = [_scan(shelf.root, "samples", here)] if here else []
    return [*found, f"archived_{kind}"] if len(here) < len(files) else found


def give(connection: duckdb.DuckDBPyConnection, shelf: Shelf) -> list[str]:
    """Give one connection what no file here holds, under names that the views know.

    The newest rows are those of `shelf`; files in the archive are fetched once a query reads them.
    """
    given = {
        "hot_samples": shelf.hot,
        "hot_events": shelf.hot_events,
    }
    for name, files in (("archived_clean", shelf.clean), ("archived_mixed", shelf.mixed)):
        away = [file for file in files if shelf.is_away(file)]
        if away and shelf.away is not None:
            given[name] = fetching(shelf.away, away)
    for name, table in given.items():
        connection.register(name, table)
    return list(given)


def _samples(shelf: Shelf) -> str:
    mixed = list(shelf.mixed)
    hot = f"select {ROW} from hot_samples"  # noqa: S608 - our own words only
    parts: list[str] = []
    parts += [f"select {ROW} from {scan}" for scan in _scans(shelf, "clean")]  # noqa: S608
    if mixed:
        inner = " union all ".join(f"select {ROW} from {scan}" for scan in _scans(shelf, "mixed"))  # noqa: S608
        if shelf.hot_replaces:
            inner += f" union all {hot}"
        parts.append(
            f"select {ROW} from ({inner}) qualify row_number() over "  # noqa: S608
            "(partition by tag, time, coalesce(sub_ns, 0) order by seq desc) = 1"
        )
    if not shelf.hot_replaces or not mixed:
        parts.append(hot)
    return " union all ".join(parts)


def prepare(
    connection: duckdb.DuckDBPyConnection,
    shelf: Shelf,
    settings: LakeSettings,
    zone: str = "UTC",
) -> None:
    """Give a new database the views of `shelf`, its limits, and no way out.

    Each connection to it is given by `give` what no file holds.
    """
    folders = {
        "samples": [*shelf.clean, *shelf.mixed],
        "events": shelf.event_files,
        "tags": shelf.tag_files,
        "kpi": shelf.kpi_files,
    }
    paths = [
        str(shelf.root / folder / file.path) for folder, files in folders.items() for file in files
    ]
    given = give(connection, shelf)
    for name, table in (("no_tags", TAGS), ("no_kpi", KPI)):  # give an older file its columns
        connection.register("no_rows", table.empty_table())
        connection.execute(f"create table {name} as select * from no_rows")  # noqa: S608
        connection.unregister("no_rows")
    tags = "select * from no_tags"
    if shelf.tag_files:
        scan = _scan(shelf.root, "tags", shelf.tag_files)
        tags += f" union all by name select * from {scan}"  # noqa: S608 - our own words only
    results = _scan(shelf.root, "kpi", shelf.kpi_files) if shelf.kpi_files else "no_kpi"
    events = "select time, path, kind, text, severity, data from hot_events"
    if shelf.event_files:
        scan = _scan(shelf.root, "events", shelf.event_files)
        events += f" union all select time, path, kind, text, severity, data from {scan}"  # noqa: S608
    connection.execute(f"set memory_limit = {quoted(settings.sql_memory)}")
    connection.execute(f"set threads = {settings.sql_threads}")
    connection.execute(f"set global TimeZone = {quoted(zone)}")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set parquet_metadata_cache = true")  # files never change under a name
    connection.execute("set enable_external_file_cache = false")  # the system has one
    connection.execute("set temp_directory = ''")
    connection.execute("set allowed_paths = [" + ", ".join(map(quoted, paths)) + "]")
    connection.execute("set enable_external_access = false")
    connection.execute(f"create view tags as {tags}")
    connection.execute(f"create view events as {events}")
    connection.execute(VIEWS.format(union=_samples(shelf), results=results))
    for name in given:
        connection.unregister(name)  # it would be held as long as the database is
    connection.execute("set lock_configuration = true")
