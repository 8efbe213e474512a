"""A running site sends its records to a collector, and tells when it takes none."""

from __future__ import annotations

import signal

import pytest
from tests.integration.site.conftest import Site, eventually
from tests.unit.trust.ledger.test_forward import Syslog

from isthmus.cli.remote import Remote

pytestmark = [pytest.mark.timeout(120)]


def test_records_wait_for_a_collector_that_is_away_and_go_there_once(tmp_path):
    collector = Syslog()
    collector.end()
    more = f'ledger: {{send: {{to: "tcp://127.0.0.1:{collector.port}"}}}}'
    site = Site(tmp_path, more)

    def ledger():
        return Remote.of(site.data).get("/api/ledger", limit=1)

    def told():
        found = Remote.of(site.data).get("/api/overview")["attention"]
        return [one["title"] for one in found if "records wait" in one["title"]]

    try:
        site.start()
        eventually(told)
        assert "sending to tcp" in ledger()["forward"]["trouble"]
        collector.begin()
        eventually(lambda: ledger()["forward"]["waiting"] == 0, 40)
        eventually(lambda: not told())
        site.process.send_signal(signal.SIGTERM)
        site.process.wait(30)
        site.start()
        eventually(lambda: ledger()["forward"]["waiting"] == 0)
        last = ledger()["records"][0]["number"]
        eventually(lambda: len(collector.numbers) >= last)
        assert collector.numbers[:last] == list(range(1, last + 1))
    finally:
        site.close()
        collector.end()
