"""Kill anything at any time: nothing acknowledged is lost or twice, and the gap is told."""

import os
import signal
import time

import pytest
from tests.integration.site.conftest import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

LINES = "select value from samples where path = 'hall/line1/logger/line' and quality = 0"
PRESS = "select time, quality from samples where path = 'hall/line1/press/count' order by time"


def whole(site):
    """The numbers of all lines, as stored after the site has ended in good order."""
    site.stop()
    return sorted(int(row["value"]) for row in site.stored(LINES))


def arrived(site, count):
    query = f"select count(*) as n from ({LINES})"
    eventually(lambda: site.sql(query)[0]["n"] >= count)


def test_the_site_is_killed_again_and_again(site):
    for _ in range(3):
        site.log.write(400)
        time.sleep(0.7)
        site.kill()
        site.log.write(100)
        site.start()
    site.log.write(50)
    arrived(site, site.log.written)
    assert whole(site) == list(range(1, site.log.written + 1))
    rows = site.stored(PRESS)
    bad = [row for row in rows if row["quality"] >= 0x8000_0000]
    assert len(bad) >= 3, "each death leaves a gap of bad quality"
    assert rows[-1]["quality"] == 0


def test_the_nats_child_is_killed(site):
    site.log.write(300)
    arrived(site, 300)
    first = site.nats_pid()
    os.kill(first, signal.SIGKILL)
    site.log.write(300)
    eventually(lambda: site.nats_pid() != first)
    site.log.write(300)
    arrived(site, 900)
    assert whole(site) == list(range(1, 901))


def test_a_device_server_is_killed_and_comes_back(site):
    eventually(lambda: site.links()["press-plc"]["state"] == "up")
    site.kill_machine()
    down = eventually(lambda: (found := site.links()["press-plc"])["state"] == "down" and found)
    assert "127.0.0.1" in down["error"]
    assert down["hint"]
    site.log.write(10)  # the rest goes on
    arrived(site, 10)
    site.start_machine()
    eventually(lambda: site.links()["press-plc"]["state"] == "up", 60)
    eventually(lambda: site.links()["press-plc"]["rate"] > 0)
    site.stop()
    qualities = [row["quality"] for row in site.stored(PRESS)]
    bad = [place for place, quality in enumerate(qualities) if quality >= 0x8000_0000]
    assert len(bad) == 1, "one sample of bad quality an outage"
    assert qualities[bad[0] - 1] == 0
    assert qualities[bad[0] + 1] == 0
    kinds = [row["kind"] for row in site.stored("select kind from events order by time")]
    assert kinds.count("link-down") == 1
    assert kinds.count("link-up") == 3  # both links at the start, one recovery


def test_everything_at_once(site):
    site.log.write(200)
    time.sleep(0.3)
    os.kill(site.nats_pid(), signal.SIGKILL)
    site.kill_machine()
    site.kill()
    site.log.write(200)
    site.start()
    arrived(site, 400)
    assert whole(site) == list(range(1, 401))
