"""The host's view of its edge nodes, message by message (Sparkplug 3.0, chapter 5)."""

from __future__ import annotations

import math

import pytest

from isthmus.connectors.sparkplug.codec import Metric, encode, parse
from isthmus.connectors.sparkplug.datatype import DataType
from isthmus.connectors.sparkplug.node import SECOND, Life, Moment, Target
from isthmus.connectors.sparkplug.session import HostSession
from isthmus.connectors.sparkplug.topic import Topic
from isthmus.model.sample import Status
from isthmus.model.tag import Kind, Tag

NOW = 1_700_000_000 * SECOND
MS = 1_000_000
SPEED, STATE, UPTIME, NAME = range(4)
TAGS = {
    SPEED: Tag("line1/packer/speed"),
    STATE: Tag("line1/packer/state", kind=Kind.ENUMERATION, legend={6: "execute", 4: "idle"}),
    UPTIME: Tag("line1/packer/uptime"),
    NAME: Tag("line1/packer/name", kind=Kind.TEXT),
}


def target(place: int) -> tuple[Target, ...]:
    words = {word: float(code) for code, word in TAGS[place].legend.items()}
    return (Target(place, TAGS[place], words),)


class Plant:
    """A host session with one edge node `e` and its device `d`, and a clock set by hand."""

    def __init__(self, **more: int) -> None:
        settings = {"reorder": 2 * SECOND, "patience": 10 * SECOND, "pause": 10 * SECOND, **more}
        self.host = HostSession(
            {
                "e": {
                    "": {"uptime": target(UPTIME)},
                    "d": {
                        "speed": target(SPEED), "state": target(STATE), "name": target(NAME),
                    },
                }
            },
            **settings,
        )  # fmt: skip
        self.seconds = 0.0
        self.events, self.asked = [], 0

    @property
    def moment(self) -> Moment:
        passed = round(self.seconds * SECOND)
        return Moment(NOW + passed, passed)

    def send(self, verb: str, *metrics: Metric, seq: int | None = None, device: str | None = None):
        """One message; the rows that it made, as (tag, seconds after NOW, value, quality)."""
        where = device if device is not None else ("d" if verb[0] == "D" else "")
        stamp = (NOW + round(self.seconds * SECOND)) // MS
        payload = parse(encode(metrics, time=stamp, seq=seq))
        self.host.receive(Topic("g", verb, "e", where), payload, self.moment)
        return self.take()

    def wait(self, seconds: float):
        self.seconds += seconds
        self.host.tick(self.moment)
        return self.take()

    def take(self):
        reading, asked = self.host.take()
        self.asked += len(asked)
        self.events += reading.events
        batch = reading.batch
        times = (batch.time - NOW) / SECOND
        return list(
            zip(
                batch.tag.tolist(), times.tolist(), batch.value.tolist(), batch.quality.tolist(),
                strict=True,
            )
        )  # fmt: skip

    def birth(self, seq: int = 0, bd_seq: int = 1):
        rows = self.send(
            "NBIRTH",
            Metric("bdSeq", bd_seq, DataType.UINT64),
            Metric("uptime", 5, DataType.INT32, alias=10),
            Metric("Node Control/Rebirth", False, DataType.BOOLEAN),
            seq=seq,
        )
        return rows + self.send(
            "DBIRTH",
            Metric("speed", 60.0, DataType.DOUBLE, alias=1),
            Metric("state", 6, DataType.INT16, alias=2),
            Metric("name", "cola", DataType.STRING, alias=3),
            seq=(seq + 1) % 256,
        )

    @property
    def node(self):
        return self.host.nodes["e"]


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def born(plant: Plant) -> Plant:
    plant.birth()
    return plant


def speed(value: float | None, **more) -> Metric:
    return Metric(value=value, alias=1, datatype=DataType.DOUBLE, **more)


