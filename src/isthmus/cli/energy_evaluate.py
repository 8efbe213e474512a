"""Evaluate day-ahead forecasts of a load with a rolling origin, beside what is simply repeated."""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.model.errors import ConfigError

if TYPE_CHECKING:
    from isthmus.historian.ingest.regular import Days
    from isthmus.insight.energy.evaluate import Scores

LISTED = 20
MOST_CLOSED = 5_000
PROTOCOL = (
    "rolling origin: each scored day is forecast at its beginning, from the target in the days "
    "before it and the calendar alone; other columns are not used; nothing is fitted to scored days"
)
TITLES = {
    "isthmus": "isthmus",
    "week_naive": "as a week ago",
    "day_naive": "as yesterday",
    "seasonal_mean": "mean of such days",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("csv", type=Path, help="a file of equal steps; also .gz, .bz2, .xz")
    parser.add_argument("--target", required=True, help="the column to forecast")
    parser.add_argument("--time", default="", help="the column of time, or DAY+CLOCK (found)")
    parser.add_argument("--time-format", default="", help="how times are written (found)")
    parser.add_argument("--zone", default="", help="whose days, where times tell a zone (UTC)")
    parser.add_argument(
        "--stamps", choices=("start", "end"), default="", help="what of a step times tell (found)"
    )
    parser.add_argument(
        "--decimal",
        choices=(".", ","),
        default="",
        help="the decimal sign (found); the other parts thousands",
    )
    parser.add_argument(
        "--delimiter", default="", help="what stands between cells (found); \\t is a tab"
    )
    parser.add_argument("--encoding", default="", help="of the file (found)")
    parser.add_argument("--skip", type=int, default=0, help="lines before the names (0)")
    parser.add_argument(
        "--from", dest="first", default="", help="first day to score (ten weeks after the first)"
    )
    parser.add_argument(
        "--closed",
        action="append",
        default=[],
        metavar="DAY[:DAY]",
        help="days known beforehand to be without work; may be repeated",
    )
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import numpy as np

    from isthmus.cli.screen import Progress
    from isthmus.historian.ingest.csv_file import CsvFile
    from isthmus.historian.ingest.regular import by_days
    from isthmus.insight.energy.evaluate import evaluate
    from isthmus.insight.energy.forecast import CLOSED

    closed = frozenset(day for words in args.closed for day in _closed(words))
    file = CsvFile(
        args.csv, delimiter=args.delimiter, encoding=args.encoding, skip=max(0, args.skip)
    )
    found = by_days(
        file,
        args.target,
        time=args.time,
        form=args.time_format,
        zone=args.zone,
        stamps=args.stamps,
        decimal=args.decimal,
    )
    days = found.days()
    learn = _learn(args.first, days, file.name)
    kinds = np.array([CLOSED if day in closed else day.weekday() for day in days], np.int64)
    kind = np.repeat(kinds[:, None], found.load.shape[1], axis=1)
    with Progress(quiet=args.json) as progress:
        scores = evaluate(
            found.load,
            kind,
            learn=learn,
            told=lambda share: progress.show("forecasting each day from those before it", share),
        )
    if scores.mae("isthmus") is None:
        raise ConfigError(
            f"{file.name}: no step of the scored days can be scored",
            hint="are there two weeks of data before --from, and any after it?",
        )
    told = _told(args, found, scores, days, learn)
    print(json.dumps(told) if args.json else _said(told))
    return 0


def _closed(words: str) -> list[date]:
    first, _, last = words.partition(":")
    start, end = _date(first, "--closed"), _date(last or first, "--closed")
    if not 0 <= (end - start).days < MOST_CLOSED:
        raise ConfigError(
            f"--closed {words}: ends before it begins", hint="FIRST:LAST, both closed"
        )
    return [start + timedelta(days=at) for at in range((end - start).days + 1)]


def _date(words: str, option: str) -> date:
    try:
        return date.fromisoformat(words.strip())
    except ValueError as error:
        raise ConfigError(f"{option}: `{words}` is no day", hint="such as 2026-05-01") from error


def _learn(first: str, days: list[date], name: str) -> int:
    """How many days come before the first one that is scored."""
    from isthmus.insight.energy.evaluate import LEARN, LEAST

    learn = (_date(first, "--from") - days[0]).days if first else LEARN
    if not LEAST <= learn < len(days):
        raise ConfigError(
            f"{name} has {len(days)} days from {days[0]} to {days[-1]}, {max(learn, 0)} of them to"
            " learn from: too few, or none is left to score",
            hint=f"--from names the first day to score, {LEAST} days after the first or later",
        )
    return learn


def _told(
    args: argparse.Namespace, found: Days, scores: Scores, days: list[date], learn: int
) -> dict[str, Any]:
    first, last = found.span()
    gaps = found.gaps()
    errors = {name: scores.mae(name) for name in scores.error}
    return {
        "file": str(args.csv),
        "target": args.target,
        "rows": found.rows,
        "time": {
            "column": found.column,
            "format": found.form,
            "stamps": found.stamps,
            "step_s": found.step / 1e9,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "told_twice": found.twice,
        },
        "gaps": [[start.isoformat(), end.isoformat()] for start, end in gaps],
        "learned_only": {"first": str(days[0]), "last": str(days[learn - 1]), "days": learn},
        "scored": {
            "first": str(days[learn]),
            "last": str(days[-1]),
            "days": len(scores.days),
            "steps": int(sum(_count(row) for row in scores.error["isthmus"])),
        },
        "mae": errors.pop("isthmus"),
        "baselines": errors,
        "interval": {"share": 0.8, "inside": scores.inside},
        "months": _months(scores, days),
        "protocol": PROTOCOL,
        "closed_days_told": list(args.closed),
    }


def _count(row: Any) -> int:  # noqa: ANN401 - a row of a NumPy array
    import numpy as np

    return int(np.isfinite(row).sum())


def _months(scores: Scores, days: list[date]) -> list[dict[str, Any]]:
    import numpy as np

    found = []
    for month in sorted({f"{days[day]:%Y-%m}" for day in scores.days.tolist()}):
        inside = np.array([at for at in scores.days.tolist() if f"{days[at]:%Y-%m}" == month])
        errors = {name: scores.mae(name, inside) for name in scores.error}
        found.append({"month": month, "days": len(inside), **errors})
    return found


def _said(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    time, scored, learned = told["time"], told["scored"], told["learned_only"]
    span = f"{time['first']} to {time['last']}, a step {time['step_s']:g} s"
    lines = [
        f"{told['file']}: {told['rows']:,} rows of {told['target']}, {span}",
        f"time: column {time['column']}, {time['format']}, told is the {time['stamps']} of a step",
        *_gaps(told),
        f"learned from {learned['first']} to {learned['last']}, which is not scored",
        f"scored {scored['first']} to {scored['last']}: {scored['days']} days",
        told["protocol"],
        "",
    ]
    names = list(TITLES)
    rows = [
        (row["month"], row["days"], *(_rounded(row[name]) for name in names))
        for row in told["months"]
    ]
    errors = {"isthmus": told["mae"], **told["baselines"]}
    rows.append(("all", scored["days"], *(_rounded(errors[name]) for name in names)))
    head = ("mean absolute error", "days", *TITLES.values())
    inside = f"80 % interval: {100 * told['interval']['inside']:.1f} % of the steps lie inside"
    return "\n".join([*lines, table(head, rows), "", inside])


def _gaps(told: dict[str, Any]) -> list[str]:
    gaps = told["gaps"]
    if not gaps:
        return ["no gaps"]
    more = f"\n  and {len(gaps) - LISTED} more" if len(gaps) > LISTED else ""
    listed = "\n".join(f"  {start} to {end}" for start, end in gaps[:LISTED])
    return [f"{len(gaps)} gaps, filled by no one and not scored:\n{listed}{more}"]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
