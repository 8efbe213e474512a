"""A report of a line, an area or a site: what a shift leader hands over and a manager reads."""

from __future__ import annotations

from isthmus.insight.scorecard.verdict import Standing
from isthmus.model.plant import Equipment, Level
from isthmus.model.report import Figure, Kind, Part, Report
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.cost import Cost, cost
from isthmus.runtime.figures.read import Records, Window, ideal_rate
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.draw import course_drawing, reason_drawing, waterfall_drawing
from isthmus.runtime.report.figures import Numbers
from isthmus.runtime.report.losses import (
    reason_table,
    reasoned,
    stood,
    stop_table,
    time_table,
    waterfall,
)
from isthmus.runtime.report.period import called, moment
from isthmus.runtime.report.scope import called as named
from isthmus.runtime.report.scope import lines_of
from isthmus.runtime.report.tables import (
    alarm_tables,
    course_table,
    data_table,
    formula_table,
    note_tables,
    order_table,
    part_table,
)

BEHIND = (Standing.BEHIND.value, Standing.FAR_BEHIND.value)


def compose(
    records: Records, place: Equipment, kind: Kind, window: Window, beside: Beside
) -> Report:
    """The report of `place` over `window`, a shift, day or week."""
    numbers = Numbers.of(records, place, kind, window)
    lines = lines_of(place)
    spent, then = cost(records, lines, window), cost(records, lines, numbers.then)
    figures = numbers.told(beside.stands)
    paid = _paid(records, spent, then)
    steps, stops = waterfall(numbers), stood(place, window, beside)
    reasons = reasoned(stops, records.plant.reasons)
    accent, went = beside.brand.accent, course_table(numbers, kind)
    data, known = data_table(numbers)
    parts: list[Part | None] = [
        part_table(numbers),
        waterfall_drawing(steps, accent),
        time_table(steps),
        course_drawing(went, accent),
        went,
        *(
            [reason_drawing(reasons, accent), reason_table(reasons)]
            if beside.stops is not None
            else []
        ),
        stop_table(records, stops, many_lines=len(lines) > 1) if beside.stops is not None else None,
        order_table(numbers),
        *alarm_tables(records, beside.alarms(place, window)),
        *note_tables(numbers, beside),
        data,
        formula_table(figures),
    ]
    plant = records.plant
    return Report(
        f"{named(place)}: {called(records, kind, window)}",
        " / ".join(filter(None, (plant.enterprise, plant.site, place.path))),
        f"{moment(records, window.start)} to {moment(records, window.end)}",
        100 * numbers.unknown,
        moment(records, records.now()),
        (*figures, *paid),
        tuple(part for part in parts if part is not None),
        (*_remarks(numbers, figures, known, beside), *(assumptions(plant) if spent else ())),
        window.start,
        window.end,
        brand=beside.brand,
    )


def _paid(records: Records, now: Cost | None, then: Cost | None) -> list[Figure]:
    made = []
    for title, name, unit, digits in (
        ("Energy cost", "money", records.plant.currency, 2),
        ("CO2 of the energy", "co2", "kg", 1),
    ):
        value, past = (getattr(each, name) if each else None for each in (now, then))
        made.append(Figure(title, value, unit, digits, past))
    return made


def _remarks(numbers: Numbers, figures: list[Figure], known: float, beside: Beside) -> list[str]:
    """What a reader must know to trust the figures, the gravest first."""
    records, window, place = numbers.records, numbers.window, numbers.place
    made = []
    if numbers.running:
        made.append("This time still runs: the figures are those up to now.")
    made += [f"{each.title} is {each.verdict}." for each in figures if each.verdict in BEHIND]
    if numbers.unknown > 0:
        made.append(
            f"Nothing is known of {100 * numbers.unknown:.1f} % of the planned time; it counts as "
            "not produced."
        )
    made += [
        f"{named(line)} has no ideal rate in the plant file: its effectiveness is not known."
        for line in lines_of(place)
        if not ideal_rate(line)
    ]
    if numbers.element("GQ") is None:
        made.append("The good counter tells nothing: nothing is counted.")
    if numbers.element("EN") is None:
        made.append("The energy of this time is not known whole, so it is not told.")
    late, corrected = beside.late(window, records.now())
    if late or corrected:
        made.append(f"{late:,} samples came late, {corrected:,} were corrected; all are in here.")
    made.append(
        f"Tags are known for {100 * known:.2f} % of the time. Change is against "
        f"{moment(records, numbers.then.start)} to {moment(records, numbers.then.end)}."
    )
    if place.level is not Level.WORK_CENTER:
        names = ", ".join(named(line) for line in lines_of(place))
        made.append(f"Figures are of the times and pieces of {names}, added up before dividing.")
    return made
