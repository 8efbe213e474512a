"""SQL over the history: one read-only DuckDB query with limits, and no way out of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from isthmus.historian.columns import encode
from isthmus.historian.delta.damage import Damage, Damages
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.tags import TAGS
from isthmus.historian.settings import LakeSettings
from isthmus.model.errors import Refused, StorageError
from isthmus.model.sample import Batch, Int64s

ALLOWED = {"SELECT", "EXPLAIN"}
CHUNK = 2_048  # rows at a time, DuckDB's own vector: what one brings is not bounded otherwise
MOST_BYTES = 64 << 20
OURS = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException)  # not the query's


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a query may see: clean files as they are, mixed ones freed of replaced samples.

    `mixed` files hold several versions of some samples, of which the one with the greatest `seq`
    is right. The hot tables are of the schemas `SAMPLES` and `EVENTS`.
    """

    root: Path
    clean: Sequence[DataFile]
    mixed: Sequence[DataFile]
    hot: pa.Table
    hot_replaces: bool
    event_files: Sequence[DataFile]
    hot_events: pa.Table
    tag_files: Sequence[DataFile]

    def without(self, damage: Damages) -> Shelf:
        """The same without what is known to be broken."""
        return replace(
            self,
            clean=[file for file in self.clean if file.path not in damage.samples],
            mixed=[file for file in self.mixed if file.path not in damage.samples],
            event_files=[file for file in self.event_files if file.path not in damage.events],
            tag_files=[file for file in self.tag_files if file.path not in damage.tags],
        )

    def suspects(self, damage: Damages, error: str) -> list[tuple[Damage, DataFile]]:
        """The files that `error` names, all where it names none; newest first."""
        tables = (
            (damage.tags, self.tag_files),
            (damage.events, self.event_files),
            (damage.samples, [*self.clean, *self.mixed]),
        )
        every = [(table, file) for table, files in tables for file in reversed(files)]
        return [found for found in every if found[1].path in error] or every


class UnreadableError(StorageError):
    """A query met a file that cannot be read; its cause is what DuckDB said."""


ROW = "time, sub_ns, tag, value, exact, status, seq"
VIEWS = """
create view samples as
  select s.time, s.tag, t.path,
         coalesce(s.value, s.exact::double) as value,
         s.status::bigint & 4294967295 as quality
  from ({union}) s left join tags t on t.tag = s.tag;
"""


