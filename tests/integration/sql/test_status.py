"""What a person is told of the endpoint, and of one that cannot listen."""

from __future__ import annotations

import json
import socket
import time
from types import SimpleNamespace

import psycopg
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually, make_site
from tests.integration.sql.conftest import PASSWORD

from isthmus.cli.remote import Remote
from isthmus.web import contract
from isthmus.web.sql import told

__all__ = ["make_site"]  # a site of one's own
SOON = 6.0  # seconds, of which the look at the users takes at most two


def status(site) -> contract.SqlStatus:
    return told(SimpleNamespace(sql=site.endpoint))


def test_it_counts_what_it_sees(tight):
    assert status(tight).state == "listening"
    assert status(tight).address == f"127.0.0.1:{tight.port}"
    with psycopg.connect(tight.url(), autocommit=True) as one:
        assert status(tight).sessions == 1
        rows = one.cursor(name="many", withhold=True)
        rows.execute("select * from samples limit 900")
        rows.fetchmany(10)
        one.cancel_safe(timeout=10)
        others = [psycopg.connect(tight.url()) for _ in range(2)]
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(tight.url())
        rows.close()
        for other in others:
            other.close()
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(tight.url().replace(PASSWORD.split()[0], "wrong"))
    with socket.create_connection(("127.0.0.1", tight.port), timeout=10) as odd:
        odd.sendall(b"\0\0\0\x08\0\2\0\0")
        while odd.recv(1_000):
            pass
    found = status(tight)
    assert (found.signed_in, found.crowded, found.refused, found.broken) == (3, 1, 1, 1)
    assert found.cancelled == 1
    assert (found.trouble, found.running) == ("", 0)


def talk(session, seconds):
    """Say something again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        session.execute("select 1")
        time.sleep(0.1)


@pytest.mark.parametrize("change", ["removed", "sees less"])
def test_a_user_who_is_removed_is_out_within_seconds(tight, change):
    with (
        psycopg.connect(tight.url(), autocommit=True) as idle,
        psycopg.connect(tight.url("ben"), autocommit=True) as other,
    ):
        tight.users.remove("anna")
        if change == "sees less":
            tight.users.add("anna", PASSWORD, equipment=("mixing/**",))
        with pytest.raises(psycopg.errors.AdminShutdown):
            talk(idle, SOON)
        assert other.execute("select 1").fetchone() == (1,)
    assert status(tight).dismissed == 1


def test_a_new_password_ends_no_session(tight):
    with psycopg.connect(tight.url(), autocommit=True) as open_:
        tight.users.password("anna", "another horse battery")
        talk(open_, 3)
    assert status(tight).dismissed == 0


@pytest.mark.timeout(180)
def test_a_port_that_is_taken_is_told_and_waited_for(make_site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = make_site(f"sql: {{listen: '127.0.0.1:{port}'}}")
        site.start()
        remote = Remote.of(site.data)
        found = eventually(lambda: _in_trouble(remote.get("/api/sql/status")))
        assert found["state"] == "waiting"
        assert f"127.0.0.1:{port}" in found["trouble"]
        items = remote.get("/api/overview")["attention"]
        assert [one for one in items if one["title"] == "The SQL endpoint does not answer"]
        (finding,) = _doctor(site)
        assert (finding["state"], finding["hint"]) == ("wrong", found["hint"])
    eventually(lambda: remote.get("/api/sql/status")["state"] == "listening")
    (finding,) = _doctor(site)
    assert finding["state"] == "well"
    assert finding["found"].startswith(f"listening 127.0.0.1:{port}")
    site.stop()


def _in_trouble(told):
    return told if told["trouble"] else None


def _doctor(site):
    said = isthmus("doctor", "--json", "--data", site.data, folder=site.folder)
    return [one for one in json.loads(said.out)["findings"] if one["what"] == "SQL endpoint"]
