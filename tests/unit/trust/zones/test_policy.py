"""What the policy says of packets, what it asks of a firewall, and what it answers people."""

from dataclasses import replace

import pytest
from tests.unit.trust.zones.plants import plant

from isthmus.model.service import SERVICES, Service, named, services
from isthmus.trust.zones.policy import Packet, Policy, merged
from isthmus.trust.zones.reach import diff, moved, reach, redundant
from isthmus.trust.zones.rules import compile_rules, isolation

RULES = """\
table inet isthmus
delete table inet isthmus
table inet isthmus {
  set zone_business_4 { type ipv4_addr; flags interval; elements = { 10.2.0.0/16 } }
  set zone_dmz_4 { type ipv4_addr; flags interval; elements = { 10.3.0.0/24 } }
  set zone_site_4 { type ipv4_addr; flags interval; elements = { 10.4.0.0/24 } }
  set zone_site_6 { type ipv6_addr; flags interval; elements = { fd00:4::/64 } }
  set zone_line1_4 { type ipv4_addr; flags interval; elements = { 10.4.1.0/24 } }
  set zone_line1_6 { type ipv6_addr; flags interval; elements = { fd00:4:1::/64 } }
"""


SIGNS = ("@management_4", "within", "@isolated_4", "established,related", "site>line1", "log")


@pytest.fixture
def policy(tmp_path):
    return Policy.of(plant(tmp_path))


def judged(policy, source, target, protocol, port):
    return policy.judge(Packet.of(source, target, protocol, port))


@pytest.mark.parametrize(
    ("source", "target", "protocol", "port", "allowed", "why"),
    [
        ("10.4.0.9", "10.4.1.200", "tcp", 502, True, "conduit site>line1"),
        ("fd00:4::9", "fd00:4:1::9", "tcp", 503, True, "conduit site>line1"),
        ("10.4.0.9", "10.4.1.200", "udp", 161, True, "conduit site>line1"),
        ("10.4.0.9", "10.4.1.200", "tcp", 161, False, "NO site to line1 allows tcp/161"),
        ("10.4.0.9", "10.4.1.200", "udp", 502, False, "NO site to line1 allows udp/502"),
        ("10.4.1.200", "10.4.0.9", "tcp", 502, False, "NO line1 to site allows modbus"),
        ("10.2.0.9", "10.4.1.200", "tcp", 502, False, "NO business to line1 allows modbus"),
        ("10.4.1.1", "10.4.1.200", "tcp", 9, True, "within line1"),
        ("192.0.2.1", "10.4.1.200", "tcp", 502, False, "192.0.2.1 stands in no zone"),
        ("10.4.0.9", "192.0.2.1", "tcp", 443, False, "192.0.2.1 stands in no zone"),
        ("10.4.0.17", "192.0.2.1", "tcp", 22, True, "management"),
        ("10.4.0.17", "10.4.1.9", "tcp", 23, False, "NO site to line1 allows tcp/23"),
    ],
)  # fmt: skip
def test_a_flow_passes_by_a_conduit_within_a_zone_or_by_the_floor_and_not_else(
    policy, source, target, protocol, port, allowed, why
):
    verdict = judged(policy, source, target, protocol, port)
    assert (verdict.allowed, verdict.why) == (allowed, why.replace("NO ", "no conduit from "))


def test_an_island_is_cut_off_on_both_sides_lives_within_and_never_locks_the_floor_out(policy):
    island = policy.isolated("line1")
    assert judged(island, "10.4.0.9", "10.4.1.9", "tcp", 502).why == "line1 is an island"
    assert not judged(island, "10.4.1.9", "10.4.0.9", "tcp", 502).allowed
    assert judged(island, "10.4.1.9", "10.4.1.200", "tcp", 502).allowed
    assert judged(island, "10.4.0.17", "10.4.1.9", "tcp", 22).why == "management"
    assert island.isolated("line1", cut=False) == policy


