"""A report as one HTML file that needs nothing else, prints well, and is read aloud in order."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape

from isthmus.model.report import (
    Brand,
    Cell,
    Column,
    Drawing,
    Figure,
    Report,
    Table,
    cell,
    change,
    shown,
    target,
)
from isthmus.runtime.report.draw import sparkline

STYLE = """
:root{color-scheme:light}
body{font:15px/1.45 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;
color:#1d2125;background:#fff}
header{border-bottom:3px solid var(--accent);margin-bottom:1em;display:flex;gap:1em;
align-items:flex-end;justify-content:space-between;flex-wrap:wrap}
header img{max-height:56px;max-width:200px}
h1{font-size:1.5em;margin:.2em 0}h2,caption,figcaption{color:var(--accent);font-weight:600}
caption,figcaption{text-align:left;padding:.3em 0}
.wide{overflow-x:auto;margin:.4em 0 1.4em}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #c8ccd0;vertical-align:top}
td.w{overflow-wrap:anywhere;min-width:7em}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tfoot td{border-top:2px solid #1d2125;font-weight:600}
p.says,footer,.soft{color:#5b636b;font-size:.87em}figure{margin:.6em 0 1.4em}
figure svg{max-width:100%;height:auto}ul{padding-left:1.2em}
footer{border-top:1px solid #c8ccd0;margin-top:2em;padding:.6em 0}
.because{border-left:4px solid var(--accent);padding:.3em .8em}
@media print{@page{size:A4;margin:16mm}body{margin:0;max-width:none;font-size:10pt}
.wide{overflow:visible}tr,figure{break-inside:avoid}caption{break-after:avoid}
thead{display:table-header-group}}
"""


def html(report: Report) -> bytes:
    """The report as HTML."""
    brand = report.brand
    said = [escape(report.subtitle), escape(told(report))]
    logo = f'<img src="{_data(brand)}" alt="{escape(brand.name)}">' if brand.logo else ""
    name = f"<div>{logo}<div><b>{escape(brand.name)}</b></div></div>" if brand.name or logo else ""
    remarks = "".join(f"<li>{escape(each)}</li>" for each in report.remarks)
    parts = "".join(
        _drawn(part) if isinstance(part, Drawing) else _table(part) for part in report.parts
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title>"
        f"<style>:root{{--accent:{brand.accent}}}{STYLE}</style></head><body>"
        f"<header><div><h1>{escape(report.title)}</h1><p>{'<br>'.join(said)}</p></div>{name}"
        f"</header><main>{_because(report)}{_figures(report)}<ul>{remarks}</ul>{parts}</main>"
        f"<footer>{escape(brand.footer)}</footer></body></html>"
    ).encode()


def told(report: Report) -> str:
    """Of which time it is, how much of that is unknown, when it was made, which revision it is."""
    revision = f"; revision {report.revision}" if report.revision > 1 else ""
    return f"{report.window}; {report.gaps:.1f} % unknown; made {report.made}{revision}"


def _because(report: Report) -> str:
    if not report.because:
        return ""
    words = f"Revision {report.revision}, because {report.because}"
    return f'<p class="because">{escape(words)}</p>'


def _data(brand: Brand) -> str:
    return f"data:{brand.image};base64,{b64encode(brand.logo).decode()}"


def _figures(report: Report) -> str:
    rows = "".join(_figure(each, report.brand.accent) for each in report.figures)
    heads = "".join(
        f'<th scope="col"{" class=n" if place in (1, 2) else ""}>{head}</th>'
        for place, head in enumerate(("figure", "value", "change", "target", "trend"))
    )
    return (
        f'<div class="wide"><table><caption>Key figures</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _figure(one: Figure, accent: str) -> str:
    known = [each for each in one.trend if each is not None]
    words = (
        f"from {shown(known[0], one.digits, one.unit)} to {shown(known[-1], one.digits, one.unit)}"
        if len(known) > 1
        else ""
    )
    line = sparkline(one.trend, accent)
    if line:
        line = line.replace("<svg ", f'<svg role="img" aria-label="{escape(words)}" ', 1)
    return (
        f'<tr><th scope="row">{escape(one.title)}</th>'
        f'<td class="n">{escape(shown(one.value, one.digits, one.unit))}</td>'
        f'<td class="n">{escape(change(one) or "–")}</td>'  # noqa: RUF001
        f"<td>{escape(target(one))}</td><td>{line}</td></tr>"
    )


def _drawn(drawing: Drawing) -> str:
    svg = drawing.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(drawing.words)}" ', 1)
    return f"<figure><figcaption>{escape(drawing.title)}</figcaption>{svg}</figure>"


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_number(table, place)}>{escape(column.title)}</th>'
        for place, column in enumerate(table.columns)
    )
    body = "".join(_row(row, table) for row in table.rows)
    if not table.rows:
        body = f'<tr><td colspan="{len(table.columns)}">{escape(table.empty)}</td></tr>'
    sums = table.totals()
    foot = f"<tfoot>{_row(sums, table, blank=True)}</tfoot>" if sums else ""
    says = f'<p class="says">{escape(table.says)}</p>' if table.says else ""
    return (
        f'<div class="wide"><table><caption>{escape(table.title)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{foot}</table>{says}</div>"
    )


def _row(row: Iterable[Cell], table: Table, *, blank: bool = False) -> str:
    cells = "".join(
        _cell(value, column, blank=blank) for value, column in zip(row, table.columns, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _cell(value: Cell, column: Column, *, blank: bool) -> str:
    if value is None and blank:
        return "<td></td>"
    kind = ' class="w"' if isinstance(value, str) else ' class="n"'
    return f"<td{kind}>{escape(cell(value, column))}</td>"


def _number(table: Table, place: int) -> str:
    told_ = [row[place] for row in table.rows]
    words = not told_ or any(isinstance(each, str) for each in told_)
    return "" if words else ' class="n"'
