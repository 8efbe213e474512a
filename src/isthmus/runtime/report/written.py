"""A report as HTML that needs nothing else, as PDF, as Excel."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from html import escape
from pathlib import Path

from isthmus.model.errors import ConfigError
from isthmus.model.report import Cell, Form, Report, change, shown

TEMPLATE = Path(__file__).with_name("report.typ")
MEDIA: dict[Form, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;"
    "color:#1d2125;background:#fff}table{border-collapse:collapse;width:100%;margin:.4em 0 1.4em}"
    "caption{text-align:left;font-weight:600;padding:.3em 0}th,td{text-align:left;"
    "padding:.3em .6em;border-bottom:1px solid #c8ccd0}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}"
    "@media print{body{margin:0;max-width:none}table{break-inside:avoid}}"
)


def written(report: Report, form: Form) -> bytes:
    """The report in that form; ConfigError where the library for it is missing."""
    return {"html": _html, "pdf": _pdf, "xlsx": _xlsx}[form](report)


def _html(report: Report) -> bytes:
    figures = [
        (one.title, shown(one.value, one.digits, one.unit), change(one) or "–")  # noqa: RUF001
        for one in report.figures
    ]
    parts = [_table("Key figures", ("figure", "value", "change"), figures)]
    parts += [_table(each.title, each.heads, each.rows) for each in report.tables]
    remarks = "".join(f"<li>{escape(each)}</li>" for each in report.remarks)
    told = f"<p>{escape(report.subtitle)}<br>{escape(_told(report))}</p>"
    head = f"<h1>{escape(report.title)}</h1>{told}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(report.title)}</title><style>{STYLE}</style>'
        f"</head><body><main>{head}{''.join(parts)}<ul>{remarks}</ul></main></body></html>"
    ).encode()


def _told(report: Report) -> str:
    return f"{report.window}; {report.gaps:.1f} % unknown; made {report.made}"


def _table(title: str, heads: tuple[str, ...], rows: object) -> str:
    assert isinstance(rows, list | tuple)  # noqa: S101 - for the type
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not rows:
        body = f'<tr><td colspan="{len(heads)}">nothing</td></tr>'
    return f"<table><caption>{escape(title)}</caption><tr>{top}</tr>{body}</table>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    return f'<td class="n">{shown(cell)}</td>'


def _pdf(report: Report) -> bytes:
    """Tagged for those who do not see it; the texts are data to the template, never code."""
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "writing PDF needs `typst`, which is not installed",
            hint="install it: pip install 'isthmus[report]', or ask for html or xlsx",
        ) from error
    said = {
        **asdict(report),
        "told": _told(report),
        "figures": [
            [one.title, shown(one.value, one.digits, one.unit), change(one)]
            for one in report.figures
        ],
        "tables": [
            {
                "title": each.title,
                "heads": each.heads,
                "rows": [
                    [cell if isinstance(cell, str) else shown(cell) for cell in row]
                    for row in each.rows
                ],
            }
            for each in report.tables
        ],
    }
    made = typst.compile(
        TEMPLATE.read_bytes(), ignore_system_fonts=True, sys_inputs={"report": json.dumps(said)}
    )
    if not isinstance(made, bytes):
        raise ConfigError(
            "typst made no document", hint="reinstall it: pip install 'isthmus[report]'"
        )
    return made


def _xlsx(report: Report) -> bytes:
    try:
        import xlsxwriter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "writing Excel files needs `xlsxwriter`, which is not installed",
            hint="install it: pip install 'isthmus[excel]', or ask for html or pdf",
        ) from error
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        sheet = book.add_worksheet("report")
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 4, 18)
        at = 0
        blocks: list[tuple[str, tuple[str, ...], list[tuple[Cell, ...]]]] = [
            (report.title, ("", ""), [(report.subtitle, ""), (_told(report), "")]),
            (
                "Key figures",
                ("figure", "value", "unit", "before"),
                [(one.title, one.value, one.unit, one.before) for one in report.figures],
            ),
            *((each.title, each.heads, list(each.rows)) for each in report.tables),
            ("Remarks", ("",), [(each,) for each in report.remarks]),
        ]
        for title, heads, rows in blocks:
            sheet.write_string(at, 0, title, bold)
            for row in [heads, *rows]:
                at += 1
                for place, cell in enumerate(row):
                    if isinstance(cell, str):  # never a formula, whatever a word begins with
                        sheet.write_string(at, place, cell)
                    elif cell is not None:
                        sheet.write_number(at, place, cell)
            at += 2
    return out.getvalue()
