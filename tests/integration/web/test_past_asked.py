"""What is asked of the past of alarms and events: bounded, and whole for whoever sees a part."""

from __future__ import annotations

import pytest

DAY = 86_400_000.0
NOW = 1_790_000_000_000.0


@pytest.mark.parametrize("route", ["statistics", "rationalise"])
def test_figures_of_alarms_are_of_400_days_at_most(site, route):
    def asked(days):
        span = {"from": NOW - days * DAY, "to": NOW}
        return site.ask("viewer", "GET", f"/api/alarms/{route}", params=span)

    assert asked(400).status_code == 200
    refused = asked(401)
    assert refused.status_code == 422
    assert refused.json() == {
        "error": "401 days of alarms are asked for",
        "hint": "ask for 400 days at most, each year by itself",
    }
