"""JDBC and ODBC: what their metadata calls ask of the catalogue, and typed queries."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.integration.sql.conftest import PASSWORD

pytestmark = pytest.mark.peer
JAR = Path("/usr/share/java/postgresql.jar")
ODBC = sorted(Path("/usr/lib").glob("*/odbc/psqlodbcw.so"))
HERE = Path(__file__).parent


def test_jdbc(site, tmp_path):
    if shutil.which("javac") is None or not JAR.exists():
        pytest.skip("no JDBC: apt-get install default-jdk-headless libpostgresql-jdbc-java")
    subprocess.run(["javac", "-d", tmp_path, HERE / "Tables.java"], check=True, timeout=100)
    url = f"jdbc:postgresql://127.0.0.1:{site.port}/riverside?ssl=true&sslmode=verify-full"
    done = subprocess.run(
        ["java", "-Xshare:auto", "-cp", f"{tmp_path}:{JAR}", "Tables",
         f"{url}&sslrootcert={site.ca}", "anna", PASSWORD],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == [
        "schemas information_schema line1 mixing_line2 packaging_line2 pg_catalog public",
        "tables events kpi samples tags",
        "views line1.filler",
        "column time timestamptz",
        "column speed float8",
        "column state int8",
        "column state_text text",
        "column running bool",
        "keys 0",
        "prepared 3 459.9 it's 100% on true",
        "prepared 3 459.9 it's 100% on true",
        "fetched 10800",
        "refused 25006",
        "missing 42P01",
    ]


def test_odbc(site, tmp_path):
    if shutil.which("isql") is None or not ODBC:
        pytest.skip("no ODBC: apt-get install unixodbc odbc-postgresql")
    (tmp_path / "odbc.ini").write_text(
        f"[plant]\nDriver={ODBC[0]}\nServername=127.0.0.1\nPort={site.port}\n"
        f"Database=riverside\nSSLmode=require\nUseDeclareFetch=1\nFetch=100\n",
        "utf-8",
    )
    env = {**os.environ, "ODBCINI": str(tmp_path / "odbc.ini"), "ODBCSYSINI": str(tmp_path)}

    def ask(text: str) -> str:
        done = subprocess.run(
            ["isql", "plant", "anna", PASSWORD, "-b", "-v", "-d|"], input=text + "\n",
            env=env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    listed = ask("help")
    assert all(table in listed for table in ("samples", "tags", "events", "kpi", "filler"))
    columns = ask("help samples")
    for name in ("time", "path", "value", "quality"):
        assert name in columns
    rows = ask("select time, value from samples where path = 'packaging/line1/filler/time'")
    assert len([line for line in rows.splitlines() if line.startswith("20")]) == 3_600
    assert "read-only transaction" in ask("delete from samples")
