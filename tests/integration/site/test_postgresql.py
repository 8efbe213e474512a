"""A site that keeps its history in PostgreSQL: whichever of both dies, every line is there once."""

import json
import os
import subprocess
import sys

import psycopg
import pytest
from tests.integration.site.conftest import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

LINES = "select value from samples where path = 'hall/line1/logger/line' and quality = 0"


class Kept:
    """A site, its server, and what psql, which is no work of ours, says is stored there."""

    def __init__(self, make_site, cluster):
        self.cluster, self.url = cluster, cluster.database()
        os.environ["ISTHMUS_PG"] = cluster.password
        address = self.url.replace(f":{cluster.password}@", "@")
        self.site = make_site(
            f"history: {{engine: postgresql, url: '{address}', password: {{env: ISTHMUS_PG}}}}"
        )
        self.site.start_machine()

    def stored(self):
        database = self.url.rpartition("/")[2]
        try:
            found = self.cluster.sql(f"set search_path = isthmus; {LINES} order by 1", database)
        except subprocess.CalledProcessError:  # no table yet
            return []
        return [int(float(line)) for line in found.splitlines()]

    def arrived(self):
        eventually(lambda: len(self.stored()) >= self.site.log.written, 60)


@pytest.fixture
def kept(make_site, postgresql_alone):
    yield Kept(make_site, postgresql_alone)
    del os.environ["ISTHMUS_PG"]


def test_whoever_dies_every_line_is_there_once(kept):
    site, cluster = kept.site, kept.cluster
    cluster.kill()  # the server boots later than the plant
    site.start()
    site.log.write(200)
    eventually(lambda: site.links()["log"]["counts"]["lines"] == 200)
    cluster.start()
    kept.arrived()
    for _ in range(2):
        site.log.write(200)
        cluster.kill()
        site.log.write(200)
        site.kill()
        cluster.start()
        site.log.write(50)
        site.start()
        site.log.write(50)
        cluster.stop()
        cluster.start()
    kept.arrived()
    site.stop()
    assert kept.stored() == list(range(1, site.log.written + 1))


def test_tools_speak_to_the_server_and_say_so_without_the_site(kept):
    site = kept.site
    run = [sys.executable, "-m", "isthmus"]
    probe = subprocess.run(
        [*run, "check", str(site.plant), "--probe", "--json"], check=False, capture_output=True
    )
    (history,) = (p for p in json.loads(probe.stdout)["probes"] if p["connection"] == "history")
    assert history["found"].startswith("PostgreSQL 1")
    assert "TLS" in history["found"]
    site.start()
    site.log.write(20)
    kept.arrived()
    rows = site.sql("select count(*) as n from samples where tag is not null")
    assert rows[0]["n"] >= 20
    site.stop()
    told = subprocess.run(
        [*run, "query", "**", "--data", str(site.data)], check=False, capture_output=True, text=True
    )
    assert told.returncode == 2
    assert "postgresql keeps it at 127.0.0.1" in told.stderr
    assert "start the site" in told.stderr
    with psycopg.connect(kept.url) as connection:
        found = connection.execute(
            "select path, value, unit from isthmus.latest where path like '%/force'"
        ).fetchall()
    assert [(path, unit) for path, _, unit in found] == [("hall/line1/press/force", "kN")]


def test_a_wrong_password_ends_the_start_with_what_to_do(kept):
    os.environ["ISTHMUS_PG"] = "wrong"
    told = subprocess.run(
        [
            *(sys.executable, "-m", "isthmus", "run", str(kept.site.plant)),
            *("--data", str(kept.site.data), "--port", "0"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode
    assert "password authentication failed" in told.stderr
    assert "check the user, its password" in told.stderr