def _scan(root: Path, folder: str, files: Sequence[DataFile]) -> str:
    names = ", ".join(_quoted(str(root / folder / file.path)) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _samples(shelf: Shelf) -> str:
    clean, mixed = list(shelf.clean), list(shelf.mixed)
    hot = f"select {ROW} from hot_samples"  # noqa: S608 - our own words only
    parts = []
    if clean:
        parts.append(f"select {ROW} from {_scan(shelf.root, 'samples', clean)}")  # noqa: S608
    if mixed:
        inner = f"select {ROW} from {_scan(shelf.root, 'samples', mixed)}"  # noqa: S608
        if shelf.hot_replaces:
            inner += f" union all {hot}"
        parts.append(
            f"select {ROW} from ({inner}) qualify row_number() over "  # noqa: S608
            "(partition by tag, time, coalesce(sub_ns, 0) order by seq desc) = 1"
        )
    if not shelf.hot_replaces or not mixed:
        parts.append(hot)
    return " union all ".join(parts)


def _prepare(connection: duckdb.DuckDBPyConnection, shelf: Shelf, settings: LakeSettings) -> None:
    folders = {
        "samples": [*shelf.clean, *shelf.mixed],
        "events": shelf.event_files,
        "tags": shelf.tag_files,
    }
    paths = [
        str(shelf.root / folder / file.path) for folder, files in folders.items() for file in files
    ]
    connection.register("hot_samples", shelf.hot)
    connection.register("hot_events", shelf.hot_events)
    if shelf.tag_files:
        tags = f"select * from {_scan(shelf.root, 'tags', shelf.tag_files)}"  # noqa: S608
    else:
        connection.register("no_tags", TAGS.empty_table())
        tags = "select * from no_tags"
    events = "select time, path, kind, text, severity, data from hot_events"
    if shelf.event_files:
        scan = _scan(shelf.root, "events", shelf.event_files)
        events += f" union all select time, path, kind, text, severity, data from {scan}"  # noqa: S608
    connection.execute(f"set memory_limit = {_quoted(settings.sql_memory)}")
    connection.execute(f"set threads = {settings.sql_threads}")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set temp_directory = ''")
    connection.execute("set allowed_paths = [" + ", ".join(map(_quoted, paths)) + "]")
    connection.execute("set enable_external_access = false")
    connection.execute(f"create view tags as {tags}")
    connection.execute(f"create view events as {events}")
    connection.execute(VIEWS.format(union=_samples(shelf)))
    connection.execute("set lock_configuration = true")


def select(
    shelf: Shelf, query: str, *, seconds: float, rows: int, settings: LakeSettings
) -> pa.Table:
    """The answer to `query`; Refused where it is no query, is wrong, or exceeds its limits."""
    connection = duckdb.connect(":memory:")
    late = threading.Event()

    def stop() -> None:
        late.set()
        connection.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        statements = connection.extract_statements(query)
        kinds = [statement.type.name for statement in statements]
        if len(kinds) != 1 or kinds[0] not in ALLOWED:
            raise Refused(
                f"running the query: it is {' and '.join(kinds) or 'empty'}",
                hint="one SELECT over the views samples, tags, events",
            )
        _prepare(connection, shelf, settings)
        timer.start()
        return _fetch(connection.sql(query), rows)
    except duckdb.Error as error:
        if late.is_set():
            raise Refused(
                f"running the query: not done after {seconds:g} s",
                hint="ask for a shorter time or fewer tags",
            ) from error
        if isinstance(error, OURS) or type(error) is duckdb.Error or ".parquet" in str(error):
            raise UnreadableError(
                f"reading history for the query: {_first(error)}",
                hint="`isthmus doctor` verifies the files; restore the one named from a backup",
            ) from error
        raise Refused(f"running the query: {error}") from error
    finally:
        timer.cancel()
        connection.close()


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _fetch(answer: duckdb.DuckDBPyRelation, rows: int) -> pa.Table:
    reader = answer.to_arrow_reader(CHUNK)
    batches, size, held = [], 0, 0
    for batch in reader:
        batches.append(batch)
        size += batch.num_rows
        held += batch.nbytes
        if held > MOST_BYTES:
            raise Refused(
                f"running the query: the answer has more than {MOST_BYTES >> 20} MiB",
                hint="ask for fewer columns or rows, or aggregate",
            )
        if size > rows:
            raise Refused(
                f"running the query: the answer has more than {rows:,} rows",
                hint="aggregate, add a LIMIT, or allow more `rows`",
            )
    return pa.Table.from_batches(batches, reader.schema)


def shelve(
    root: Path,
    files: Sequence[DataFile],
    hot: Batch,
    sealed: Int64s,
    *,
    event_files: Sequence[DataFile],
    hot_events: pa.Table,
    tag_files: Sequence[DataFile],
) -> Shelf:
    """What a query may see of `files` and the settled `hot` rows.

    `sealed` is the time of the last sealed sample of each hot row's tag. A file is mixed where
    late samples, sealed or hot, may replace some of its own.
    """
    spans = [file.times for file in files if file.late]
    again = hot.time <= sealed
    replaces = bool(again.any())
    if replaces:
        spans.append((int(hot.time[again].min()), int(hot.time[again].max())))
    mixed = [
        file
        for file in files
        if any(file.times[0] <= end and file.times[1] >= start for start, end in spans)
    ]
    chosen = {file.path for file in mixed}
    clean = [file for file in files if file.path not in chosen]
    table = pa.Table.from_batches([encode(hot, 1 << 62)])
    return Shelf(root, clean, mixed, table, replaces, event_files, hot_events, tag_files)
