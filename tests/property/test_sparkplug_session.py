"""Whatever order messages come in, the host keeps its promises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.connectors.sparkplug.codec import Metric, encode, parse
from isthmus.connectors.sparkplug.datatype import DataType
from isthmus.connectors.sparkplug.node import SECOND, Life, Moment, Target
from isthmus.connectors.sparkplug.session import WINDOW, HostSession
from isthmus.connectors.sparkplug.topic import Topic
from isthmus.model.sample import Status
from isthmus.model.tag import Tag

VERBS = ["NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA"]
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.sampled_from(["e", "f"]),
        st.sampled_from(["d", "g"]),
        st.none() | st.integers(0, 5) | st.integers(250, 257),
        st.integers(0, 3),  # bdSeq
        st.booleans(),  # by alias
        st.floats(0, 5),  # seconds since the message before
    ),
    max_size=60,
)


def fresh(reorder: int) -> HostSession:
    number = iter(range(100))

    def target() -> tuple[Target, ...]:
        place = next(number)
        return (Target(place, Tag(f"line/m/x{place}"), {}),)

    wanted = {edge: {device: {"v": target()} for device in ("", "d", "g")} for edge in ("e", "f")}
    return HostSession(wanted, reorder=reorder, patience=3 * SECOND, pause=2 * SECOND)


def message(verb: str, device: str, seq: int | None, bd_seq: int, by_alias: bool, value: float):
    alias = {"": 1, "d": 2, "g": 3}[device]
    metrics = [Metric("bdSeq", bd_seq, DataType.UINT64)] if verb in ("NBIRTH", "NDEATH") else []
    if verb in ("NBIRTH", "DBIRTH"):
        metrics.append(Metric("v", value, DataType.DOUBLE, alias=alias))
    elif verb in ("NDATA", "DDATA"):
        name, alias = ("", alias) if by_alias else ("v", None)
        metrics.append(Metric(name, value, DataType.DOUBLE, alias=alias))
    return parse(encode(metrics, time=1_700_000_000_000, seq=seq))


@settings(max_examples=300, deadline=None)
@given(MESSAGES, st.sampled_from([0, SECOND]))
def test_invariants_hold_in_any_order(messages, reorder):
    host, clock, asked_at = fresh(reorder), 0, {}
    host.opened(Moment(clock, clock))
    owners = {
        target.id: (edge, name)
        for edge, node in host.nodes.items()
        for name, device in node.devices.items()
        for target in device.all_targets()
    }
    for number, (verb, edge, name, seq, bd_seq, by_alias, passed) in enumerate(messages):
        clock += round(passed * SECOND)
        now = Moment(1_700_000_000 * SECOND + clock, clock)
        device = name if verb[0] == "D" else ""
        life, dead = host.nodes[edge].life, host.nodes[edge].life is Life.OFFLINE
        host.tick(now)
        host.take()
        births_wait = any(held.verb == "DBIRTH" for held, _ in host.nodes[edge].held.values())
        payload = message(verb, device, seq, bd_seq, by_alias, float(number))
        host.receive(Topic("g", verb, edge, device), payload, now)
        reading, rebirths = host.take()
        node = host.nodes[edge]
        for tag, quality in zip(reading.batch.tag, reading.batch.quality, strict=True):
            owner, part = owners[int(tag)]
            assert owner == edge
            if quality < Status.BAD:  # only who was born speaks
                assert host.nodes[owner].devices[part].metrics
                assert not dead or verb == "NBIRTH"
        if life is Life.UNSURE and verb in ("NDATA", "DDATA") and not births_wait:
            assert all(reading.batch.quality >= Status.UNCERTAIN)
        if verb == "NBIRTH":
            assert node.life is Life.ONLINE
            assert not node.held
        assert node.expected is None or 0 <= node.expected < 256
        assert len(node.held) <= WINDOW
        assert (node.deadline is None) == (not node.held)
        if node.life is Life.OFFLINE:
            assert not any(one.born for one in node.devices.values())
        for one in rebirths:
            if one in asked_at:
                assert clock - asked_at[one] >= 2 * SECOND
            asked_at[one] = clock
        assert all(known.alias == alias for alias, known in node.aliases.items())


@settings(max_examples=200, deadline=None)
@given(st.permutations(range(12)), st.integers(0, 255))
def test_shuffled_data_within_the_window_equals_ordered_data(order, start):
    host = fresh(10 * SECOND)
    host.receive(
        Topic("g", "NBIRTH", "e"), message("NBIRTH", "", start, 1, True, 0.0), Moment(1, 1)
    )
    host.take()
    values = []
    for place in order:
        payload = message("NDATA", "", (start + 1 + place) % 256, 1, True, float(place))
        host.receive(Topic("g", "NDATA", "e"), payload, Moment(1, 1))
        reading, rebirths = host.take()
        assert not rebirths
        values += reading.batch.value.tolist()
        assert all(reading.batch.quality == 0)
    assert values == [float(place) for place in range(12)]
    assert host.nodes["e"].life is Life.ONLINE
