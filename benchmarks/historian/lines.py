"""Two servers that take lines of text over HTTP: InfluxDB 1 and VictoriaMetrics."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
import urllib.parse
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tests.servers.process import free_port

from benchmarks.historian.data import FIRST, Span
from benchmarks.historian.engine import Engine, Question, on_disk
from benchmarks.historian.sql import ONE, POINTS
from benchmarks.running import rss_mb
from isthmus.historian.settings import MINUTE
from isthmus.model.sample import Batch

START_SECONDS = 30.0


class Lines(Engine):
    """A server in a folder of its own."""

    program: str
    per_unit: int  # ns of the unit in which it takes times
    quality: bool

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        found = shutil.which(self.program)
        if found is None:
            raise FileNotFoundError(self.package)
        self._program, self.port = found, 0
        self._process: subprocess.Popen[bytes] | None = None
        self.begin()

    package: str

    def begin(self) -> None:
        """A new server with nothing in it."""
        self.close()
        self.folder.mkdir(parents=True)
        self.port = free_port()
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._program, *self.words()], stdout=log, stderr=log, cwd=self.folder
            )
        self.web = Web(self.port)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.web.get("/ping" if self.program == "influxd" else "/health")
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                break
        self.created()

    @abstractmethod
    def words(self) -> list[str]:
        """What it is started with."""

    def created(self) -> None:
        """What must be made before it takes samples."""

    def prepare(self, batch: Batch) -> object:
        """Its lines, made column by column."""
        parts: list[object] = ["s,tag=", _text(batch.tag), " v=", _text(batch.value)]
        if self.quality:
            parts += [",q=", _text(batch.quality.astype(np.int64)), "i"]
        parts += [" ", _text(batch.time // self.per_unit), "\n", ""]
        whole = pc.binary_join_element_wise(*parts)
        return bytes(whole.buffers()[2])

    def send(self, prepared: object) -> None:
        """POST."""
        assert isinstance(prepared, bytes)
        self.web.post("/write?db=plant", prepared)

    def size(self) -> int:
        """All its files but the log of what it says."""
        return on_disk(self.folder) - (self.folder / "log").stat().st_size

    def rss_mb(self) -> float:
        """The server's."""
        return rss_mb(self._process.pid) if self._process else 0.0

    def address(self) -> str:
        """Where it listens."""
        return f"{self.name}:{self.port}"

    def close(self) -> None:
        """End it, forget its data."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _text(column: object) -> pa.Array:
    return pc.cast(pa.array(column), pa.string())


class Web:
    """One kept connection to a server of this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of an answer; OSError where there is none or it says no."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: bytes) -> bytes:
        """The same of a question that carries something."""
        return self._ask("POST", path, body, None)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> bytes:
        for again in (True, False):  # a server may end a connection that waited for its turn
            try:
                self._connection.request(method, path, body, dict(headers or {}))
                answer = self._connection.getresponse()
                content = answer.read()
                break
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                if not again:
                    raise OSError(f"{method} {path}: {error}") from error
        if answer.status >= 300:
            raise OSError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content


CONFIGURATION = """
reporting-enabled = false
bind-address = "127.0.0.1:{other}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
wal-fsync-delay = "0s"
cache-max-memory-size = 4294967296
max-series-per-database = 0
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
max-body-size = 0
log-enabled = false
"""


class InfluxDb(Lines):
    """InfluxDB 1.6, a point with value and quality."""

    name, program, package = "influxdb", "influxd", "influxdb"
    per_unit, quality = 1, True
    durability = "each batch synced to its write-ahead log (wal-fsync-delay 0)"
    remarks = ("InfluxQL has no as-of join: `last` by second with fill(previous)",)

    def words(self) -> list[str]:
        """A configuration of its own."""
        text = CONFIGURATION.format(folder=self.folder, port=self.port, other=free_port())
        (self.folder / "influxdb.conf").write_text(text, "utf-8")
        return ["-config", str(self.folder / "influxdb.conf")]

    def created(self) -> None:
        """The database."""
        self.web.post("/query?" + urllib.parse.urlencode({"q": "create database plant"}), b"")

    def count(self) -> int:
        """Points."""
        answer = influxql(self.web, "select count(v) from s").decode().strip().splitlines()
        return int(float(answer[-1].split(",")[-1])) if len(answer) > 1 else 0

    def questions(self, span: Span) -> Mapping[str, Question]:
        """In InfluxQL, answers as CSV."""
        return influx(self.web, span)


