"""The live streams: everything first, then what changed, not too often, and not too many."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import httpx
import pytest

from isthmus.web import contract

TAGS = ("speed", "power", "motor_temp", "state", "good_count", "order")


def listen(client, path, seconds, **query):
    """(seconds since the start, name, body) of each event."""
    told, start, name = [], time.monotonic(), ""
    with client.stream("GET", path, params=query) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                told.append((time.monotonic() - start, name, json.loads(line[6:])))
            if time.monotonic() - start > seconds:
                return told
    raise AssertionError("the stream ended")


@pytest.fixture(scope="module")
def heard(demo, tag):
    wanted = [tag[f"packaging/line1/filler/{name}"] for name in TAGS]
    with demo.client() as client:
        return wanted, listen(client, "/api/live", 6, tags=",".join(map(str, wanted)))


def of(told, name):
    return [(at, body) for at, kind, body in told if kind == name]


def test_only_values_and_status_are_told(heard):
    assert {name for _, name, _ in heard[1]} == {"values", "status"}


def test_the_first_message_has_every_tag(heard):
    wanted, told = heard
    first = contract.LiveValues.model_validate(of(told, "values")[0][1])
    assert sorted(first.tag) == sorted(wanted)
    assert first.text, "the order is a text"


def test_later_messages_have_changes_only(heard):
    wanted, told = heard
    seen: dict[int, tuple] = {}
    for _, body in of(told, "values"):
        message = contract.LiveValues.model_validate(body)
        assert len(set(message.tag)) == len(message.tag)
        for row, number in enumerate(message.tag):
            sample = (message.time[row], message.value[row], message.quality[row])
            assert seen.get(number) != sample, "told twice"
            seen[number] = sample
    sizes = [len(body["tag"]) for _, body in of(told, "values")[1:]]
    assert sizes, "nothing moved"
    assert min(sizes) < len(wanted)


def test_time_never_goes_back(heard):
    times: dict[int, float] = {}
    for _, body in of(heard[1], "values"):
        for number, at in zip(body["tag"], body["time"], strict=True):
            assert at >= times.get(number, 0)
            times[number] = at


def test_each_tag_is_told_at_most_four_times_a_second(heard):
    told = of(heard[1], "values")
    for number in heard[0]:
        times = [at for at, body in told if number in body["tag"]]
        for first in times:
            assert sum(first <= at < first + 1 for at in times) <= 5


def test_status_comes_every_second(heard):
    status = of(heard[1], "status")
    assert 4 <= len(status) <= 9
    last = contract.LiveStatus.model_validate(status[-1][1])
    assert (last.links_up, last.links, last.lost, last.bus) == (7, 7, 0, "up")
    assert last.values_per_s > 1
    assert last.attention == {}


def test_the_clock_moves(heard):
    clock = [body["now"] for _, body in of(heard[1], "status")]
    assert clock == sorted(clock)
    assert clock[-1] > clock[0]


def test_a_stream_of_no_tags_still_tells_the_status(client):
    told = listen(client, "/api/live", 1.5, tags="")
    assert len(of(told, "status")) >= 1
    assert of(told, "values")[0][1]["tag"] == []


def test_a_stream_of_a_wrong_tag_is_refused(client):
    answer = client.get("/api/live", params={"tags": "99999"})
    assert answer.status_code == 404
    assert contract.Problem.model_validate_json(answer.content).hint


@pytest.mark.parametrize("stage", ["read", "transform", "stream"])
def test_a_tap_shows_rows_at_each_stage(client, stage):
    told = listen(client, "/api/links/meters/tap", 3, stage=stage)
    rows = [contract.TapRow.model_validate(row) for _, _, body in told for row in body]
    assert rows
    assert all(row.tag.startswith(("packaging", "utilities")) for row in rows)


def test_a_tap_of_an_unknown_stage_or_link_is_refused(client):
    assert client.get("/api/links/meters/tap", params={"stage": "x"}).status_code == 422
    assert client.get("/api/links/nothing/tap").status_code == 404


def test_streams_are_limited_and_given_back(demo):
    limit = 64
    with ExitStack() as open_streams:
        clients = open_streams.enter_context(
            httpx.Client(
                base_url=demo.url,
                headers={"Authorization": f"Bearer {demo.token}"},
                limits=httpx.Limits(max_connections=200),
                timeout=20,
            )
        )
        codes, kept = [], []
        for _ in range(limit + 4):
            answer = open_streams.enter_context(clients.stream("GET", "/api/live"))
            codes.append(answer.status_code)
            if answer.status_code == 200:
                kept.append(answer.iter_lines())
                next(kept[-1])
        assert codes.count(503) >= 4
        assert codes.count(200) <= limit
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with demo.client() as client, client.stream("GET", "/api/live") as answer:
            if answer.status_code == 200:
                return
        time.sleep(0.3)
    raise AssertionError("streams that were closed are still counted")