def test_births_give_the_values_of_all_metrics(plant):
    rows = plant.birth()
    assert rows == [(UPTIME, 0, 5.0, 0), (SPEED, 0, 60.0, 0), (STATE, 0, 6.0, 0)]
    assert [event.text for event in plant.events] == ["cola"]
    assert plant.node.life is Life.ONLINE
    assert plant.asked == 0


def test_data_by_alias_and_by_name(born):
    assert born.send("DDATA", speed(61.0), seq=2) == [(SPEED, 0, 61.0, 0)]
    named = Metric("speed", 62.0, DataType.DOUBLE)
    assert born.send("DDATA", named, seq=3) == [(SPEED, 0, 62.0, 0)]
    uptime = Metric(value=9, alias=10, datatype=DataType.INT32)
    assert born.send("NDATA", uptime, seq=4) == [(UPTIME, 0, 9.0, 0)]


def test_data_without_datatype_uses_that_of_the_birth(born):
    payload = parse(encode([], time=NOW // MS, seq=2))
    payload.metrics.add(alias=2, int_value=0xFFFF_FFFB)
    born.host.receive(Topic("g", "DDATA", "e", "d"), payload, born.moment)
    assert [row[2:] for row in born.take()] == [(-5.0, Status.GOOD)]


def test_a_metrics_own_time_wins(born):
    at = (NOW - 60 * SECOND) // MS
    rows = born.send("DDATA", speed(1.0, time=at, is_historical=True), seq=2)
    assert rows == [(SPEED, -60.0, 1.0, 0)]


def test_a_time_that_is_none_becomes_ours_and_uncertain(born):
    rows = born.send("DDATA", speed(1.0, time=2**63), seq=2)
    assert rows == [(SPEED, 0, 1.0, Status.UNCERTAIN)]
    assert born.host.counted["bad_time"] == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [(192, 0), (0, Status.BAD), (500, Status.UNCERTAIN_LAST_USABLE_VALUE), (77, Status.UNCERTAIN)],
)
def test_the_quality_property(born, code, status):
    ((_, _, value, quality),) = born.send("DDATA", speed(1.0, quality=code), seq=2)
    assert (value, quality) == (1.0, status)


def test_null_and_nan_and_wrong_types_are_bad(born):
    rows = born.send(
        "DDATA",
        speed(None),
        speed(math.nan),
        Metric(value="fast", alias=1, datatype=DataType.STRING),
        seq=2,
    )
    assert [row[3] for row in rows] == [
        Status.BAD, Status.BAD_OUT_OF_RANGE, Status.BAD_TYPE_MISMATCH,
    ]  # fmt: skip
    assert all(math.isnan(row[2]) for row in rows)


def test_words_of_the_legend_are_its_codes(born):
    word = Metric(value="Idle", alias=2, datatype=DataType.STRING)
    assert born.send("DDATA", word, seq=2) == [(STATE, 0, 4.0, 0)]


def test_members_of_templates_are_metrics(plant):
    plant.host.nodes["e"].devices["d"].targets = {"motor/speed": target(SPEED)}
    plant.send("NBIRTH", seq=0)
    motor = Metric(
        "motor", alias=7, datatype=DataType.TEMPLATE, template="Motor",
        members=[Metric("speed", 3.0, DataType.DOUBLE), Metric("load", 1.0, DataType.DOUBLE)],
    )  # fmt: skip
    assert plant.send("DBIRTH", motor, seq=1) == [(SPEED, 0, 3.0, 0)]
    part = Metric(
        alias=7, datatype=DataType.TEMPLATE, template="Motor",
        members=[Metric("speed", 4.0, DataType.DOUBLE)],
    )  # fmt: skip
    assert plant.send("DDATA", part, seq=2) == [(SPEED, 0, 4.0, 0)]


def test_a_tag_whose_metric_is_not_born_is_unknown(plant):
    plant.send("NBIRTH", seq=0)
    rows = plant.send("DBIRTH", Metric("speed", 1.0, DataType.DOUBLE, alias=1), seq=1)
    assert (STATE, Status.BAD_NODE_ID_UNKNOWN) in {(row[0], row[3]) for row in rows}


def test_node_death_is_bad_for_all_at_the_hosts_time(born):
    born.seconds = 5
    rows = born.send("NDEATH", Metric("bdSeq", 1, DataType.UINT64, time=1))
    assert {row[0] for row in rows} == {SPEED, STATE, UPTIME}
    assert {(row[1], row[3]) for row in rows} == {(5.0, Status.BAD_NOT_CONNECTED)}
    assert born.node.life is Life.OFFLINE
    assert born.send("NDEATH", Metric("bdSeq", 1, DataType.UINT64)) == []


def test_the_death_of_an_earlier_link_is_ignored(born):
    assert born.send("NDEATH", Metric("bdSeq", 0, DataType.UINT64)) == []
    assert born.node.life is Life.ONLINE
    assert born.host.counted["old_deaths"] == 1


def test_death_is_never_older_than_the_newest_value(born):
    ahead = (NOW + 30 * SECOND) // MS  # the edge node's clock is ahead of ours
    born.send("DDATA", speed(1.0, time=ahead), seq=2)
    rows = born.send("NDEATH", Metric("bdSeq", 1, DataType.UINT64))
    assert (SPEED, 30.0) in {row[:2] for row in rows}


def test_device_death_is_bad_at_its_own_time(born):
    born.seconds = 3
    rows = born.send("DDEATH", seq=2)
    assert {(row[0], row[1], row[3]) for row in rows} == {
        (SPEED, 3.0, Status.BAD_NO_COMMUNICATION), (STATE, 3.0, Status.BAD_NO_COMMUNICATION),
    }  # fmt: skip
    assert born.send("DDATA", speed(1.0), seq=3) == []
    assert born.asked == 1


def test_return_after_death(born):
    born.send("NDEATH", Metric("bdSeq", 1, DataType.UINT64))
    assert born.send("DDATA", speed(1.0), seq=2) == []
    assert born.asked == 1
    assert len(born.birth(bd_seq=2)) == 3
    assert born.send("DDATA", speed(2.0), seq=2) == [(SPEED, 0, 2.0, 0)]


def test_data_before_birth_asks_for_it_once_a_pause(plant):
    for _ in range(20):
        assert plant.send("DDATA", speed(1.0), seq=9) == []
    assert plant.asked == 1
    plant.wait(10)
    plant.send("DDATA", speed(1.0), seq=10)
    assert plant.asked == 2
    plant.wait(10)  # the pause has doubled
    plant.send("DDATA", speed(1.0), seq=10)
    assert plant.asked == 2


def test_an_unknown_alias_asks_for_a_birth(born):
    assert born.send("DDATA", Metric(value=1.0, alias=99, datatype=DataType.DOUBLE), seq=2) == []
    assert born.asked == 1


def test_messages_out_of_order_are_put_in_order(born):
    assert born.send("DDATA", speed(3.0), seq=3) == []
    assert born.send("DDATA", speed(4.0), seq=4) == []
    assert [row[2] for row in born.send("DDATA", speed(2.0), seq=2)] == [2.0, 3.0, 4.0]
    assert born.node.deadline is None
    assert born.asked == 0


def test_a_missing_message_is_waited_for_then_asked_for(born):
    born.send("DDATA", speed(3.0), seq=3)
    assert born.host.deadline() == 2 * SECOND
    assert born.wait(1) == []
    rows = born.wait(1)
    assert [row[2:] for row in rows] == [(3.0, Status.UNCERTAIN)]
    assert born.asked == 1
    assert born.node.life is Life.UNSURE
    rows = born.send("DDATA", speed(4.0), seq=4)
    assert [row[2:] for row in rows] == [(4.0, Status.UNCERTAIN)]
    assert {row[3] for row in born.birth()} == {Status.GOOD}


def test_without_reordering_a_gap_is_a_gap_at_once():
    plant = Plant(reorder=0)
    plant.birth()
    rows = plant.send("DDATA", speed(3.0), seq=9)
    assert [row[2:] for row in rows] == [(3.0, Status.UNCERTAIN)]
    assert plant.asked == 1


def test_a_restart_whose_birth_was_lost_is_not_believed():
    plant = Plant()
    plant.birth(seq=100)
    rows = plant.send("DDATA", speed(3.0), seq=2)
    assert [row[3] for row in rows] == [Status.UNCERTAIN]
    assert plant.asked == 1


def test_the_sequence_wraps(plant):
    plant.birth(seq=253)
    for seq, value in [(255, 1.0), (0, 2.0), (1, 3.0)]:
        assert [row[2] for row in plant.send("DDATA", speed(value), seq=seq)] == [value]
    assert plant.asked == 0


@pytest.mark.parametrize("seq", [None, 256, 2**40])
def test_data_without_a_usable_sequence_number_is_uncertain(born, seq):
    rows = born.send("DDATA", speed(3.0), seq=seq)
    assert [row[3] for row in rows] == [Status.UNCERTAIN]
    assert born.host.counted["malformed"] == 1


def test_a_device_that_is_not_born_again_is_bad_after_patience(born):
    born.send("NBIRTH", Metric("uptime", 5, DataType.INT32), seq=0)
    assert born.wait(9.9) == []
    assert {(row[0], row[3]) for row in born.wait(0.1)} == {
        (SPEED, Status.BAD_NO_COMMUNICATION), (STATE, Status.BAD_NO_COMMUNICATION),
    }  # fmt: skip


def test_after_opening_births_are_asked_for_and_silence_is_bad(plant):
    plant.host.opened(plant.moment, grace=2 * SECOND)
    assert plant.wait(1) == []
    assert plant.asked == 0
    plant.wait(1)
    assert plant.asked == 1
    assert {row[3] for row in plant.wait(10)} == {Status.BAD_NO_COMMUNICATION}
    assert plant.host.deadline() is None


def test_after_reopening_old_aliases_are_not_believed(born):
    born.host.opened(born.moment)
    rows = born.send("DDATA", speed(7.0), seq=77)
    assert [row[2:] for row in rows] == [(7.0, Status.UNCERTAIN)]
    born.wait(0)
    assert born.asked == 1


def test_what_our_own_queue_dropped_makes_all_nodes_unsure(born):
    born.host.lost(born.moment)
    assert born.node.life is Life.UNSURE
    assert born.take() == []
    assert born.asked == 1


def test_an_alias_moves_with_its_birth(born):
    born.send("NBIRTH", seq=0)
    born.send("DBIRTH", Metric("state", 4, DataType.INT16, alias=1), seq=1)
    moved = Metric(value=6, alias=1, datatype=DataType.INT16)
    assert born.send("DDATA", moved, seq=2) == [(STATE, 0, 6.0, 0)]
    assert born.send("DDATA", Metric(value=1, alias=2, datatype=DataType.INT16), seq=3) == []


def test_strange_nodes_are_bounded(plant):
    payload = parse(encode([], seq=0))
    for number in range(5_000):
        plant.host.receive(Topic("g", "NBIRTH", f"x{number}"), payload, plant.moment)
    assert len(plant.host.nodes) == 4_096
    assert plant.host.counted["too_many_nodes"] > 0


def test_ids_are_told_apart_by_case(plant):
    plant.birth()
    payload = parse(encode([], seq=0))
    plant.host.receive(Topic("g", "NBIRTH", "E"), payload, plant.moment)
    assert set(plant.host.nodes) == {"e", "E"}
    assert plant.send("DDATA", Metric("Speed", 1.0, DataType.DOUBLE), seq=2) == []
    assert plant.host.counted["unknown_metrics"] == 1
