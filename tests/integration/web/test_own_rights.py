"""Nobody widens their own rights: not by the policy, not by the one before it, not by a team."""

from __future__ import annotations

import pytest

from isthmus.model.access import Access, Deny, Grant, Right, Role

OFFICER = "person:security"


@pytest.fixture
def govern(site, monkeypatch):
    """Has somebody apply a policy over the API, as if the plant file said it."""
    before = site.app.plant.access

    def ask(grants=(), deny=(), teams=None, who="security"):
        wanted = Access(
            (*before.grants, *grants), (*before.deny, *deny), {**before.teams, **(teams or {})}
        )
        monkeypatch.setattr("isthmus.web.policy._read", lambda _: wanted)
        return site.ask(who, "POST", "/api/policy/apply")

    yield ask
    site.app.trust.rights.apply(before, "owner")


@pytest.mark.parametrize(
    "change",
    [
        {"grants": [Grant(OFFICER, Role.ENGINEER)]},
        {"grants": [Grant("everyone", Role.OPERATOR, "packaging/line1")]},
        {"teams": {"team:leads": frozenset({"person:lea", OFFICER})}},
        {
            "grants": [Grant("team:night", Role.ADMIN)],
            "teams": {"team:night": frozenset({OFFICER})},
        },
    ],
    ids=["own grant", "everyone", "into a team", "a new team"],
)
def test_who_governs_does_not_widen_what_they_may_do(site, govern, change):
    refused = govern(**change)
    assert refused.status_code == 422, refused.text
    assert "would widen the rights of person:security" in refused.json()["error"]
    assert "ask another" in refused.json()["hint"]
    assert site.app.trust.rights.kept.acting == site.app.plant.access
    asked = {"kind": "policy", "by": OFFICER, "limit": 1}
    (told,) = site.ask("auditor", "GET", "/api/ledger", params=asked).json()["records"]
    assert told["text"].startswith("refused: the policy would widen")


def test_a_denial_of_oneself_is_lifted_by_another_and_rolled_back_by_another(site, govern):
    barred = Deny(OFFICER, frozenset({Right.AUDIT}), "packaging/line10")
    assert govern(deny=[barred]).status_code == 200  # one may take from oneself
    for ask in (govern, lambda: site.ask("security", "POST", "/api/policy/rollback")):
        refused = ask()
        assert refused.status_code == 422
        assert "deny nothing any more" in refused.json()["error"]
    assert site.client.post("/api/policy/rollback").status_code == 200  # the owner may


def test_what_others_get_and_what_one_has_already_is_no_matter(govern):
    assert govern(grants=[Grant("person:ben", Role.ENGINEER)]).status_code == 200
    assert govern(grants=[Grant("everyone", Role.VIEWER)]).status_code == 200
