"""Where the time of a line, an area or a site went, and why its bottlenecks stood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isthmus.model.plant import Equipment
from isthmus.model.reason import Reasons
from isthmus.model.report import Cell, Column, Table
from isthmus.runtime.figures.read import Records, Window, bottleneck
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.figures import Numbers
from isthmus.runtime.report.period import local
from isthmus.runtime.report.scope import called, lines_of
from isthmus.runtime.stops.found import Found

MINUTE = 60.0
LONGEST = 15  # stops that are told one by one
MOST = 15  # reasons
UNEXPLAINED = "no reason told"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a waterfall: time that is kept, or that was lost since the step before (s)."""

    title: str
    seconds: float
    kept: bool


LOST = (
    ("ADOT", "Breakdown"),
    ("STARVED", "Starved"),
    ("BLOCKED", "Blocked"),
    ("MICRO", "Short stops"),
    ("AUST", "Setup"),
    ("NOT", "No order"),
    ("UNKNOWN", "No data"),
)


def waterfall(numbers: Numbers) -> list[Step]:
    """From planned busy time down to that of good pieces; empty where nothing was planned.

    Time of a loss that never happened, and of what the line never tells, has no step.
    """
    busy, ran = numbers.element("PBT"), numbers.element("APT")
    if not busy or ran is None:
        return []
    lost = [Step(title, numbers.element(name) or 0.0, False) for name, title in LOST]
    steps = [Step("Planned busy", busy, True), *(step for step in lost if step.seconds >= 1)]
    steps.append(Step("Producing", ran, True))
    net, made, scrap = (numbers.element(name) for name in ("IPT", "PQ", "SQ"))
    if net is None or made is None:
        return steps
    vain = net * (scrap or 0.0) / made if made else 0.0
    return [
        *(*steps, Step("Speed loss", ran - net, False), Step("Net", net, True)),
        *(Step("Scrap", vain, False), Step("Good", net - vain, True)),
    ]


def time_table(steps: Sequence[Step]) -> Table:
    """The steps of a waterfall as a table."""
    busy = steps[0].seconds if steps else 0.0
    rows = tuple(
        (
            step.title if step.kept else f"lost: {step.title.lower()}",
            step.seconds / MINUTE,
            100 * step.seconds / busy,
        )
        for step in steps
    )
    return Table(
        "Where the time went",
        (Column("element"), Column("time", "min"), Column("of planned", "%")),
        rows,
        "Every minute of planned time of the bottleneck belongs to one line; lines add up.",
        "no time was planned",
    )


@dataclass(frozen=True, slots=True)
class Reasoned:
    """Planned time lost for one reason (s): a person said it, a machine did, or it is likely."""

    title: str
    said: float = 0.0
    told: float = 0.0
    likely: float = 0.0
    stops: int = 0

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.said + self.told + self.likely


@dataclass(frozen=True, slots=True)
class Stood:
    """A stop inside the report's window, with as much of it as lies there (planned seconds)."""

    line: Equipment
    found: Found
    seconds: float
    bottleneck: bool


def stood(place: Equipment, window: Window, beside: Beside) -> list[Stood]:
    """The stops of all units of `place` that touch `window`."""
    if beside.stops is None:
        return []
    made = []
    for line in lines_of(place):
        unit = bottleneck(line)
        for found in beside.stops.stops(line, (window.start, window.end)):
            if found.inside > 0:
                narrow = unit is not None and found.unit.path == unit.path
                made.append(Stood(line, found, found.inside, narrow))
    return made


def reasoned(stops: Iterable[Stood], reasons: Reasons) -> list[Reasoned]:
    """The stops of bottlenecks by reason, the costliest first."""
    totals: dict[str, dict[str, float]] = {}
    for each in stops:
        if not each.bottleneck:
            continue
        title, how, _ = why(each.found, reasons)
        row = totals.setdefault(title, {"said": 0.0, "told": 0.0, "likely": 0.0, "stops": 0})
        row[how] += each.seconds
        row["stops"] += 1
    found = [
        Reasoned(title, row["said"], row["told"], row["likely"], int(row["stops"]))
        for title, row in totals.items()
    ]
    return sorted(found, key=lambda one: (-one.seconds, one.title))


def why(found: Found, reasons: Reasons) -> tuple[str, str, str]:
    """Why a unit stood, how that is known (`said`, `told`, `likely`), and that in words."""
    said = found.correction
    if said is not None and said.reason:
        return _titled(said.reason, reasons), "said", f"said by {said.by}"
    likely = found.suggestion
    if found.asks and likely is not None:
        sure = f"likely ({100 * likely.confidence:.0f} %)"
        return _titled(likely.reason, reasons), "likely", sure
    title = reasons.title(found.stop.cause)
    return (title, "told", "told by the machine") if title else (UNEXPLAINED, "told", "")


def _titled(name: str, reasons: Reasons) -> str:
    reason = reasons.reason(name)
    return reason.title if reason else name.replace("_", " ")


def reason_table(rows: Sequence[Reasoned]) -> Table:
    """Reasons with how well each is known, and what they add up to."""
    total, running, told = sum(row.seconds for row in rows), 0.0, []
    for row in rows[:MOST]:
        running += row.seconds
        told.append(
            (
                row.title,
                float(row.stops),
                *(part / MINUTE for part in (row.said, row.told, row.likely, row.seconds)),
                100 * running / total if total else None,
            )
        )
    return Table(
        "Why it stood",
        (
            Column("reason"),
            Column("stops", "", 0, total=True),
            Column("confirmed", "min", total=True),
            Column("told by machine", "min", total=True),
            Column("suggested", "min", total=True),
            Column("all", "min", total=True),
            Column("cumulative", "%", 0),
        ),
        tuple(told),
        "Planned time in which the bottleneck stood. Confirmed: a person said why. Suggested: "
        "nobody did, alarms and neighbours speak for it." + _rest(len(rows) - MOST, "reasons"),
        "it did not stand",
    )


def stop_table(records: Records, stops: Sequence[Stood], *, many_lines: bool) -> Table:
    """The longest stops by own fault, with what people said of them."""
    own = sorted((each for each in stops if each.found.stop.own), key=lambda one: -one.seconds)
    reasons = records.plant.reasons
    rows = tuple(_stop_row(records, each, reasons, many_lines=many_lines) for each in own[:LONGEST])
    return Table(
        "Longest stops",
        (
            Column("unit"),
            Column("from"),
            Column("length", "min"),
            Column("reason"),
            Column("how it is known"),
            Column("comment"),
        ),
        rows,
        "Stops by own fault, of all units." + _rest(len(own) - LONGEST, "shorter ones"),
        "no unit stood by its own fault",
    )


def _stop_row(
    records: Records, each: Stood, reasons: Reasons, *, many_lines: bool
) -> tuple[Cell, ...]:
    found = each.found
    title, _, known = why(found, reasons)
    said = found.correction.comment if found.correction else ""
    unit = found.unit.title or found.unit.name
    return (
        f"{called(each.line)}, {unit}" if many_lines else unit,
        local(records, found.stop.start).replace(tzinfo=None),
        each.seconds / MINUTE,
        title,
        f"{known}; goes on" if found.going else known,
        said or (f"first alarm: {found.alarm}" if found.alarm else ""),
    )


def _rest(more: int, what: str) -> str:
    return f" {more} {what} are left out." if more > 0 else ""
