"""Drawings of a report: SVG made once, the same in the browser and on paper.

Nothing is told by colour alone: what was lost is hollow, what is only likely is hatched, and each
bar has its number. `words` say the same to those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from isthmus.model.report import Drawing, Table, shown
from isthmus.runtime.report.losses import Reasoned, Step

WIDE = 680
INK, SOFT, LINE = "#1d2125", "#5b636b", "#c8ccd0"
FONT = "font-family='Libertinus Serif, system-ui, sans-serif'"
LONGEST_NAME = 30
BARS = 10
LEFT = 190  # of horizontal bars
ROW = 24


def waterfall_drawing(steps: Sequence[Step], accent: str) -> Drawing | None:
    """Time kept as filled columns, time lost as hollow ones between them; None of nothing."""
    if not steps:
        return None
    high, top, base = 230, 24, 178
    most = max(step.seconds for step in steps)
    wide = (WIDE - 16) / len(steps)
    body, level = [_rule(base)], 0.0
    for place, step in enumerate(steps):
        upper = step.seconds if step.kept else level
        level = step.seconds if step.kept else level - step.seconds
        lower = 0.0 if step.kept else max(0.0, level)
        y, bottom = (base - (base - top) * max(0.0, each) / most for each in (upper, lower))
        x = 8 + place * wide + wide * 0.12
        fill = accent if step.kept else "#ffffff"
        body.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{wide * 0.76:.1f}' "
            f"height='{max(1.0, bottom - y):.1f}' fill='{fill}' stroke='{accent}'/>"
        )
        middle = x + wide * 0.38
        minutes = shown(step.seconds / 60, 0 if step.kept else 1)
        body.append(_text(middle, y - 5, minutes if step.kept else f"\u2212{minutes}", "middle"))
        body += [
            _text(middle, base + 16 + 13 * row, word, "middle", SOFT)
            for row, word in enumerate(step.title.split(" ", 1))
        ]
        if step.kept and steps[0].seconds:
            share = f"{100 * step.seconds / steps[0].seconds:.0f} %"
            body.append(_text(middle, base + 46, share, "middle", SOFT))
    words = ", ".join(
        f"{step.title} {'' if step.kept else 'lost '}{step.seconds / 60:,.1f} min" for step in steps
    )
    return Drawing("Planned time and what was lost of it, minutes", _svg(high, body), words)


def reason_drawing(rows: Sequence[Reasoned], accent: str) -> Drawing | None:
    """Reasons as bars, the costliest first: said filled, told pale, likely hatched."""
    shown_rows = [row for row in rows if row.seconds >= 1][:BARS]
    if not shown_rows:
        return None
    scale = (WIDE - LEFT - 90) / shown_rows[0].seconds
    body = [_hatch(accent)]
    for place, row in enumerate(shown_rows):
        y, x = 26 + place * ROW, float(LEFT)
        body.append(_text(LEFT - 8, y + 13, _cut(row.title), "end"))
        for seconds, fill in (
            (row.said, f"fill='{accent}'"),
            (row.told, f"fill='{accent}' fill-opacity='0.45'"),
            (row.likely, "fill='url(#likely)'"),
        ):
            if seconds > 0:
                length = max(0.8, seconds * scale)
                body.append(
                    f"<rect x='{x:.1f}' y='{y}' width='{length:.1f}' height='16' {fill} "
                    f"stroke='{accent}' stroke-width='0.7'/>"
                )
                x += length
        body.append(_text(x + 6, y + 13, f"{row.seconds / 60:,.1f} min"))
    body += list(_legend(accent))
    words = ", ".join(f"{row.title} {row.seconds / 60:,.1f} min" for row in shown_rows)
    return Drawing(
        "Reasons of stops, the costliest first", _svg(34 + ROW * len(shown_rows), body), words
    )


def _legend(accent: str) -> Iterator[str]:
    x = float(LEFT)
    for word, fill in (
        ("confirmed", f"fill='{accent}'"),
        ("told by the machine", f"fill='{accent}' fill-opacity='0.45'"),
        ("suggested", "fill='url(#likely)'"),
    ):
        yield (
            f"<rect x='{x}' y='6' width='12' height='10' {fill} stroke='{accent}' "
            "stroke-width='0.7'/>"
        )
        yield _text(x + 17, 15, word, colour=SOFT)
        x += 40 + 6.2 * len(word)


def course_drawing(table: Table, accent: str) -> Drawing | None:
    """Good pieces and the OEE index of each stretch, as columns with their numbers."""
    rows = [
        (_label(row[1], row[0]), good, _float(row[2]))
        for row in table.rows
        if (good := _float(row[3])) is not None
    ]
    most = max((good for _, good, _ in rows), default=0.0)
    if not most:
        return None
    high, top, base = 200, 40, 158
    wide = (WIDE - 16) / len(rows)
    body = [_rule(base)]
    step = max(1, round(34 / wide))
    for place, (label, good, oee) in enumerate(rows):
        y = base - (base - top) * max(0.0, good) / most
        x = 8 + place * wide + wide * 0.14
        body.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{wide * 0.72:.1f}' "
            f"height='{max(0.5, base - y):.1f}' fill='{accent}'/>"
        )
        middle = x + wide * 0.36
        if place % step == 0:
            body.append(_text(middle, base + 15, label, "middle", SOFT))
            body.append(_text(middle, y - 5, shown(good, 0), "middle"))
            said = f"{oee:.0f} %" if oee is not None else "–"  # noqa: RUF001
            body.append(_text(middle, base + 30, said, "middle", SOFT))
    body.append(_text(8, 14, "good pieces; below the times: OEE index", colour=SOFT))
    words = ", ".join(f"{label}: {shown(good, 0)} good" for label, good, _ in rows)
    title = table.title.replace("By ", "Good pieces by ")
    return Drawing(title, _svg(high, body), words)


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) else None


def _label(start: object, name: object) -> str:
    if not isinstance(start, datetime):
        return str(name)
    if name and len(str(name)) != len("2026-11-27"):
        return str(name)[:12]
    return f"{start:%a %d}" if name else f"{start:%H:%M}"


def sparkline(values: Sequence[float | None], accent: str) -> str:
    """A trend as a small line with its last point; empty with fewer than two values."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:  # noqa: PLR2004
        return ""
    wide, high = 84, 20
    low, top = min(value for _, value in known), max(value for _, value in known)
    room = (top - low) or 1.0
    spots = [
        (
            3 + (wide - 6) * place / max(1, len(values) - 1),
            high - 3 - (high - 6) * ((value - low) / room if top > low else 0.5),
        )
        for place, value in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    x, y = spots[-1]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{high}' "
        f"viewBox='0 0 {wide} {high}'><polyline points='{line}' fill='none' stroke='{accent}' "
        f"stroke-width='1.3'/><circle cx='{x:.1f}' cy='{y:.1f}' r='2' fill='{accent}'/></svg>"
    )


def _svg(high: int, body: Sequence[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDE}' height='{high}' "
        f"viewBox='0 0 {WIDE} {high}'>{''.join(body)}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = INK) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' {FONT} font-size='11' "
        f"fill='{colour}'>{escape(words)}</text>"
    )


def _rule(y: int) -> str:
    return f"<path d='M8 {y}.5H{WIDE - 8}' stroke='{LINE}' fill='none'/>"


def _hatch(accent: str) -> str:
    return (
        "<defs><pattern id='likely' width='5' height='5' patternUnits='userSpaceOnUse' "
        f"patternTransform='rotate(45)'><rect width='5' height='5' fill='#ffffff'/>"
        f"<path d='M1 0V5' stroke='{accent}' stroke-width='1.6'/></pattern></defs>"
    )


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"
