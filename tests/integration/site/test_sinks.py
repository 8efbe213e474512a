"""A site that copies its stream: whichever of both dies, every line arrives, none counts twice."""

from collections import Counter

import pytest
from tests.integration.site.conftest import eventually
from tests.servers.kafka import MockCluster

from isthmus.cli.remote import Remote

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

SINKS = """
sinks:
  warehouse:
    kind: clickhouse
    url: {clickhouse}
    user: isthmus
    password: {{env: CLICKHOUSE}}
    every: 200 ms
  lake:
    kind: kafka
    servers: {kafka}
    topic: acme.riverside.samples
    tags: hall/line1/logger
    tls: false
    every: 200 ms
    timeout: 5 s
"""
LINE = "hall/line1/logger/line"


@pytest.fixture
def kafka():
    with MockCluster() as cluster:
        yield cluster


@pytest.fixture
def copied(make_site, clickhouse_alone, kafka, monkeypatch):
    monkeypatch.setenv("CLICKHOUSE", clickhouse_alone.password)
    site = make_site(SINKS.format(clickhouse=clickhouse_alone.url, kafka=kafka.servers))
    site.start_machine()
    return site


def in_clickhouse(server):
    found = server.sql(
        "select value from default.samples final where quality = 0 and tag in "
        f"(select tag from default.tags where path = '{LINE}') order by value"
    )
    return [int(line) for line in found.split()]


def in_kafka(cluster):
    found = cluster.records("acme.riverside.samples")
    assert {key for key, _, _ in found} <= {LINE}, "only what was asked for"
    return sorted(int(value["value"]) for _, value, _ in found if value["quality"] == 0)


def sinks(site):
    return {told["name"]: told for told in Remote.of(site.data).get("/api/sinks")}


def test_whoever_dies_every_line_arrives_once(copied, clickhouse_alone, kafka):
    site = copied
    site.start()
    site.log.write(300)
    eventually(lambda: len(in_clickhouse(clickhouse_alone)) == 300)
    clickhouse_alone.kill()
    site.log.write(300)
    down = eventually(lambda: (t := sinks(site)["warehouse"])["state"] == "down" and t)
    assert down["hint"]
    assert down["lag_s"] > 0
    eventually(lambda: sinks(site)["lake"]["state"] == "up")  # one that is away harms no other
    eventually(lambda: len(in_kafka(kafka)) == 600)
    clickhouse_alone.start()
    for _ in range(2):
        site.kill()
        site.log.write(100)
        site.start()
        site.log.write(50)
    every = list(range(1, site.log.written + 1))
    eventually(lambda: in_clickhouse(clickhouse_alone) == every, 60)
    eventually(lambda: set(in_kafka(kafka)) == set(every), 60)
    told = in_kafka(kafka)  # shown by the mock, hidden by a broker: what a killed site left undone
    assert told[:600] == every[:600]
    assert all(count <= 3 for count in Counter(told).values())
    for told in sinks(site).values():
        assert (told["state"], told["missed"], told["error"]) == ("up", 0, "")
        assert told["sent"] > 0
    site.stop()
