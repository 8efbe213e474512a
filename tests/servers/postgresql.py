"""A PostgreSQL cluster of the tests' own: `initdb` in a temporary folder, no system service.

    cluster = Cluster.make()            # None where PostgreSQL is not installed
    url = cluster.database()            # a new, empty database, owned by `isthmus`
    cluster.kill(); cluster.start()     # as a power cut would
    cluster.remove()

Tests take the fixture `postgresql` (one cluster for all of a run) or `postgresql_alone`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.servers.process import ended, free_port, other_user, own_folder, tail

INITDB = ("--locale=C", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256")
SETTINGS = (
    "fsync = off",  # a killed process loses nothing by it
    "full_page_writes = off",
    "shared_buffers = 64MB",
    "max_connections = 60",
    "max_wal_size = 256MB",
    "timezone = 'Europe/Berlin'",  # whoever forgets UTC shall see it
    "datestyle = 'German, DMY'",
    "log_min_messages = warning",
)


def program(name: str) -> Path | None:
    """Where a program of the newest PostgreSQL is."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
    )
    on_path = shutil.which(name)
    return found[-1] if found else Path(on_path) if on_path else None


class Cluster:
    """A running server; `owner` is a superuser, `isthmus` (password `plant`) a plain role."""

    owner, role, password = "owner", "isthmus", "plant"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._shared = ""

    @classmethod
    def make(cls, *settings: str) -> Self | None:
        """A cluster that runs, with further lines for `postgresql.conf`; None where it cannot."""
        initdb = program("initdb")
        if initdb is None:
            return None
        cluster = cls(own_folder("isthmus-pg-"))
        data = cluster.folder / "data"
        subprocess.run(
            [initdb, "-D", data, "-U", cls.owner, "-E", "UTF8", *INITDB],
            **other_user(),
            cwd=cluster.folder,
            check=True,
            capture_output=True,
        )
        lines = [*SETTINGS, f"unix_socket_directories = '{cluster.folder}'", *settings]
        with (data / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")
        cluster.start()
        cluster.sql(f"create role {cls.role} login password '{cls.password}'")
        return cluster

    def start(self) -> None:
        """Run, and wait until it answers; TimeoutError after a minute.

        After a kill the old one's children may need a moment to see that they are alone.
        """
        until = time.monotonic() + 60
        self._launch()
        while not self._answers():
            if time.monotonic() > until:
                raise TimeoutError(f"PostgreSQL does not start:\n{tail(self.log)}")
            if self._process is None or self._process.poll() is not None:
                self._launch()
            time.sleep(0.05)

    def _launch(self) -> None:
        postgres = program("postgres")
        assert postgres, "PostgreSQL was there a moment ago"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [postgres, "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self.port)],
                **other_user(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        return self._psql("select 1", "postgres", check=False).returncode == 0

    def _psql(
        self, query: str, database: str, *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        psql = program("psql")
        assert psql, "PostgreSQL's client was there a moment ago"
        at = ("-h", self.folder, "-p", str(self.port), "-U", self.owner)
        return subprocess.run(
            [psql, "-XAtq", *("-v", "ON_ERROR_STOP=1"), *at, "-d", database, "-c", query],
            check=check,
            capture_output=True,
            text=True,
        )

    def sql(self, query: str, database: str = "postgres") -> str:
        """What psql, which is no work of ours, says to a query of the superuser."""
        return self._psql(query, database).stdout.strip()

    def database(self) -> str:
        """The URL of a new, empty database that the plain role owns."""
        name = f"plant{next(self._numbers)}"
        self.sql(f"create database {name} owner {self.role}")
        return f"postgresql://{self.role}:{self.password}@127.0.0.1:{self.port}/{name}"

    def shared(self) -> str:
        """The URL of one database for many: each takes a schema of its own."""
        self._shared = self._shared or self.database()
        return self._shared

    def stop(self) -> None:
        """Ask it to end at once but in order, as `pg_ctl stop -m fast` does."""
        self._end(signal.SIGINT, 30)

    def kill(self) -> None:
        """As a power cut would: every process of it, nothing is said, nothing is saved."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._end(signal.SIGKILL, 10)

    def _end(self, by: signal.Signals, within: float) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(by)
            ended(process, within=within)

    def remove(self) -> None:
        """End it and forget all that it held."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
