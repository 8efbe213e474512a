"""What was opened under one policy is judged by the next: no live stream outlives a right."""

from __future__ import annotations

import time

import httpx
import pytest

from isthmus.model.access import Access, Deny, Grant, Right, Role

WALL = "service:wall"
STREAMS = ("/api/live?tags=packaging/line1/filler/speed", "/api/links/log/tap")


@pytest.fixture
def wall(site):
    """A program that reads all of the site."""
    house = site.app.trust.identity
    text, _ = house.tokens.add("wall", ["read"], (), who=WALL, by="owner", days=1)
    with httpx.Client(
        base_url=site.client.base_url, headers={"Authorization": f"Bearer {text}"}, timeout=10
    ) as asking:
        yield asking
    house.tokens.revoke(lambda one: one.who == WALL)


def apply(site, *, grants=(), deny=()):
    before = site.app.plant.access
    wanted = Access((*before.grants, *grants), (*before.deny, *deny), before.teams)
    assert site.app.trust.rights.apply(wanted, "owner")


@pytest.mark.parametrize("route", STREAMS)
def test_a_policy_that_takes_a_right_ends_the_stream_that_had_it(site, wall, route):
    with wall.stream("GET", route) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        next(lines)
        apply(site, grants=[Grant("person:new", Role.VIEWER)])
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            next(lines)  # what concerns others does not end it
        barred = Deny(WALL, frozenset({Right.READ}), "packaging/line1")
        apply(site, deny=[barred])
        until = time.monotonic() + 5
        for _ in lines:
            assert time.monotonic() < until, "the stream goes on"
    assert wall.get(route).status_code == 403
