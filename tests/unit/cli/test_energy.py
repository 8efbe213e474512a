"""`isthmus energy evaluate`: what is typed and what is told."""

import json
from datetime import datetime, timedelta

import pytest

from isthmus.cli.main import main

FIRST = datetime(2026, 1, 5)  # noqa: DTZ001 - a Monday, by the wall clock


@pytest.fixture
def load(tmp_path):
    """Eighty days of hours: workdays 50, weekends 5, one Monday closed."""
    lines = ["time,kW"]
    for at in range(80 * 24):
        day = at // 24
        kw = 5 if day % 7 > 4 or day == 77 else 50
        lines.append(f"{FIRST + timedelta(hours=at):%Y-%m-%d %H:%M},{kw}")
    path = tmp_path / "load.csv"
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


def test_a_file_is_evaluated_for_machines(capsys, load):
    assert main(["energy", "evaluate", load, "--target", "kW", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == ""
    assert told["mae"] == pytest.approx(4.5)  # a day of ten is closed, and nobody said so
    assert told["baselines"]["week_naive"] == pytest.approx(4.5)
    assert told["baselines"]["day_naive"] == pytest.approx(
        3 * 4.5
    )  # two steps of the week, one of that day
    assert told["scored"] == {
        "first": "2026-03-16",
        "last": "2026-03-25",
        "days": 10,
        "steps": 240,
    }
    assert told["time"]["step_s"] == 3600
    assert [row["month"] for row in told["months"]] == ["2026-03"]


def test_days_known_to_be_closed_are_forecast_so(capsys, load):
    words = ["energy", "evaluate", load, "--target", "kW", "--closed", "2026-03-23:2026-03-23"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mae"] == pytest.approx(0)


def test_a_file_is_evaluated_for_people(capsys, load):
    assert main(["energy", "evaluate", load, "--target", "kW", "--from", "2026-02-02"]) == 0
    out, err = capsys.readouterr()
    assert "no gaps" in out
    assert "as a week ago" in out
    assert "2026-02" in out
    assert "forecasting" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--from", "2026-01-10"], "too few"),
        (["--from", "2027-01-10"], "too few"),
        (["--from", "soon"], "is no day"),
        (["--closed", "2026-01-10:2026-01-09"], "ends before it begins"),
        (["--target", "kWh"], "no column `kWh`"),
    ],
)
def test_mistakes_are_told(capsys, load, words, says):
    assert main(["energy", "evaluate", load, "--target", "kW", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys):
    assert main(["energy", "evaluate", "none.csv", "--target", "kW"]) == 1
    assert "none.csv" in capsys.readouterr().err


def test_the_steel_works_of_the_public_data(capsys, public_data):
    path = public_data / "steel_energy" / "steel_energy_2018_jan_oct.csv"
    assert main(["energy", "evaluate", str(path), "--target", "Usage_kWh", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["time"]["format"] == "%d-%m-%Y %H:%M"
    assert (told["time"]["stamps"], told["gaps"]) == ("end", [])
    assert told["baselines"]["week_naive"] == pytest.approx(12.674, abs=0.001)
    assert told["mae"] <= 8.8
    assert all(row["isthmus"] < row["week_naive"] for row in told["months"])
    assert 0.75 <= told["interval"]["inside"] <= 0.85
