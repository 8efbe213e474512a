"""Recorded flows against a policy, and the flows that a plant file needs for itself."""

import pytest
from tests.unit.trust.zones.plants import PLANT, plant

from isthmus.model.errors import ConfigError, StorageError
from isthmus.trust.zones import own
from isthmus.trust.zones.findings import findings
from isthmus.trust.zones.flows import read_flows, replay
from isthmus.trust.zones.islands import Islands
from isthmus.trust.zones.policy import Policy

CSV = """time,src,dst,proto,port
2026-01-01T00:00:00Z,10.4.0.9,10.4.1.20,tcp,502
2026-01-01T00:00:01Z,10.4.0.9,10.4.1.20,TCP,102
2026-01-01T00:00:02Z,10.4.0.9,10.4.1.20,6,102
2026-01-01T00:00:03Z,10.2.0.9,10.4.1.20,tcp,3389
2026-01-01T00:00:04Z,10.2.0.9,10.4.1.20,icmp,0
nonsense
2026-01-01T00:00:05Z,10.2.0.9,somewhere,tcp,80
"""
CONNTRACK = """\
ipv4     2 tcp      6 431999 ESTABLISHED src=10.4.0.9 dst=10.4.1.20 sport=40000 dport=502 \
src=10.4.1.20 dst=10.4.0.9 sport=502 dport=40000 [ASSURED] mark=0 use=2
ipv4     2 udp      17 29 src=10.4.0.9 dst=10.4.1.20 sport=40000 dport=162 [UNREPLIED] \
src=10.4.1.20 dst=10.4.0.9 sport=162 dport=40000 mark=0 use=2
ipv4     2 icmp     1 29 src=10.4.0.9 dst=10.4.1.20 type=8 code=0 id=1 src=10.4.1.20 dst=10.4.0.9
"""


def replayed(tmp_path, text):
    file = tmp_path / "flows"
    file.write_text(text, "utf-8")
    return replay(Policy.of(plant(tmp_path)), read_flows(file))


def test_a_table_of_flows_tells_what_would_be_denied_the_most_frequent_first(tmp_path):
    result = replayed(tmp_path, CSV)
    assert (result.flows, result.allowed, result.unread) == (4, 1, 3)
    assert [(one.seen, one.packet.port) for one in result.denied] == [(2, 102), (1, 3389)]
    first = result.denied[0]
    assert (first.first, first.last) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z")
    assert first.verdict.why == "no conduit from site to line1 allows s7"
    assert result.unused == ["business>dmz", "site>dmz", "site>line1#2"]


def test_a_list_of_connections_of_the_kernel_is_read_by_who_opened_each(tmp_path):
    result = replayed(tmp_path, CONNTRACK)
    assert (result.flows, result.allowed, result.unread) == (2, 1, 1)
    assert str(result.denied[0].packet) == "10.4.0.9 to 10.4.1.20 udp/162"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "src,dst,proto\n1,2,3\n", "\x00\n"])
def test_what_is_neither_is_an_error_that_says_what_is_needed(tmp_path, text):
    with pytest.raises(ConfigError, match="has no column") as caught:
        replayed(tmp_path, text)
    assert "src, dst, proto, port" in caught.value.hint


CONNECTION = """
connections:
  filler:
    kind: modbus
    host: {host}
    port: {port}
    {zone}
    tags: {{packaging/line1/filler/speed: "holding:0"}}
"""


def needed(tmp_path, host="10.4.1.20", port=502, zone=""):
    found = plant(tmp_path, PLANT + CONNECTION.format(host=host, port=port, zone=zone))
    policy = Policy.of(found)
    (need,) = own.needs(found, policy)
    return need, own.judge(policy, need), findings(found, policy)


def about(weak, what):
    return [one for one in weak if one.about == what]


def test_a_connection_that_a_conduit_carries_is_no_finding(tmp_path):
    need, verdict, weak = needed(tmp_path)
    assert (need.source, need.target, need.service, need.plain) == ("site", "line1", "modbus", True)
    assert verdict.conduit == "site>line1"
    assert about(weak, "connections.filler") == []


def test_a_connection_that_no_conduit_carries_is_found_before_a_firewall_stops_it(tmp_path):
    _, verdict, weak = needed(tmp_path, port=5020)
    assert not verdict.allowed
    (one,) = about(weak, "connections.filler")
    assert one.state == "wrong"
    assert "would be stopped" in one.text
    assert one.hint == "add the conduit `{from: site, to: line1, allow: [tcp/5020]}`"


def test_a_device_in_no_zone_is_noted_and_one_with_a_name_stands_where_the_file_says(tmp_path):
    assert about(needed(tmp_path, host="192.0.2.7")[2], "connections.filler")[0].state == "note"
    need, verdict, _ = needed(tmp_path, host="filler.acme.example", zone="zone: line1")
    assert (need.target, verdict.allowed) == ("line1", True)


def test_a_device_on_this_machine_is_behind_no_boundary(tmp_path):
    need, verdict, weak = needed(tmp_path, host="127.0.0.1", port=7, zone="zone: line1")
    assert need.source == need.target == "site"
    assert verdict.allowed
    assert about(weak, "connections.filler") == []


def test_what_is_weak_in_zones_themselves_is_told(tmp_path):
    found = plant(
        tmp_path,
        here=(", here: true", ""),
        net=("level: 4, networks: [10.2.0.0/16]", "level: 4"),
        why=(", why: reports", ""),
        floor=("management: {networks: [10.4.0.16/28], allow: [ssh]}", ""),
    )
    texts = [one.text for one in findings(found, Policy.of(found))]
    assert "business has no networks: no rule can guard it" in texts
    assert "no management floor: a boundary cannot be given these rules" in texts
    assert "conduit business>dmz does not say what it is for" in texts
    assert "conduit site>line1 carries modbus, which nothing protects" in texts
    assert "conduit site>line1#2 allows nothing that site>line1 does not" in texts
    assert not any("stands in it" in text for text in texts)  # the zone `site` is meant


def test_islands_outlive_the_process_and_one_sees_what_another_cut(tmp_path):
    ours, theirs = Islands.open(tmp_path), Islands.open(tmp_path)
    assert ours.set("line1", "person:anna", "worm", cut=True)
    assert not ours.set("line1", "person:anna", "worm", cut=True)
    assert theirs.zones == {"line1"}
    assert theirs.look()["line1"].reason == "worm"
    assert theirs.set("line1", "person:ben", "", cut=False)
    assert ours.zones == frozenset()
    assert (tmp_path / "islands.json").stat().st_mode & 0o077 == 0
    (tmp_path / "islands.json").write_text("[{", "utf-8")
    with pytest.raises(StorageError, match="islands"):
        ours.look()
