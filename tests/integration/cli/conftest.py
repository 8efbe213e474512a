"""The command line as a user types it: a process of its own, beside a site that runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.site.conftest import Site, eventually, make_site, site

from isthmus.cli.remote import Remote

__all__ = ["make_site", "site"]  # fixtures of a site of one's own


@dataclass
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


def isthmus(*words, folder: Path, seconds: float = 60.0, **environment: str) -> Said:
    """Type `isthmus words...` in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "isthmus", *map(str, words)],
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
    )
    assert "\033" not in done.stdout + done.stderr, "no colours where nobody sees them"
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """A site with values, for all tests that only ask."""
    made = Site(tmp_path_factory.mktemp("site"))
    try:
        made.start_machine()
        made.start()
        made.log.write(200)
        count = "select count(*) as n from samples where path = 'hall/line1/logger/line'"
        eventually(lambda: made.sql(count)[0]["n"] >= 200)
        eventually(lambda: Remote.of(made.data).get("/api/links")["links"][0]["rate"] > 0)
        yield made
    finally:
        made.stop()
        made.close()


@pytest.fixture(scope="session")
def stopped(tmp_path_factory):
    """The data of a site that has run and ended in good order."""
    made = Site(tmp_path_factory.mktemp("stopped"))
    try:
        made.start()
        made.log.write(100)
        count = "select count(*) as n from samples where path = 'hall/line1/logger/line'"
        eventually(lambda: made.sql(count)[0]["n"] >= 100)
        made.stop()
        yield made
    finally:
        made.close()
