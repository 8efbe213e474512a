"""What the commands of a line's energy print of what the site answers."""

import json

import pytest

from isthmus.cli import energy_forecast, energy_line
from isthmus.cli.main import main

AMOUNT = {"value": 288.04, "margin": 12.34}
MEASURE = {
    "name": "leaks",
    "title": "Leaks mended",
    "line": "packaging/line1",
    "start": 1.7e12,
    "kwh": AMOUNT,
    "money": {"value": 51.8, "margin": 2.2},
    "currency": "EUR",
    "co2_kg": None,
    "percent": 7.31,
    "goal_percent": 10.0,
    "goal_by": "2026-12-31",
    "goal_probability": 0.234,
    "hours": 144,
    "r2": 0.91,
    "cv_percent": 3.2,
    "terms": [{"name": "base", "value": 10.0, "error": 0.2, "t": 50.0, "p": 1e-9}],
    "why": "kWh an hour = 10",
    "notes": ["it may be chance."],
}
FORECAST = {
    "path": "packaging/line1",
    "start": [1.7e12 + 9e5 * at for at in range(8)],
    "kw": [10.0, 20.0, 30.0, 45.2, None, 1.0, 1.0, 1.0],
    "low": [None] * 8,
    "high": [50.0] * 8,
    "peak_kw": 61.5,
    "peak_low": 55.0,
    "peak_high": 70.0,
    "peak_at": 1.7e12,
    "days": 21,
    "kwh": 900.4,
    "money": 160.25,
    "currency": "EUR",
    "co2_kg": 320.0,
    "notes": ["a note"],
    "moves": [
        {
            "path": "utilities/air/compressor",
            "start": 1.7e12,
            "to": 1.7e12 + 3.6e6,
            "kwh": 17.2,
            "money": 1.2,
            "peak_kw": 3.0,
        }
    ],
}
KPI = {"title": "Base load", "value": 20.14, "digits": 1, "unit": "kW", "detail": "mean"}
SHOWN = {
    **dict.fromkeys(energy_line.FIGURES, KPI),
    "path": "packaging/line1",
    "start": 1.7e12,
    "end": 1.7e12 + 3.6e6,
    "notes": [],
    "meters": [{"title": "Filler", "kw": 18.23, "kwh": None}],
    "baseline": {"start": 1.7e12, "end": 1.7e12 + 3.6e6},
    "why": {"baseline": "kWh an hour = 20 + 0.0084 x good pieces"},
}
ANSWERS = {
    "/api/energy/measures": [MEASURE],
    "/api/energy/forecast": FORECAST,
    "/api/energy": SHOWN,
}


class Site:
    """Answers as the running site does."""

    @classmethod
    def of(cls, _folder):
        return cls()

    def get(self, path, **_query):
        return ANSWERS[path]


@pytest.fixture(autouse=True)
def site(monkeypatch):
    for module in (energy_line, energy_forecast):
        monkeypatch.setattr(module, "Remote", Site)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("saving", ("Leaks mended", "144 hours, 7.3 %", "  288  ", "12.3  kWh", "R2 0.910")),
        ("saving", ("51.8", "2.2  EUR", "it may be chance.")),
        ("forecast", ("peak 61.5 kW", "55.0 to 70.0", "26.3", "900 kWh", "160.25 EUR", "a note")),
        ("forecast", ("utilities/air/compressor", "17.2", "1.2")),
        ("show", ("Base load", "20.1  kW", "Filler", "18.2")),
        ("baseline", ("0.0084 x good pieces", "2023-11-14 22:13 to 2023-11-14 23:13")),
    ],
)
def test_people_read_what_the_site_answers(capsys, what, says):
    assert main(["energy", what]) == 0
    out = capsys.readouterr().out
    for words in says:
        assert words in out
    assert "kg CO2\n" not in out or what != "saving"  # what is not known is not told


@pytest.mark.parametrize("what", ["saving", "forecast", "show", "baseline"])
def test_machines_read_json(capsys, what):
    assert main(["energy", what, "packaging/line1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_what_is_not_known_of_the_day_ahead_is_said_and_the_rest_shown(capsys, monkeypatch):
    unknown = dict.fromkeys(("peak_kw", "peak_low", "peak_high", "peak_at", "kwh", "money"))
    told = FORECAST | unknown | {"co2_kg": None}
    monkeypatch.setitem(ANSWERS, "/api/energy/forecast", told)
    assert main(["energy", "forecast"]) == 0
    out = capsys.readouterr().out
    for words in ("the peak is not known", "the day's kWh are not known", "26.3", "a note"):
        assert words in out
    monkeypatch.setitem(ANSWERS, "/api/energy/forecast", told | {"kw": [None] * 8})
    assert main(["energy", "forecast"]) == 0
    assert "nothing is foreseen\na note" in capsys.readouterr().out


def test_a_line_without_measures_says_how_to_declare_one(capsys, monkeypatch):
    monkeypatch.setitem(ANSWERS, "/api/energy/measures", [])
    assert main(["energy", "saving"]) == 0
    assert "`measures:`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("percent", "chance", "told"),
    [
        (10.0, 0.77, "goal 10 % by 2026-12-31: reached, probability 0.77"),
        (7.31, 0.234, "goal 10 % by 2026-12-31: not reached, probability 0.23"),
        (30.0, 0.9999, "goal 10 % by 2026-12-31: reached, probability > 0.99"),
        (1.0, 0.0001, "goal 10 % by 2026-12-31: not reached, probability < 0.01"),
        (None, None, "goal 10 % by 2026-12-31: not known yet"),
    ],
)
def test_a_goal_is_told_with_how_probable_it_is(percent, chance, told):
    measure = {**MEASURE, "percent": percent, "goal_probability": chance}
    assert told in energy_line._measure(measure).splitlines()
