"""A report as PDF on A4, tagged for those who do not see it; words are data, never code."""

from __future__ import annotations

import json
from pathlib import Path

from isthmus.model.errors import ConfigError
from isthmus.model.report import Cell, Column, Drawing, Figure, Report, Table, cell, change, shown
from isthmus.model.report import target as aimed
from isthmus.runtime.report.draw import sparkline
from isthmus.runtime.report.html import told

TEMPLATE = Path(__file__).with_name("report.typ")
NARROW, MOST = 6, 50  # characters that a column is wide at least and at most
BREAK = 18  # characters of a word, after which it may be broken


def pdf(report: Report) -> bytes:
    """The report as PDF; ConfigError where `typst` is not installed."""
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "writing PDF needs `typst`, which is not installed",
            hint="install it: pip install 'isthmus[report]', or ask for html or xlsx",
        ) from error
    said = {"report": json.dumps(_said(report))}
    try:
        made = typst.compile(TEMPLATE.read_bytes(), sys_inputs=said)
    except typst.TypstError as error:
        raise ConfigError(
            f"writing PDF: {error}", hint="ask for html or xlsx; is the logo of `branding` whole?"
        ) from error
    if not isinstance(made, bytes):
        raise ConfigError(
            "typst made no document", hint="reinstall it: pip install 'isthmus[report]'"
        )
    return made


def _said(report: Report) -> dict[str, object]:
    brand = report.brand
    return {
        "title": report.title,
        "subtitle": report.subtitle,
        "window": report.window,
        "told": told(report),
        "revision": report.revision,
        "because": report.because,
        "remarks": report.remarks,
        "name": brand.name,
        "accent": brand.accent,
        "footer": brand.footer,
        "logo": "yes" if brand.logo else "",
        "logo_bytes": list(brand.logo),
        "image": "svg" if brand.image == "image/svg+xml" else "png",
        "figures": [_figure(one, brand.accent) for one in report.figures],
        "parts": [
            {"kind": "drawing", "title": part.title, "svg": part.svg, "words": part.words}
            if isinstance(part, Drawing)
            else _table(part)
            for part in report.parts
        ],
    }


def _figure(one: Figure, accent: str) -> dict[str, str]:
    known = [each for each in one.trend if each is not None]
    words = " to ".join(shown(each, one.digits, one.unit) for each in (known[:1] + known[-1:]))
    return {
        "title": one.title,
        "value": shown(one.value, one.digits, one.unit),
        "change": change(one) or "–",  # noqa: RUF001
        "target": aimed(one),
        "trend": sparkline(one.trend, accent),
        "words": f"trend from {words}",
    }


def _table(table: Table) -> dict[str, object]:
    rows = [_cells(row, table.columns) for row in table.rows]
    sums = [
        {"text": "", "right": False} if value is None else _cell(value, column)
        for value, column in zip(table.totals(), table.columns, strict=False)
    ]
    right = [bool(rows) and all(row[place]["right"] for row in rows) for place in _places(table)]
    heads = [
        {"text": column.title, "right": right[place]} for place, column in enumerate(table.columns)
    ]
    return {
        "kind": "table",
        "title": table.title,
        "heads": heads,
        "rows": rows,
        "sums": sums,
        "widths": [_width(column, place, table) for place, column in enumerate(table.columns)],
        "says": table.says,
        "empty": table.empty,
    }


def _places(table: Table) -> range:
    return range(len(table.columns))


def _cells(row: tuple[Cell, ...], columns: tuple[Column, ...]) -> list[dict[str, object]]:
    return [_cell(value, column) for value, column in zip(row, columns, strict=True)]


def _cell(value: Cell, column: Column) -> dict[str, object]:
    return {"text": _breakable(cell(value, column)), "right": not isinstance(value, str)}


def _width(column: Column, place: int, table: Table) -> int:
    """As wide as its longest words ask for, so that numbers stay on one line."""
    longest = max((len(cell(row[place], column)) for row in table.rows), default=0)
    head = max(map(len, column.title.split()), default=0)
    return max(NARROW, min(MOST, max(longest, head)))


def _breakable(words: str) -> str:
    """Paths and long words may go on in the next line."""
    softened = words.replace("/", "/\u200b").replace("_", "_\u200b")
    return " ".join(
        "\u200b".join(word[at : at + BREAK] for at in range(0, len(word), BREAK))
        if len(word) > BREAK and "\u200b" not in word
        else word
        for word in softened.split(" ")
    )
