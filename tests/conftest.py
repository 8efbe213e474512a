"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.postgresql import Cluster

settings.register_profile("isthmus", deadline=None)  # a busy machine is no failure
settings.load_profile("isthmus")


SKIPPED = 17  # exit code of a run that skipped what it may not


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data; the test is skipped, and counted, where it is absent."""
    folder = Path(os.environ.get("ISTHMUS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no public data: set ISTHMUS_DATA")
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL that all tests of this run share: take a database each, never stop it."""
    yield from _cluster()


@pytest.fixture
def postgresql_alone() -> Iterator[Cluster]:
    """A PostgreSQL that one test may kill."""
    yield from _cluster()


@pytest.fixture
def clickhouse_alone() -> Iterator[ClickHouseServer]:
    """A ClickHouse that one test may kill."""
    server = ClickHouseServer.make()
    if server is None:
        pytest.skip("ClickHouse is not installed: apt-get install clickhouse-server")
    yield server
    server.remove()


def _cluster() -> Iterator[Cluster]:
    cluster = Cluster.make()
    if cluster is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql-15")
    yield cluster
    cluster.remove()


def pytest_terminal_summary(terminalreporter) -> None:
    """One line that counts what was skipped; an error where nothing may be (ISTHMUS_NO_SKIP)."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests skipped: a program or data they need is absent (see above)"
        )


def pytest_sessionfinish(session, exitstatus) -> None:
    """Under ISTHMUS_NO_SKIP a skipped test fails the run, whatever else came of it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("ISTHMUS_NO_SKIP"):
        session.exitstatus = SKIPPED
