"""Real packets through the real firewall of the kernel: each passes or not as the policy says."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.zones.field import SCRIPT, in_namespace

from isthmus.model.service import Service, services
from isthmus.trust.zones.policy import Packet, Policy, Way, networks
from isthmus.trust.zones.rules import compile_rules, isolation

NETWORKS = {
    "enterprise": ("10.40.0.0/24", "fd00:40::/64"),
    "dmz": ("10.35.0.0/24", "fd00:35::/64"),
    "site": ("10.30.0.0/24", "10.31.0.0/24", "fd00:30::/64"),
    "line-1": ("10.11.0.0/24", "fd00:11::/64"),
    "line_1": ("10.12.0.0/24",),  # a name that reads the same to a careless compiler
    "admin": ("10.9.0.0/24",),
}


def way(source, target, *words, number=""):
    meant = tuple(service for word in words for service in services(word))
    return Way(f"{source}>{target}{number}", source, target, meant)


POLICY = Policy(
    {name: networks(held) for name, held in NETWORKS.items()},
    (
        way("enterprise", "dmz", "https"),
        way("site", "dmz", "mqtt-tls", "nats-tls"),
        way("site", "line-1", "opcua", "modbus", "udp/161"),
        way("site", "line_1", "tcp/9000-9010"),
        way("line-1", "site", "ntp"),
        way("site", "line-1", "s7", number="#2"),
    ),
    networks(["10.9.0.7/32"]),
    services("ssh"),
)
NEXT = replace(POLICY, ways=(*POLICY.ways[:2], way("site", "line-1", "opcua"), *POLICY.ways[4:]))


def hosts(held):
    """Gateway and a machine in each network, two in the first."""
    found = networks(held)
    first = [str(found[0][7]), str(found[0][8])]
    return {
        "gateways": [(str(one[1]), one.prefixlen) for one in found],
        "hosts": [*first, *(str(one[7]) for one in found[1:])],
    }


ROOMS = {name: hosts(held) for name, held in NETWORKS.items()}


def every_probe(protocols_and_ports, seed=7, many=260):
    """Probes between machines of different zones, drawn evenly, the same in each run."""
    ends = [(zone, host) for zone, room in ROOMS.items() for host in room["hosts"]]
    pairs = [
        (near, far)
        for near in ends
        for far in ends
        if near[0] != far[0] and (":" in near[1]) == (":" in far[1])
    ]
    drawn = random.Random(seed)
    drawn.shuffle(pairs)
    found = [
        {"from": near, "to": far, "protocol": protocol, "port": port}
        for protocol, port in protocols_and_ports
        for near, far in pairs
    ]
    drawn.shuffle(found)
    allowed = [one for one in found if expected(POLICY, one)]
    return (allowed + [one for one in found if not expected(POLICY, one)])[:many]


def expected(policy, probe):
    ends = probe["from"][1], probe["to"][1]
    return policy.judge(Packet.of(*ends, probe["protocol"], probe["port"])).allowed


PORTS = [
    *[("tcp", port) for port in (443, 502, 4840, 102, 8883, 4222, 9000, 9010, 9011, 22, 6000)],
    *[("udp", port) for port in (123, 161, 502)],
]


def test_each_packet_passes_or_not_as_the_policy_says_before_and_after_a_reload(tmp_path):
    probes = every_probe(PORTS)
    policies = [POLICY, NEXT, POLICY.isolated("line-1"), POLICY]
    steps = [{"rules": compile_rules(policy), "probes": probes} for policy in policies]
    found = in_namespace({"task": "probe", "zones": ROOMS, "folder": str(tmp_path), "steps": steps})
    wrong = [
        (number, probe, passed)
        for number, (policy, step) in enumerate(zip(policies, found, strict=True))
        for probe, passed in zip(probes, step["passed"], strict=True)
        if passed != expected(policy, probe)
    ]
    assert wrong == []
    assert len(probes) >= 200
    allowed = [sum(step["passed"]) for step in found]
    assert allowed[0] == allowed[3] > allowed[1] > 0  # each policy is another
    assert allowed[2] < allowed[0]
    counted = found[0]["counters"]
    for one in POLICY.ways:
        through = [probe for probe in probes if expected(POLICY, probe) and led(probe) == one.id]
        # a TCP connect is one new packet of the flow, a datagram too
        assert counted.get(one.id, 0) == len(through)
    assert counted["denied"] >= len(probes) - allowed[0]


def led(probe):
    ends = probe["from"][1], probe["to"][1]
    return POLICY.judge(Packet.of(*ends, probe["protocol"], probe["port"])).conduit


def test_the_stage_log_holds_nothing_back_and_counts_what_it_would(tmp_path):
    probes = every_probe(PORTS, many=400)[-40:]
    assert not any(expected(POLICY, probe) for probe in probes)
    steps = [{"rules": compile_rules(POLICY, stage="log"), "probes": probes}]
    found = in_namespace({"task": "probe", "zones": ROOMS, "folder": str(tmp_path), "steps": steps})
    assert all(found[0]["passed"])
    assert found[0]["counters"]["denied"] >= len(probes)


PORT = st.integers(1, 12)
SPAN = st.tuples(PORT, PORT).map(lambda two: (9000 + min(two), 9000 + max(two)))
SERVICE = st.builds(
    lambda protocol, span: Service(protocol, *span), st.sampled_from(["tcp", "udp"]), SPAN
)
ENDS = st.tuples(st.sampled_from(sorted(NETWORKS)), st.sampled_from(sorted(NETWORKS))).filter(
    lambda two: two[0] != two[1]
)


@st.composite
def policies(draw):
    ways = [
        Way(f"way-{number}", *draw(ENDS), tuple(draw(st.lists(SERVICE, min_size=1, max_size=3))))
        for number in range(draw(st.integers(0, 5)))
    ]
    islands = draw(st.sets(st.sampled_from(sorted(NETWORKS)), max_size=1))
    floor = tuple(draw(st.lists(SERVICE, max_size=1)))
    return replace(POLICY, ways=tuple(ways), islands=frozenset(islands), floor=floor)


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rules_of_any_policy_decide_as_the_reference(data, tmp_path_factory):
    drawn = [data.draw(policies()) for _ in range(10)]
    ports = [(protocol, 9000 + port) for protocol in ("tcp", "udp") for port in (0, 3, 7, 12)]
    probes = every_probe(ports, seed=data.draw(st.integers(0, 999)), many=10_000)[:40]
    steps = [{"rules": compile_rules(policy), "probes": probes} for policy in drawn]
    folder = str(tmp_path_factory.mktemp("zones"))
    found = in_namespace({"task": "probe", "zones": ROOMS, "folder": folder, "steps": steps})
    for policy, step in zip(drawn, found, strict=True):
        assert step["passed"] == [expected(policy, probe) for probe in probes]


PROBE = {
    "from": ("site", ROOMS["site"]["hosts"][0]),
    "to": ("line-1", ROOMS["line-1"]["hosts"][0]),
    "protocol": "tcp",
    "port": 4840,
}


def test_a_bad_policy_rolls_back_by_itself_though_whoever_applied_it_is_gone(tmp_path):
    bad = compile_rules(replace(POLICY, ways=()))
    task = {"good": compile_rules(POLICY), "bad": bad, "seconds": 2.5, "probe": PROBE}
    found = in_namespace(
        {"task": "roll_back", "zones": ROOMS, "folder": str(tmp_path / "rules"), **task}
    )
    assert found["open"]
    assert found["good"]
    assert found["confirmed"] == [True, True]
    assert not found["bad"]
    assert "wait to be confirmed" in found["second"]
    assert 0 < found["left"] < 2.5
    assert found["after"]
    assert found["as_before"]
    assert "they were rolled back" in found["late"]


def test_an_island_cuts_what_is_open_too_and_is_one_change_of_a_set(tmp_path):
    commands = {
        "rules": compile_rules(POLICY),
        "cut": isolation(POLICY, "line-1", cut=True),
        "join": isolation(POLICY, "line-1", cut=False),
    }
    assert commands["cut"].count("add element") == 2  # one a family of addresses
    found = in_namespace(
        {"task": "cut_open", "zones": ROOMS, "folder": str(tmp_path), "probe": PROBE, **commands}
    )
    assert found["heard"] == [True, False, True]
    assert found["counters"]["islands"] > 0


def test_the_proof_refuses_to_load_rules_in_the_namespace_of_its_caller():
    here = str(Path("/proc/self/ns/net").stat().st_ino)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), here], input="{}", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "refusing to load rules" in done.stderr
