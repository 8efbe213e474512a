"""A report in the form that was asked for."""

from __future__ import annotations

from isthmus.model.report import Form, Report
from isthmus.runtime.report.excel import excel
from isthmus.runtime.report.html import html
from isthmus.runtime.report.pdf import pdf

MEDIA: dict[Form, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WRITERS = {"html": html, "pdf": pdf, "xlsx": excel}


def written(report: Report, form: Form) -> bytes:
    """The report in that form; ConfigError where the library for it is missing."""
    return WRITERS[form](report)
