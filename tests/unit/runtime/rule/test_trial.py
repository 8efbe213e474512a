"""Another condition is tried before anybody writes it; what nobody tried is told."""

from __future__ import annotations

import pytest

from isthmus.cli.main import main
from isthmus.model.errors import ConfigError
from isthmus.runtime.config.load import load
from isthmus.runtime.rule.kept import Kept, Seen, untried
from isthmus.runtime.rule.trial import change, live, tried

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {hall: {line1: {units: {press: {tags: {force: {unit: kN}, oil: {unit: degC}}}}}}}
rules:
  heavy: {at: hall/line1/press, when: force > 100, deadband: 20, mode: live, then: [{event: x}]}
  calm: {at: hall/line1/press, when: force < 1, for: 2 min, then: [{event: x}]}
"""


@pytest.fixture
def plant(tmp_path):
    (tmp_path / "plant.yaml").write_text(PLANT)
    return load(tmp_path / "plant.yaml")


def test_another_condition_is_read_as_the_file_would_be(plant):
    rule = plant.rules["heavy"]
    other = tried(plant, rule, {"when": "mean(force, 5 min) > 90 and oil > 60", "for": "30 s"})
    assert (other.lasting, other.places[0].when.inputs) == (30.0, ("force", "oil"))
    assert other.places[0].acts == rule.places[0].acts
    assert other.digest != rule.digest
    assert change(rule, other) == (
        'rules:\n  heavy:\n    when: "mean(force, 5 min) > 90 and oil > 60"\n    for: 30 s'
    )
    assert change(rule, tried(plant, rule, {})) == ""


def test_times_of_the_file_stay_as_they_are(plant):
    other = tried(plant, plant.rules["calm"], {"when": "force < 2"})
    assert other.lasting == 120.0
    with pytest.raises(ConfigError, match="`10` has no unit of time") as caught:
        tried(plant, plant.rules["calm"], {"for": 10})
    assert caught.value.hint == "`10 s` or `10 min`?"


def test_what_is_empty_is_left_out(plant):
    other = tried(plant, plant.rules["heavy"], {"deadband": ""})
    assert "# without `deadband`" in change(plant.rules["heavy"], other)


def test_a_change_can_be_pasted_into_the_file(plant, tmp_path):
    rule = plant.rules["calm"]
    other = tried(plant, rule, {"when": 'force < 2 kN and "press/oil" > 3 degC', "for": "90 s"})
    text = PLANT.replace("force < 1, for: 2 min", "{}")
    when, lasting = (line.strip() for line in change(rule, other).splitlines()[2:])
    (tmp_path / "plant.yaml").write_text(text.replace("when: {}", f"{when}, {lasting}"))
    assert load(tmp_path / "plant.yaml").rules["calm"].digest == other.digest


@pytest.mark.parametrize(
    ("wish", "text", "hint"),
    [
        ({"when": "farce > 1"}, "there is no tag `farce`", "did you mean `force`?"),
        ({"when": "force > 1 bar"}, "measure different things", "write a unit like `kN`"),
        ({"for": "5 kg"}, "`5 kg` cannot be read in `s`", ""),
        ({"until": "oil <"}, "expected", ""),
    ],
)
def test_what_means_nothing_is_told(plant, wish, text, hint):
    with pytest.raises(ConfigError, match=text) as told:
        tried(plant, plant.rules["heavy"], wish)
    assert hint in told.value.hint


def test_says_what_makes_it_live(plant):
    assert live(plant.rules["heavy"]) == ""
    assert live(plant.rules["calm"]) == "rules:\n  calm:\n    mode: live"


def test_check_warns_of_live_rules_that_nobody_tried(plant, tmp_path, capsys):
    assert untried(plant.rules.values(), tmp_path) == ["heavy"]
    said = ["check", str(tmp_path / "plant.yaml"), "--data", str(tmp_path)]
    assert main(said) == 0
    assert "rule `heavy` is live, but nobody tried its present text" in capsys.readouterr().out
    kept = Kept.open(tmp_path / "rules.json")
    kept.seen["heavy"] = Seen(plant.rules["heavy"].digest, "person:anna", 1, 2, 30.0)
    kept.save()
    assert untried(plant.rules.values(), tmp_path) == []
    assert main(said) == 0
    assert "heavy" not in capsys.readouterr().out
    kept.seen["heavy"].digest = "another"
    kept.save()
    assert untried(plant.rules.values(), tmp_path) == ["heavy"]