def influx(web: Web, span: Span) -> dict[str, Question]:
    """The questions to InfluxDB."""
    (low, high), (start, end) = span.day, span.hour
    day, hour = f"time >= {low} and time < {high}", f"time >= {start} and time < {end}"
    width = -(-(high - low) // POINTS)
    one, recent = f"\"tag\" = '{ONE}'", f"time >= {span.end - 2 * MINUTE}"
    queries = {
        "last_window_ms": f'select last(v) from s where {recent} group by "tag"',
        "last_value_ms": 'select last(v) from s group by "tag"',
        "raw_hour_ms": f"select v from s where {one} and {hour}",
        "day_500_ms": f"select min(v), max(v), mean(v) from s where {one} and {day} "
        f"group by time({width}ns) fill(none)",
        "time_weighted_day_ms": f"select integral(v) from s where {one} and {day}",
        "asof_hour_ms": f'select last(v) from s where "tag" =~ /^[0-9]$/ and {hour} '
        'group by time(1s), "tag" fill(previous)',
        "thousand_tags_hour_ms": 'select min(v), max(v), mean(v) from s where "tag" =~ /0$/ '
        f'and {hour} group by "tag"',
        "full_day_ms": f'select count(v), mean(v) from s where {day} group by "tag"',
    }
    return {name: _asking(web, query) for name, query in queries.items()}


def _asking(web: Web, query: str) -> Question:
    return lambda: influxql(web, query)


def influxql(web: Web, query: str) -> bytes:
    """The answer to a query, as CSV."""
    words = urllib.parse.urlencode({"db": "plant", "epoch": "ns", "q": query})
    return web.get(f"/query?{words}", {"Accept": "application/csv"})


class VictoriaMetrics(Lines):
    """VictoriaMetrics 1.79, one series a tag, times to the millisecond, no quality."""

    name, program, package = "victoriametrics", "victoria-metrics", "victoria-metrics"
    per_unit, quality = 1_000_000, False
    durability = "none for seconds: batches are acknowledged in memory"
    remarks = ("no quality, times in milliseconds; its result cache is off",)

    def words(self) -> list[str]:
        """On this machine only, old samples welcome, no cache of answers."""
        return [
            f"-storageDataPath={self.folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-retentionPeriod=10y",
            "-search.disableCache",
            "-search.latencyOffset=0s",
            "-search.maxQueryDuration=10m",
            "-influxTrimTimestamp=1ms",
            "-loggerLevel=ERROR",
            "-http.connTimeout=24h",
        ]

    def send(self, prepared: object) -> None:
        """POST; times are milliseconds."""
        assert isinstance(prepared, bytes)
        self.web.post("/write?db=plant&precision=ms", prepared)

    def flush(self) -> None:
        """Make what was taken visible, and write it."""
        self.web.get("/internal/force_flush")

    def settle(self) -> None:
        """Merge its parts."""
        self.web.get("/internal/force_merge")
        time.sleep(2)

    def count(self) -> int:
        """Samples."""
        at = FIRST / 1e9 + 29 * 86_400
        words = urllib.parse.urlencode({"query": "sum(count_over_time(s_v[30d]))", "time": at})
        result = json.loads(self.web.get(f"/api/v1/query?{words}"))["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0

    def questions(self, span: Span) -> Mapping[str, Question]:
        """In MetricsQL."""
        return victoria(self.web, span)


def victoria(web: Web, span: Span) -> dict[str, Question]:
    """The questions to VictoriaMetrics."""
    (low, high), (start, end) = span.day, span.hour
    one = f's_v{{tag="{ONE}"}}'
    width = -(-(high - low) // POINTS) / 1e9
    day = {"start": low / 1e9 + width, "end": high / 1e9, "step": width}
    hour = {"start": start / 1e9, "end": end / 1e9 - 1, "step": 1}

    def now(query: str, at: int) -> Question:
        words = urllib.parse.urlencode({"query": query, "time": at / 1e9})
        return lambda: web.get(f"/api/v1/query?{words}")

    def over(query: str, times: Mapping[str, float]) -> Question:
        words = urllib.parse.urlencode({"query": query, **times})
        return lambda: web.get(f"/api/v1/query_range?{words}")

    three = f"union({', '.join(f'{f}_over_time({one}[{width}s])' for f in ('min', 'max', 'avg'))})"
    each = "aggr_over_time(('min_over_time', 'max_over_time', 'avg_over_time'), {0})"
    raw = urllib.parse.urlencode({"match[]": one, "start": start / 1e9, "end": end / 1e9})
    whole = max((span.end - span.start) // 1_000_000_000, 1)
    seconds = (high - low) // 1_000_000_000
    return {
        "last_window_ms": now("last_over_time(s_v[120s])", span.end),
        "last_value_ms": now(f"last_over_time(s_v[{whole}s])", span.end),
        "raw_hour_ms": lambda: web.get(f"/api/v1/export?{raw}"),
        "day_500_ms": over(three, day),
        "time_weighted_day_ms": now(f"integrate({one}[{seconds}s]) / {seconds}", high),
        "asof_hour_ms": over('last_over_time(s_v{tag=~"[0-9]"}[10m])', hour),
        "thousand_tags_hour_ms": now(each.format('s_v{tag=~".*0"}[1h]'), end),
        "full_day_ms": now(f"avg_over_time(s_v[{seconds}s])", high),
    }
