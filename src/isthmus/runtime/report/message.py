"""A scheduled report as a message: its first figures in words, and its files."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.model.notice import LARGEST, Attachment, Notice
from isthmus.model.report import Form, Plan, Report, change, shown
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.report.issue import Issue
from isthmus.runtime.report.written import MEDIA

FIGURES = 6  # that are told in words


def message(
    plan: Plan, report: Report, issue: Issue, files: Mapping[Form, tuple[str, bytes]]
) -> Notice:
    """What is told of an issue; its `files` (name and content) where a message can carry them."""
    attached = tuple(
        Attachment(name, MEDIA[form].partition(";")[0], body)
        for form, (name, body) in files.items()
    )
    small = sum(len(each.body) for each in attached) <= LARGEST
    revised = f" (revision {issue.revision})" if issue.revision > 1 else ""
    return Notice(
        f"report/{plan.name}/{issue.start}/{issue.revision}",
        "report",
        f"{issue.title}{revised}",
        words(report, issue.because),
        Nanoseconds(issue.end),
        plan.scope,
        link="/reports",
        attachments=attached if small else (),
    )


def words(report: Report, because: str) -> str:
    """The first figures of a report in words, for those who read no file."""
    lines = [f"because {because}"] if because else []
    for each in report.figures[:FIGURES]:
        changed = change(each)
        more = f" ({changed})" if changed else ""
        lines.append(f"{each.title}: {shown(each.value, each.digits, each.unit)}{more}")
    return "\n".join([report.window, *lines])
