"""What holds of every policy, and that Cedar, which others wrote, decides the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.model.access import RIGHTS, Access, Deny, Grant, Principal, Right, Role, Scope
from isthmus.trust.policy.policy import Policy
from isthmus.trust.policy.reach import Zones

LEVELS = ["packaging", "line1", "line10", "filler"]
PATHS = st.lists(st.sampled_from(LEVELS), max_size=3).map("/".join)
AT = PATHS | st.sampled_from(["**/filler", "packaging/*", "*/line1/**", "pack*/line1*"])
WHO = st.sampled_from(["person:anna", "person:ben", "group:leads", "team:shift", "everyone"])
ZONE = st.sampled_from(["", "cell", "safety"])
GRANTS = st.builds(Grant, WHO, st.sampled_from(Role), AT, ZONE)
DENIES = st.builds(Deny, WHO, st.frozensets(st.sampled_from(Right), min_size=1), AT, ZONE)
ACCESS = st.builds(
    Access,
    st.lists(GRANTS, max_size=5).map(tuple),
    st.lists(DENIES, max_size=3).map(tuple),
    st.just({"team:shift": frozenset({"person:ben", "group:leads"})}),
)
PRINCIPALS = st.builds(
    Principal,
    st.sampled_from(["person:anna", "person:ben", "service:bi"]),
    groups=st.frozensets(st.sampled_from(["group:leads", "team:shift"])),
)
RIGHT = st.sampled_from(Right)
ZONES = Zones.of(
    {"packaging/line1/filler": "cell", "packaging/line10/filler": "safety", "line1/line1": ""}
)


def decided(access, principal, right, path, zone=""):
    return bool(Policy(access, ZONES, "acme/riverside").decide(principal, right, path, zone))


@given(ACCESS, PRINCIPALS, RIGHT, PATHS, DENIES)
def test_a_denial_more_never_allows_more(access, principal, right, path, deny):
    stricter = replace(access, deny=(*access.deny, deny))
    if decided(stricter, principal, right, path):
        assert decided(access, principal, right, path)


@given(ACCESS, PRINCIPALS, RIGHT, PATHS, GRANTS)
def test_a_grant_more_never_denies_more(access, principal, right, path, grant):
    wider = replace(access, grants=(*access.grants, grant))
    if decided(access, principal, right, path):
        assert decided(wider, principal, right, path)


@given(ACCESS, PRINCIPALS, RIGHT, PATHS, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(access, principal, right, path, random):
    grants, deny = list(access.grants), list(access.deny)
    random.shuffle(grants)
    random.shuffle(deny)
    other = replace(access, grants=tuple(grants), deny=tuple(deny))
    assert decided(access, principal, right, path) == decided(other, principal, right, path)


@given(ACCESS, PRINCIPALS, RIGHT, PATHS, PATHS)
def test_what_is_allowed_at_a_place_is_allowed_below_it(access, principal, right, path, below):
    plain = replace(
        access,
        grants=tuple(g for g in access.grants if not g.zone and "*" not in g.at),
        deny=tuple(replace(d, zone="") for d in access.deny),
    )
    if decided(plain, principal, right, path):
        assert decided(plain, principal, right, "/".join(filter(None, (path, below))))


@given(
    ACCESS, PRINCIPALS, RIGHT, PATHS, st.frozensets(RIGHT), st.lists(AT.filter(bool), max_size=2)
)
def test_a_token_never_does_more_than_its_owner(access, principal, right, path, rights, at):
    held = replace(principal, scope=Scope(rights, tuple(at)))
    if decided(access, held, right, path):
        assert right in rights
        assert decided(access, principal, right, path)


@given(ACCESS, PRINCIPALS, st.lists(PATHS.filter(bool), max_size=6))
def test_a_sight_of_many_is_each_decision(access, principal, paths):
    policy = Policy(access, ZONES)
    expected = [bool(policy.decide(principal, Right.READ, path)) for path in paths]
    assert policy.visible(principal, paths) == expected
    assert Policy(access, ZONES).visible(principal, paths) == expected


CEDAR_PATHS = st.lists(st.sampled_from(LEVELS), min_size=1, max_size=3).map("/".join)
PLAIN_GRANTS = st.builds(Grant, WHO, st.sampled_from(Role), PATHS)
PLAIN_DENIES = st.builds(Deny, WHO, st.frozensets(RIGHT, min_size=1), PATHS)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PLAIN_GRANTS, max_size=5),
    st.lists(PLAIN_DENIES, max_size=3),
    PRINCIPALS,
    RIGHT,
    st.sampled_from(["packaging/line1/filler", "packaging/line10/filler", "line1", "filler/line1"]),
)
def test_cedar_decides_the_same(grants, deny, principal, right, path):
    cedarpy = pytest.importorskip("cedarpy", reason="cedarpy is not installed: pip install cedarpy")
    access = Access(
        tuple(grants), tuple(deny), {"team:shift": frozenset({"person:ben", "group:leads"})}
    )
    ours = decided(access, principal, right, path)
    # a question at a tag, at which nothing lies below: a denial deeper down is not of this question
    deeper = [one for one in deny if one.at.startswith(f"{path}/")]
    if deeper:
        return
    told = [cedar("permit", one.who, RIGHTS[one.role], one.at) for one in grants]
    told += [cedar("forbid", one.who, one.rights, one.at) for one in deny]
    asked = {
        "principal": f'Who::"{principal.id}"',
        "action": f'Action::"{right.value}"',
        "resource": f'At::"{path}"',
        "context": {},
    }
    found = cedarpy.is_authorized(asked, "\n".join(told), entities(principal, path))
    assert ours == (found.decision == cedarpy.Decision.Allow)


def cedar(effect, who, rights, at):
    actions = ", ".join(f'Action::"{right.value}"' for right in sorted(rights))
    return f'{effect}(principal in Who::"{who}", action in [{actions}], resource in At::"{at}");'


def entities(principal, path):
    """What is in what: the person in groups, a group in its team, equipment in its equipment."""
    made, levels = [], path.split("/")
    for depth in range(1, len(levels) + 1):
        parent = "/".join(levels[: depth - 1])
        made.append(entity("At", "/".join(levels[:depth]), [("At", parent)]))
    made += [entity("At", "", []), entity("Who", "everyone", []), entity("Who", "team:shift", [])]
    made.append(entity("Who", "group:leads", [("Who", "team:shift")]))
    of = [("Who", group) for group in principal.groups] + [("Who", "everyone")]
    if principal.id == "person:ben":
        of.append(("Who", "team:shift"))
    made.append(entity("Who", principal.id, of))
    return made


def entity(kind, name, parents):
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": other, "id": of} for other, of in parents],
    }
