"""A rule is a principal like any other: it may do what the policy grants it, and no more."""

from __future__ import annotations

import pytest

from isthmus.model.access import Access, Deny, Grant, Principal, Right, Role
from isthmus.trust.policy.policy import Policy

PRESS, OVEN = "hall/line1/press/cooler", "hall/line1/oven/heater"
RULE = Principal("rule:cool", name="cool", how="rule")
GRANT = Grant("rule:cool", Role.OPERATOR, "hall/line1/press")


@pytest.mark.parametrize(
    ("access", "path", "allowed"),
    [
        (Access(), PRESS, False),
        (Access((GRANT,)), PRESS, True),
        (Access((GRANT,)), OVEN, False),
        (Access((Grant("rule:heat", Role.OPERATOR),)), PRESS, False),
        (Access((Grant("person:anna", Role.ENGINEER),)), PRESS, False),
        (Access((Grant("rule:cool", Role.VIEWER),)), PRESS, False),
        (Access((GRANT,), (Deny("everyone", frozenset({Right.WRITE})),)), PRESS, False),
    ],
)
def test_writes_where_it_is_granted_alone(access, path, allowed):
    assert Policy(access).decide(RULE, Right.WRITE, path).allowed is allowed
    assert not Policy(access).decide(RULE, Right.GOVERN).allowed
