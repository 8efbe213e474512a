"""Every route needs a right: the table is whole, and what it says is enforced."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from isthmus.model.access import Right
from isthmus.web.need import NEEDS, At
from isthmus.web.openapi import openapi

ONESELF = At.SELF, At.OWN, At.OPEN
HIDDEN = re.compile(r'@\w+\.\w+\("(/api[^"]*)"[^)]*include_in_schema=False')


@cache
def routes():
    """Each route of the API as the server has it."""
    document = openapi()
    return sorted(
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method in map(str.upper, operations)
        if path.startswith("/api")
    )


def test_every_route_declares_one_right():
    missing = [route for route in routes() if route not in NEEDS]
    assert not missing, "add them to src/isthmus/web/need.py: a route without is the owner's alone"


def test_the_table_names_no_route_that_is_not_there():
    assert not [route for route in NEEDS if route not in routes()]


def test_only_what_is_about_oneself_needs_no_right():
    assert all(need.right is not None or need.at in ONESELF for need in NEEDS.values())


def test_what_changes_something_needs_more_than_reading():
    for route, need in NEEDS.items():
        if not route.startswith("GET") and need.at not in ONESELF:
            assert need.right is not Right.READ, route


def test_no_route_of_the_api_is_hidden_from_its_document():
    source = Path(__file__).parents[3] / "src" / "isthmus" / "web"
    hidden = [
        (file.name, found)
        for file in source.glob("*.py")
        for found in re.findall(
            r'@\w+\.\w+\("(/api[^"]*)"[^)]*include_in_schema=False', file.read_text()
        )
    ]
    assert not hidden
