"""What every sink promises, on a real ClickHouse and on librdkafka's mock of Kafka."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.kafka import MockCluster

from isthmus.egress.clickhouse.config import ClickHouse
from isthmus.egress.kafka.config import Kafka
from isthmus.historian.settings import DAY, SECOND
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.sink import Parcel, SinkConfig
from isthmus.model.tag import Tag

NOON = 20_000 * DAY + DAY // 2
TAGS = {
    TagId(3): Tag("line/filler/speed", "1/min"),
    TagId(70_000): Tag('line/ü"x'.replace('"', "-"), "°C"),
}
NUMBERS = itertools.count(1)
Row = tuple[str, int, float | None, int]  # path, ns, value, quality


class Place:
    """Where a sink leads to, and what another client finds there."""

    def config(self, **more: Any) -> SinkConfig:
        raise NotImplementedError

    def rows(self) -> list[Row]:
        raise NotImplementedError

    def events(self) -> list[tuple[str, int, str, str]]:
        """Path, ns, kind and text."""
        raise NotImplementedError


class InClickHouse(Place):
    def __init__(self, server: ClickHouseServer) -> None:
        self.server, self.name = server, server.database(f"plant{next(NUMBERS)}")

    def config(self, **more: Any) -> SinkConfig:
        settings = {
            "name": "lake",
            "url": self.server.url,
            "database": self.name,
            "user": "isthmus",
            "password": {"env": "CLICKHOUSE"},
        }
        return ClickHouse.model_validate(settings | more)

    def _rows(self, query: str) -> list[list[str]]:
        text = self.server.sql(f"{query} format TabSeparated")
        return [line.split("\t") for line in text.splitlines()]

    def rows(self) -> list[Row]:
        names = dict(self._rows(f"select tag, path from {self.name}.tags final"))
        found = self._rows(
            f"select tag, time_ns, value, quality from {self.name}.samples final "
            "order by tag, time_ns"
        )
        return [
            (names[t], int(n), None if v == "nan" else float(v), int(q)) for t, n, v, q in found
        ]

    def events(self) -> list[tuple[str, int, str, str]]:
        found = self._rows(
            f"select path, time_ns, kind, text from {self.name}.events final "
            "order by stream, seq, place"
        )
        return [(path, int(time), kind, text) for path, time, kind, text in found]


class InKafka(Place):
    def __init__(self, cluster: MockCluster) -> None:
        self.cluster, self.topic = cluster, f"plant{next(NUMBERS)}.samples"

    def config(self, **more: Any) -> SinkConfig:
        settings = {"name": "lake", "servers": self.cluster.servers, "topic": self.topic}
        return Kafka.model_validate(settings | {"tls": False, "timeout": 10} | more)

    def rows(self) -> list[Row]:
        """Of equal tag and time the record that came last, as whoever reads the topic would."""
        found: dict[tuple[str, int], Row] = {}
        for key, value, _ in self.cluster.records(self.topic):
            assert key == value["path"]
            at = ns(value["time"])
            found[key, at] = (key, at, value["value"], value["quality"])
        return [found[key] for key in sorted(found)]

    def events(self) -> list[tuple[str, int, str, str]]:
        found = self.cluster.records(f"{self.topic}.events")
        told = [(key, ns(v["time"]), v["kind"], v["text"]) for key, v, _ in found]
        return sorted(told, key=lambda event: event[1])


def ns(text: str) -> int:
    whole, _, rest = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * SECOND + int(rest)


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[ClickHouseServer]:
    server = ClickHouseServer.make()
    if server is None:
        pytest.skip("ClickHouse is not installed: apt-get install clickhouse-server")
    yield server
    server.remove()


@pytest.fixture(scope="module")
def kafka() -> Iterator[MockCluster]:
    with MockCluster() as cluster:
        yield cluster


@pytest.fixture(params=["clickhouse", "kafka"])
def place(request, monkeypatch) -> Place:
    monkeypatch.setenv("CLICKHOUSE", "plant")
    server = request.getfixturevalue(request.param)
    return InClickHouse(server) if request.param == "clickhouse" else InKafka(server)


def parcel(position: int, rows, *, events=(), stream="s1") -> Parcel:
    """Rows of (tag, time, value, quality), all of the message `position`."""
    batch = Batch(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.uint32),
    )
    written = np.full(len(rows), NOON + position, np.int64)
    told = [(NOON + position, position, event) for event in events]
    tags = {id_: TAGS[id_] for id_ in np.unique(batch.tag).tolist()}
    return Parcel(stream, position, batch, written, told, tags)


ROWS = [
    (3, NOON, 1.5, 0),
    (3, NOON + 1, 0.1 + 0.2, 0x4000_0000),
    (3, NOON + 2 * SECOND, -1e300, 0x8031_0000),
    (70_000, NOON, 5e-324, 0xFFFF_FFFF),
    (70_000, NOON + 999, math.nan, 0x8000_0000),
]


def right(rows) -> list[Row]:
    """What must be found: of equal tag and time the last, by path and time."""
    last = {(TAGS[t].path, n): (None if math.isnan(v) else v, q) for t, n, v, q in rows}
    return [(*key, *last[key]) for key in sorted(last)]


def test_a_new_place_holds_no_position_and_then_the_last_one(place):
    sink = place.config().build("acme/riverside")
    assert dict(sink.open()) == {}
    sink.write(parcel(7, ROWS))
    sink.write(parcel(9, [], stream="s2"))
    sink.write(parcel(12, [ROWS[0]]))
    sink.close()
    sink.close()
    again = place.config().build("acme/riverside")
    assert dict(again.open()) == {"s1": 12, "s2": 9}
    again.close()
    other = place.config().build("acme/elsewhere")
    assert dict(other.open()) == {}, "plants that share a place do not mix"
    other.close()


def test_values_times_and_qualities_arrive_whole(place):
    sink = place.config().build("acme/riverside")
    sink.open()
    sink.write(parcel(1, ROWS))
    sink.close()
    assert sorted(place.rows()) == sorted(right(ROWS))


def test_the_later_write_of_a_tag_and_time_wins(place):
    sink = place.config().build("acme/riverside")
    sink.open()
    rows = [*ROWS, (3, NOON, 2.5, 0), (3, NOON, 3.5, 0)]
    sink.write(parcel(1, rows))
    sink.write(parcel(2, [(3, NOON + 1, 7.0, 0)]))
    sink.close()
    assert sorted(place.rows()) == sorted(right([*rows, (3, NOON + 1, 7.0, 0)]))


def test_many_rows_arrive(place):
    sink = place.config().build("acme/riverside")
    sink.open()
    rows = [(3, NOON + n * SECOND, n / 8, 0) for n in range(20_000)]
    sink.write(parcel(1, rows))
    sink.close()
    assert place.rows() == right(rows)


def test_events_arrive_in_order(place):
    sink = place.config().build("acme/riverside")
    sink.open()
    told = [
        Event(
            Nanoseconds(NOON + n),
            "line/filler",
            "text",
            f"n° {n} ✓ {'x' * n * 40}",
            data={"n": n, "bad": math.nan},
        )
        for n in range(6)
    ]
    sink.write(parcel(1, [], events=told[:3]))
    sink.write(parcel(2, ROWS, events=told[3:]))
    sink.close()
    assert place.events() == [(e.path, e.time, e.kind, e.text) for e in told]


def test_nobody_there_is_a_link_error_with_a_hint(place):
    more = (
        {"url": "http://127.0.0.1:9"}
        if isinstance(place, InClickHouse)
        else {"servers": ["127.0.0.1:9"], "timeout": 1}
    )
    sink = place.config(**more).build("acme/riverside")
    with pytest.raises(LinkError) as told:
        sink.open()
    assert "127.0.0.1:9" in str(told.value)
    assert told.value.hint
    sink.close()


def test_the_same_parcel_twice_has_the_effect_of_once(clickhouse, monkeypatch):
    """A crash between rows and position: ClickHouse gets the rows again."""
    monkeypatch.setenv("CLICKHOUSE", "plant")
    place = InClickHouse(clickhouse)
    sink = place.config().build("acme/riverside")
    sink.open()
    event = Event(Nanoseconds(NOON), "line", "text", "once")
    for _ in range(3):
        sink.write(parcel(5, ROWS, events=[event, event]))
    sink.write(parcel(6, [(3, NOON, 9.0, 0)]))
    sink.write(parcel(5, ROWS, events=[event, event]))  # what is older does not replace
    sink.close()
    assert sorted(place.rows()) == sorted(right([*ROWS, (3, NOON, 9.0, 0)]))
    assert len(place.events()) == 2
    assert dict(sink.open()) == {"s1": 6}
    sink.close()


def test_clickhouse_may_die_and_come_back(clickhouse_alone, monkeypatch):
    monkeypatch.setenv("CLICKHOUSE", "plant")
    place = InClickHouse(clickhouse_alone)
    sink = place.config(timeout=5).build("acme/riverside")
    sink.open()
    sink.write(parcel(1, ROWS[:2]))
    clickhouse_alone.kill()
    with pytest.raises(LinkError):
        sink.write(parcel(2, ROWS[2:]))
    clickhouse_alone.start()
    assert sink.open().get("s1", 0) in (0, 1)  # it does not flush what it had just been given
    sink.write(parcel(2, ROWS))
    sink.close()
    assert sorted(place.rows()) == sorted(right(ROWS))


def test_a_wrong_password_is_a_refusal(clickhouse, monkeypatch):
    monkeypatch.setenv("CLICKHOUSE", "wrong")
    sink = InClickHouse(clickhouse).config().build("acme/riverside")
    with pytest.raises(AuthError) as told:
        sink.open()
    assert "check the user" in told.value.hint
    assert "wrong" not in str(told.value).replace("Wrong", "")
    sink.close()


def test_columns_in_kafka_are_an_arrow_stream(kafka):
    place = InKafka(kafka)
    sink = place.config(format="arrow").build("acme/riverside")
    sink.open()
    rows = [*ROWS, *((3, NOON + n * SECOND, float(n), 0) for n in range(10, 25_000))]
    sink.write(parcel(1, rows))
    sink.close()
    tables = []
    for key, value, headers in kafka.records(place.topic):
        assert key == "acme/riverside/lake"
        assert headers["content-type"] == b"application/arrow-stream"
        tables.append(pa.ipc.open_stream(value).read_all())
    assert len(tables) == 3
    table = pa.concat_tables([t.set_column(0, "path", t["path"].cast(pa.string())) for t in tables])
    assert table.num_rows == len(rows)
    assert table["path"].to_pylist() == [TAGS[row[0]].path for row in rows]
    assert table["time"].cast(pa.int64()).to_pylist() == [row[1] for row in rows]
    np.testing.assert_array_equal(table["value"].to_numpy(), [row[2] for row in rows])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"sasl": "PLAIN", "user": "u", "password": {"env": "X"}, "tls": False},
            "shows the password",
        ),
        ({"sasl": "SCRAM-SHA-512"}, "belong together"),
        ({"certificate": "a.pem"}, "belong together"),
        ({"topic": "a/b"}, "pattern"),
        ({"tags": ["a**b"]}, "stands alone"),
        ({"password": "secret"}, "does not stand in the file"),
    ],
)
def test_settings_that_cannot_be_are_told(more, said):
    settings = {"name": "lake", "servers": "k:9093", "topic": "t"} | more
    with pytest.raises(ValueError, match=said):
        Kafka.model_validate(settings)


def test_secrets_are_revealed_when_it_connects_and_stand_in_no_setting(monkeypatch):
    monkeypatch.setenv("KAFKA", "geheim")
    config = Kafka.model_validate(
        {
            "name": "lake",
            "servers": ["k1:9093", "k2:9093"],
            "topic": "t",
            "sasl": "SCRAM-SHA-512",
            "user": "isthmus",
            "password": {"env": "KAFKA"},
            "ca": "/etc/ca.pem",
        }
    )
    assert "geheim" not in repr(config.client())
    settings = config.build("acme/riverside")._settings()
    assert settings["sasl.password"] == "geheim"
    assert settings["security.protocol"] == "SASL_SSL"
    assert settings["ssl.ca.location"] == "/etc/ca.pem"
    assert config.wire == "TLS"
