"""Security levels: the table, how evidence caps them, and what a plant's data folder shows."""

import json
from collections import Counter

import pytest
from tests.unit.trust.zones.plants import plant

from isthmus.cli.main import main
from isthmus.runtime.trust.evidence import assessments, evidence
from isthmus.trust.zones.levels import GROUPS, Evidence, assess, requirements, verified
from isthmus.trust.zones.policy import Policy
from isthmus.trust.zones.rules import compile_rules

MOST = {one.id: max(one.needs) for one in requirements()}


def whole(but=()):
    return [Evidence(name, met, "seen") for name, met in MOST.items() if name not in but]


def test_the_table_has_the_51_requirements_in_their_seven_groups():
    found = requirements()
    assert len({one.id for one in found}) == 51
    counts = Counter(one.group for one in found)
    assert [counts[group] for group in GROUPS.values()] == [13, 12, 9, 3, 4, 2, 8]
    assert all(len(one.needs) == 4 and list(one.needs) == sorted(one.needs) for one in found)
    assert not verified()  # nobody has compared it with a licensed copy


def test_all_evidence_is_the_highest_level_and_none_shows_nothing():
    best = assess("line1", 4, whole())
    assert set(best.shown.values()) == set(best.at_most.values()) == {4}
    assert best.gaps == []
    none = assess("line1", 2, [])
    assert set(none.shown.values()) <= {0, 1}
    assert set(none.at_most.values()) == {4}
    assert not none.gaps


def test_a_failure_caps_its_group_and_no_other():
    found = assess("line1", 2, [*whole(but=["5.2"]), Evidence("5.2", -1, "only logs")])
    assert found.shown == {**dict.fromkeys(GROUPS.values(), 4), "RDF": 0}
    assert [(gap.requirement.id, gap.seen) for gap in found.gaps] == [("5.2", "only logs")]
    half = assess("line1", 3, [*whole(but=["5.2"]), Evidence("5.2", 1, "deny by default")])
    assert half.shown["RDF"] == half.at_most["RDF"] == 2
    assert [gap.requirement.id for gap in half.gaps] == ["5.2"]


def test_of_two_pieces_of_evidence_the_worse_counts():
    found = assess("line1", 1, [*whole(), Evidence("3.1", -1, "plain")])
    assert found.at_most["SI"] == 0


def test_what_a_level_does_not_select_is_not_asked():
    found = assess("line1", 1, [])
    states = {one.requirement.id: one.state for one in found.judged}
    assert states["1.2"] == "not asked"
    assert states["1.1"] == "no evidence"


@pytest.fixture
def seen(tmp_path):
    def look(zone, **changes):
        found = plant(tmp_path, **changes)
        policy = Policy.of(found)
        pieces = evidence(found, policy, tmp_path / "data", found.zones[zone])
        return {one.id: one for one in pieces}, policy

    return look


def test_the_boundary_is_shown_by_rules_that_are_those_of_the_plant_file(seen, tmp_path):
    folder = tmp_path / "data" / "trust" / "zones"
    folder.mkdir(parents=True)
    pieces, policy = seen("line1")
    assert "5.2" not in pieces  # another machine may guard it
    (folder / "applied.nft").write_text(compile_rules(policy), "utf-8")
    assert seen("line1")[0]["5.2"].met == 3
    (folder / "applied.nft").write_text(compile_rules(policy.isolated("line1")), "utf-8")
    assert seen("line1")[0]["5.2"].met == -1
    (folder / "applied.nft").write_text(compile_rules(policy, stage="log"), "utf-8")
    assert seen("line1")[0]["5.2"].seen == "its boundary only logs"
    (folder / "applied.nft").write_text(compile_rules(policy), "utf-8")
    changed = seen("line1", more=("tcp/503", "tcp/504"))[0]["5.2"]
    assert changed.seen == "its boundary has other rules than the plant file says"


def test_the_site_itself_is_judged_by_its_data_folder(seen, tmp_path):
    pieces, _ = seen("site")
    assert pieces["1.1"].met == pieces["2.1"].met == pieces["2.8"].met == pieces["7.3"].met == -1
    (tmp_path / "data" / "trust" / "ledger").mkdir(parents=True)
    (tmp_path / "data" / "trust" / "accounts.json").write_text('[{"name": "anna"}]', "utf-8")
    pieces, _ = seen("site")
    assert (pieces["1.1"].met, pieces["2.8"].met) == (0, 1)
    assert "1.1" not in seen("line1")[0]


def test_the_command_shows_target_against_what_is_shown(tmp_path, monkeypatch, capsys):
    found = plant(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["zones", "levels", "--data", "data"]) == 1
    out = capsys.readouterr().out
    assert "✗ site: SR 1.1 Human user identification" in out
    assert "licensed copy" in out
    assert main(["zones", "levels", "--json", "--data", "data"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert [one["zone"] for one in body["zones"]] == list(found.zones)
    assert len(assessments(found, Policy.of(found), tmp_path)) == 4
