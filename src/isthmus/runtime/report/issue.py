"""What was issued of a scheduled report: each revision, its files, and what it said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from isthmus.model.errors import StorageError
from isthmus.model.report import Form, Plan, Report, plainly, shown

STATE = "reports.json"
REASONS = ("Why it stood", "Longest stops")
NAMED = 3  # figures that a reason names

Essence = Mapping[str, str]
"""What a report says, by figure or table, as words: equal words need no new revision."""


@dataclass(slots=True)
class Issue:
    """One revision of the report of one shift, day or week (ns UTC); `files` are names by form."""

    start: int
    end: int
    title: str
    revision: int
    because: str
    made: int
    files: dict[Form, str]
    essence: dict[str, str]


@dataclass(slots=True)
class Kept:
    """How one scheduled report stands: `until` is the end (ns) of the newest, 0 before any.

    `made` and `failed` count tries since the plan is there; `issues` are in the order they were
    made.
    """

    name: str
    until: int = 0
    made: int = 0
    failed: int = 0
    error: str = ""
    hint: str = ""
    tried: int = 0
    issues: list[Issue] = field(default_factory=list)

    def of(self, start: int) -> list[Issue]:
        """The revisions of the report that begins at `start`, oldest first."""
        return [issue for issue in self.issues if issue.start == start]

    def newest(self) -> list[Issue]:
        """The newest revision of each, the newest time first."""
        found = {issue.start: issue for issue in self.issues}
        return [found[start] for start in sorted(found, reverse=True)]


def essence(report: Report) -> dict[str, str]:
    """What it says of its time, without what only changes with the moment it is made."""
    said = {each.title: shown(each.value, each.digits, each.unit) for each in report.figures}
    for table in report.tables:
        if table.title in REASONS:
            said[table.title] = json.dumps([plainly(row) for row in table.rows])
    return said


def differences(before: Essence, now: Essence) -> str:
    """What of it is another now, in words; empty where nothing is."""
    changed = [name for name, words in now.items() if before.get(name) != words]
    figures = [name for name in changed if name not in REASONS]
    if not figures:
        return "reasons of stops were told" if changed else ""
    told = [f"{name} is {now[name]}, not {before.get(name, 'told')}" for name in figures[:NAMED]]
    more = f", and {len(figures) - NAMED} more" if len(figures) > NAMED else ""
    return f"{'; '.join(told)}{more}"


def file_name(plan: Plan, start: int, revision: int, form: Form) -> str:
    """Named by the start in UTC and the revision: in order of time, and never twice."""
    moment = datetime.fromtimestamp(start / 1e9, UTC)
    return f"{plan.name}-{moment:%Y%m%dT%H%M%SZ}-r{revision}.{form}"


def remembered(folder: Path) -> dict[str, Kept]:
    """What the data folder `folder` tells of its reports; StorageError where it is damaged."""
    file = folder / STATE
    try:
        told = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return {
            name: Kept(**{**each, "issues": [Issue(**issue) for issue in each["issues"]]})
            for name, each in told.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageError(
            f"reading {file}: {error}",
            hint="delete it and restart: reports then begin with the newest; files stay",
        ) from error


def written_down(kept: Mapping[str, Kept]) -> bytes:
    """The same as a file."""
    return json.dumps({name: asdict(each) for name, each in kept.items()}, indent=1).encode()
