"""Scheduled reports over HTTP where the plant has changed below them."""

from __future__ import annotations

from types import SimpleNamespace

from tests.unit.runtime.report.test_scheduled import SHIFT, Plantlike

from isthmus.model.plant import Calendar
from isthmus.web.reports import _told


def test_a_plan_whose_line_has_no_shifts_is_told_without_its_next_time(tmp_path):
    site = SimpleNamespace(reports=Plantlike(tmp_path, calendar=Calendar("two", ())).reports())
    told = _told(site, SHIFT)
    assert (told.name, told.due) == ("line1-shift", None)
    site = SimpleNamespace(reports=Plantlike(tmp_path).reports())
    assert _told(site, SHIFT).due > 0
