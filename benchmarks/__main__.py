"""All benchmarks, one after the other, each in a process of its own: `make bench`.

Results are kept as JSON under benchmarks/results (quick ones as NAME.quick.json); at the end
stands what was measured beside what it must reach and what it aims for. The exit code is 1 where
a benchmark failed or a figure falls short of what it must reach.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.budgets import BUDGETS, FIGURES
from benchmarks.report import Report

RESULTS = Path(__file__).parent / "results"
LONGEST = 4 * 3_600.0
WORDS = {"aim": "as aimed for", "must": "as it must", "short": "FALLS SHORT"}

Results = Mapping[str, dict[str, Any]]


def run(name: str, *, quick: bool) -> dict[str, Any]:
    """The result of one benchmark; RuntimeError with its last words where it failed."""
    out = RESULTS / (f"{name}.quick.json" if quick else f"{name}.json")
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", "--out", str(out)]
    done = subprocess.run(
        [*command, *(["--quick"] if quick else [])],
        cwd=RESULTS.parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode:
        raise RuntimeError("\n".join((done.stderr or done.stdout).strip().splitlines()[-8:]))
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def table(result: Mapping[str, Any]) -> str:
    """A result as its benchmark prints it."""
    return Report(
        result["name"],
        figures=result["figures"],
        peers=result["peers"],
        notes=result.get("notes", []),
    ).table()


def verdicts(results: Results) -> tuple[str, int]:
    """The table of budgets for `results`, and how many figures fall short of what they must."""
    rows, short = [("", "measured", "must", "aim", "")], 0
    for budget in BUDGETS:
        measured = results.get(budget.benchmark, {}).get("figures", {}).get(budget.figure)
        if measured is None:
            continue
        verdict = budget.verdict(float(measured))
        short += verdict == "short"
        cells = (shown(float(measured)), shown(budget.must), shown(budget.aim))
        rows.append((budget.says, *cells, WORDS[verdict]))
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    lines = [
        row[0].ljust(widths[0])
        + "".join(
            f"  {cell.rjust(width)}" for cell, width in zip(row[1:4], widths[1:], strict=True)
        )
        + f"  {row[4]}"
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines), short


def shown(value: float) -> str:
    """A number as short as it can be read."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def parse(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--quick", action="store_true", help="same code, less data")
    parser.add_argument("--json", action="store_true", help="print all results as one JSON object")
    options = parser.parse_args(given)
    if unknown := [name for name in options.names if name not in FIGURES]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    return options


def main() -> int:
    """Run what was asked for; 1 where something failed or falls short."""
    options = parse()
    names = options.names or list(FIGURES)
    RESULTS.mkdir(exist_ok=True)
    results: dict[str, dict[str, Any]] = {}
    failed = []
    for place, name in enumerate(names, 1):
        print(f"[{place}/{len(names)}] {name} ...", end=" ", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            results[name] = run(name, quick=options.quick)
        except (RuntimeError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            failed.append(name)
            print(f"failed\n{error}", file=sys.stderr)
            continue
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
        if not options.json:
            print(f"\n{table(results[name])}\n", flush=True)
    text, short = verdicts(results)
    print(json.dumps(results, indent=2) if options.json else text)
    if short or failed:
        said = f"{short} figures fall short" + (f"; failed: {', '.join(failed)}" if failed else "")
        print(said, file=sys.stderr)
    return 1 if short or failed else 0


if __name__ == "__main__":
    sys.exit(main())
