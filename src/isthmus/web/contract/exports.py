"""Scheduled exports, and files for Grafana."""

from __future__ import annotations

from isthmus.web.contract.answer import Answer, Milliseconds


class ScheduledExport(Answer):
    """One entry of `exports` in the plant file: when it is due, and how the last one went.

    `error` is empty unless the newest try failed; it is tried again.
    """

    name: str
    due: Milliseconds
    covers_until: Milliseconds | None = None
    file: str = ""
    rows: int = 0
    error: str = ""
    hint: str = ""


class GrafanaFiles(Answer):
    """The text of each file by its path: `dashboards/NAME.json`, `provisioning/...yaml`."""

    files: dict[str, str]
