"""What an edge node that never settles can make a host do, and keep."""

from __future__ import annotations

import pytest

from isthmus.connectors.sparkplug import session
from isthmus.connectors.sparkplug.codec import Metric, encode, parse
from isthmus.connectors.sparkplug.datatype import DataType
from isthmus.connectors.sparkplug.node import SECOND, Moment
from isthmus.connectors.sparkplug.session import HostSession
from isthmus.connectors.sparkplug.topic import Topic

NOW = 1_700_000_000 * SECOND
BIRTHS = (Metric("a", 1.0, DataType.DOUBLE, alias=1),)


class Host:
    """A host of one edge node `e`, and a clock set by hand."""

    def __init__(self):
        self.session = HostSession(
            {"e": {"": {}}}, reorder=2 * SECOND, patience=30 * SECOND, pause=10 * SECOND
        )
        self.timer = self.asked = 0
        self.session.opened(self.moment)

    @property
    def moment(self):
        return Moment(NOW + self.timer, self.timer)

    def send(self, verb, *metrics, seq, device=""):
        payload = parse(encode(metrics, time=NOW // 1_000_000, seq=seq))
        self.session.receive(Topic("g", verb, "e", device), payload, self.moment)
        self.session.tick(self.moment)
        _, asked = self.session.take()
        self.asked += len(asked)
        return bool(asked)


@pytest.mark.parametrize(
    ("verb", "device", "name", "counting"),
    [
        ("NDATA", "", "never born", True),
        ("NDATA", "", "a", False),
        ("DDATA", "never born", "a", True),
    ],
    ids=["metric", "no seq", "device"],
)
def test_an_edge_node_that_births_do_not_help_is_asked_ever_more_seldom(
    verb, device, name, counting
):
    host, seq = Host(), 0
    for _ in range(600):  # ten messages a second for a minute
        host.timer += SECOND // 10
        data = Metric(name, 1.0, DataType.DOUBLE)
        if host.send(verb, data, seq=seq if counting else None, device=device):
            host.send("NBIRTH", *BIRTHS, seq=0)
            seq = 0
        seq = (seq + 1) % 256
    assert host.asked == 3  # after 0, 10 and 30 s
    host.timer += 600 * SECOND
    host.send("NBIRTH", *BIRTHS, seq=0)
    before = host.asked
    for number in range(1, 121):
        host.timer += SECOND // 10
        host.send("NDATA", Metric("b", 1.0, DataType.DOUBLE), seq=number)
    assert host.asked == before + 2, "a new trouble is asked about at once again"


def test_devices_that_come_and_go_are_forgotten():
    host, seq = Host(), 1
    host.send("NBIRTH", *BIRTHS, seq=0)
    node = host.session.nodes["e"]
    for number in range(300):
        born = Metric("m", 1.0, DataType.DOUBLE, alias=100 + number)
        host.send("DBIRTH", born, seq=seq % 256, device=f"batch-{number}")
        if number % 2:
            host.send("DDEATH", seq=(seq + 1) % 256, device=f"batch-{number}")
        seq += 1 + number % 2
    assert len(node.devices) == 151
    assert len(node.aliases) == 151
    host.send("NBIRTH", *BIRTHS, seq=0)
    assert list(node.devices) == [""]


def test_of_one_edge_node_so_many_devices_are_kept_and_no_more(monkeypatch):
    monkeypatch.setattr(session, "MOST_DEVICES", 10)
    host = Host()
    host.send("NBIRTH", *BIRTHS, seq=0)
    host.asked = 0
    for number in range(20):
        host.send("DBIRTH", *BIRTHS, seq=2 * number + 1, device=f"d{number}")
        host.send("DDATA", *BIRTHS, seq=2 * number + 2, device=f"d{number}")
    assert len(host.session.nodes["e"].devices) == 10
    assert host.session.counted["too_many_devices"] == 22
    assert host.asked == 0


def test_what_was_held_back_is_asked_for_when_the_pause_is_over():
    host = Host()
    host.send("NBIRTH", *BIRTHS, seq=0)
    host.timer += SECOND
    host.send("NDATA", Metric("b", 1.0, DataType.DOUBLE), seq=1)
    assert host.asked == 1
    host.timer += SECOND
    host.send("NDATA", Metric("b", 1.0, DataType.DOUBLE), seq=2)
    assert host.asked == 1
    assert host.session.deadline() == 11 * SECOND
    host.timer = 11 * SECOND
    host.session.tick(host.moment)
    assert host.session.take()[1] == ["e"]
