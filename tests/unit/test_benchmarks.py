"""Every benchmark can be asked what it does, has its agreed figures, and is judged rightly."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from benchmarks import __main__ as all_of_them
from benchmarks.budgets import BUDGETS, FIGURES, Budget
from benchmarks.report import Report

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
FOREIGN = {"opcua_decode": "asyncua", "gateway": "paho"}


@pytest.mark.parametrize("name", FIGURES)
def test_each_benchmark_tells_what_it_measures(name):
    if name in FOREIGN and not find_spec(FOREIGN[name]):
        pytest.skip(f"{FOREIGN[name]} is not installed")
    answer = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    assert answer.returncode == 0, answer.stderr
    for option in ("--quick", "--json", "--out"):
        assert option in answer.stdout


def test_recorded_results_have_the_agreed_names():
    files = sorted(RESULTS.glob("*.json"))
    assert files, "no result is recorded: run make bench"
    for file in files:
        result = json.loads(file.read_text("utf-8"))
        name = file.name.partition(".")[0]
        assert result["name"] == name, file
        assert set(FIGURES[name]) <= set(result["figures"]), file
        assert {"cpu", "cores", "system", "python"} <= set(result["machine"]), file
        for figures in (result["figures"], *result["peers"].values()):
            assert all(isinstance(value, int | float | str | None) for value in figures.values())


def test_budgets_name_benchmarks_that_are_there():
    for budget in BUDGETS:
        assert budget.benchmark in FIGURES
        worse = budget.must > budget.aim if budget.better == "less" else budget.must < budget.aim
        assert worse, budget.says


@pytest.mark.parametrize(
    ("better", "measured", "verdict"),
    [
        *[("more", 9, "short"), ("more", 10, "must"), ("more", 20, "aim"), ("more", 21, "aim")],
        *[("less", 21, "short"), ("less", 20, "must"), ("less", 10, "aim"), ("less", 0, "aim")],
    ],
)
def test_a_figure_is_judged_by_both_bounds(better, measured, verdict):
    must, aim = (10, 20) if better == "more" else (20, 10)
    assert Budget("path", "x", "x", must, aim, better).verdict(measured) == verdict


def test_the_last_table_says_what_falls_short():
    results = {"path": {"figures": {"values_per_s": 400e3}}, "latency": {"figures": {"p95_ms": 99}}}
    text, short = all_of_them.verdicts(results)
    assert short == 1
    assert "400,000" in text
    assert "FALLS SHORT" in text
    assert "as aimed for" in text
    assert len(text.splitlines()) == 3


def test_an_unknown_benchmark_is_refused_with_the_names_that_exist(capsys):
    with pytest.raises(SystemExit) as refused:
        all_of_them.parse(["pathh"])
    assert refused.value.code == 2
    assert "opcua_decode" in capsys.readouterr().err


def test_a_report_stands_beside_its_peers():
    report = Report("x", figures={"a": 1234.5, "b": 0.25})
    report.peer("other", "a", 12.0)
    lines = report.table().splitlines()
    assert lines[0] == "x"
    assert lines[1].split() == ["isthmus", "other"]
    assert lines[2].split() == ["a", "1,234", "12"]
    assert lines[3].split() == ["b", "0.25", "-"]