def test_rules_are_the_same_for_the_same_policy_and_hold_the_floor_before_all(policy, tmp_path):
    text = compile_rules(policy)
    assert text == compile_rules(Policy.of(plant(tmp_path)))
    assert text.startswith(RULES)
    assert "policy drop;" in text
    rules = [line.strip() for line in text.partition("chain boundary")[2].splitlines()]
    order = [next(place for place, rule in enumerate(rules) if sign in rule) for sign in SIGNS]
    assert order == sorted(order)
    assert (
        "ip saddr @zone_site_4 ip daddr @zone_line1_4 tcp dport { 502-503 } ct state new "
        'counter accept comment "site>line1"'
    ) in rules
    assert not any("zone_business_6" in rule for rule in rules)


def test_the_stage_log_drops_nothing(policy):
    text = compile_rules(policy, stage="log")
    assert "drop" not in text
    assert 'log prefix "isthmus-would-deny "' in text


def test_names_that_read_alike_get_sets_of_their_own(policy):
    held = policy.zones["dmz"], policy.zones["business"]
    alike = replace(policy, zones=dict(zip(("line-1", "line_1"), held, strict=True)), ways=())
    text = compile_rules(alike)
    assert "set zone_line_1_4 " in text
    assert "set zone_line_1_2_4 " in text


def test_cutting_a_zone_is_an_element_of_a_set_for_each_of_its_networks(policy):
    assert isolation(policy, "line1", cut=True) == (
        "add element inet isthmus isolated_4 { 10.4.1.0/24 }\n"
        "add element inet isthmus isolated_6 { fd00:4:1::/64 }\n"
    )
    assert "delete element" in isolation(policy, "line1", cut=False)
    assert (
        "elements = { 10.4.1.0/24 }"
        in (
            compile_rules(policy.isolated("line1"))
            .partition("set isolated_4")[2]
            .partition("\n")[0]
        )
    )


def test_reach_tells_ways_and_who_is_needed_between(policy):
    straight = reach(policy, "site", "line1")
    assert straight.reached
    assert [way.id for way in straight.ways] == ["site>line1", "site>line1#2"]
    assert not reach(policy, "line1", "business").reached
    over = reach(policy, "business", "dmz")
    assert over.reached
    none = reach(policy, "business", "line1")
    assert (none.reached, none.via) == (False, ())
    with pytest.raises(KeyError):
        reach(policy, "site", "moon")


def test_reach_names_the_zones_that_a_foothold_is_needed_in(tmp_path):
    more = plant(tmp_path, dmz=("{from: site, to: dmz,", "{from: dmz, to: site,"))
    route = reach(Policy.of(more), "business", "line1")
    assert (route.reached, route.via) == (False, ("dmz", "site"))
    cut = Policy.of(more).isolated("site")
    assert reach(cut, "business", "line1").via == ()


def test_a_difference_is_told_in_ports_and_networks(policy, tmp_path):
    new = Policy.of(
        plant(
            tmp_path,
            ports=("tcp/503, udp/161", "tcp/500-502"),
            net=("10.2.0.0/16", "10.2.0.0/17"),
        )
    )
    (change,) = diff(policy, new)
    assert (change.source, change.target) == ("site", "line1")
    assert list(map(str, change.opened)) == ["tcp/500-501"]
    assert list(map(str, change.closed)) == ["tcp/503", "udp/161"]
    assert moved(policy, new) == ["business: networks 10.2.0.0/16 become 10.2.0.0/17"]
    assert diff(policy, policy) == []
    assert "line1: becomes an island" in moved(policy, policy.isolated("line1"))


def test_a_conduit_that_another_covers_is_named_once(policy):
    assert [(way.id, other.id) for way, other in redundant(policy)] == [
        ("site>line1#2", "site>line1")
    ]


def test_services_that_touch_are_one_and_names_are_given_back():
    assert merged([*services("tcp/80-90"), *services("tcp/91"), *services("udp/80")]) == (
        Service("tcp", 80, 91),
        Service("udp", 80, 80),
    )
    for name, meant in SERVICES.items():
        assert named(meant[0].protocol, meant[0].first) == name
    assert named("tcp", 1) == "tcp/1"
