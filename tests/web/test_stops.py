"""Stops of the demonstration: listed, explained, corrected, cut, undone; figures follow."""

from __future__ import annotations

import json

import pytest
from tests.integration.cli.conftest import isthmus
from tests.web.conftest import eventually

FILLER = "packaging/line1/filler"
LINE = "packaging/line1"
OWN = ("ADOT", "MICRO")
HOUR = 3_600_000.0


@pytest.fixture(scope="module")
def stop(demo, plant):
    """An own stop of the filler that is over, in an hour that is closed."""
    end = plant["now"] // HOUR * HOUR

    def found():
        told = demo.remote.get("/api/stops", path_=FILLER, from_=end - 4 * HOUR, to=end)
        own = [each for each in told["stops"] if each["counts"] in OWN and each["seconds"] > 5]
        return own[-1] if own else None

    return eventually(found, 60)


def say(demo, route, **wish):
    return demo.remote.send(route, json.dumps(wish).encode())


def at(demo, stop):
    return demo.remote.get("/api/stops/explain", path_=FILLER, at=stop["start"] + 500)


def setup(demo, stop):
    """The line's setup time of the hour in which the stop began, as the kpi table has it."""
    hour = stop["start"] // HOUR * HOUR
    told = demo.remote.get("/api/kpi", from_=hour, to=hour + 1, path_=LINE, period="hour")
    rows = [each for each in told["values"] if each["kpi"] == "actual_unit_setup"]
    return (rows[0]["value"],) if rows else None  # older hours may still wait


def often(demo):
    """How many stops of the filler "Nobody free" was said of; other tests say it too."""
    told = demo.remote.get("/api/reasons", path_=FILLER)
    return next(each["often"] for each in told if each["name"] == "people")


def test_a_stop_is_corrected_computed_again_and_taken_back(demo, stop):
    (before,) = eventually(lambda: setup(demo, stop), 120)
    said = say(
        demo, "/api/stops", path=FILLER, start=stop["start"], reason="changeover", comment="caps"
    )
    assert (said["reason"], said["title"], said["comment"]) == ("changeover", "Changeover", "caps")
    told = at(demo, stop)["stop"]
    assert (told["title"], told["counts"], told["said"]["number"]) == (
        *("Changeover", "AUST"),
        said["number"],
    )
    eventually(lambda: (now := setup(demo, stop)) and now[0] > before, 120)
    known = demo.remote.get(
        *("/api/stops",),
        path_=FILLER,
        from_=stop["start"] - 1,
        to=stop["end"],
        known=said["made"] - 1,
    )
    assert known["stops"][-1]["counts"] == stop["counts"], "as it was known before"
    taken = say(demo, "/api/stops/undo", number=said["number"])
    assert taken["number"] == said["number"]
    found = at(demo, stop)
    assert found["stop"]["counts"] == stop["counts"]
    assert found["versions"][-1]["undone_by"]
    eventually(lambda: (now := setup(demo, stop)) and now[0] == pytest.approx(before), 120)
    told = demo.remote.get("/api/ledger", kind="annotation")["records"]
    assert {"changeover"} <= {each["facts"]["reason"] for each in told}


def test_a_stop_is_cut_in_two_and_each_part_has_its_reason(demo, stop):
    middle = (stop["start"] + stop["end"]) / 2
    cut = say(demo, "/api/stops/split", path=FILLER, at=middle)
    part = say(demo, "/api/stops", path=FILLER, start=middle, reason="breakdown/drive")
    told = demo.remote.get("/api/stops", path_=FILLER, from_=stop["start"], to=stop["end"])
    halves = [each for each in told["stops"] if stop["start"] <= each["start"] < stop["end"]]
    assert [each["title"] for each in halves[-1:]] == ["Drive or motor"]
    assert halves[0]["end"] == halves[-1]["start"] == pytest.approx(middle, abs=1)
    for number in (part["number"], cut["number"]):
        say(demo, "/api/stops/undo", number=number)
    assert at(demo, stop)["stop"]["end"] == stop["end"]


def test_what_ran_or_is_no_reason_is_refused(demo, stop):
    said = isthmus(
        *("stops", "correct", FILLER, "2001-01-01 00:00:00", "breakdown"),
        *("--data", demo.site),
        folder=demo.folder,
    )
    assert (said.code, "did not stand then" in said.err) == (1, True), said.err
    with pytest.raises(Exception, match="there is no reason `jam`"):
        say(demo, "/api/stops", path=FILLER, start=stop["start"], reason="jam")


def test_the_command_line_lists_and_explains(demo, stop):
    listed = isthmus("stops", "list", "--last", "24h", "--data", demo.site, folder=demo.folder)
    assert listed.code == 0, listed.err
    assert FILLER in listed.out
    told = isthmus("stops", "reasons", "--data", demo.site, "--json", folder=demo.folder)
    assert len([each for each in json.loads(told.out) if not each["parent"]]) <= 10


def test_a_word_sent_twice_counts_once_and_none_passes_over_another(demo, stop):
    version, before = at(demo, stop)["stop"]["version"], often(demo)
    wish = {"path": FILLER, "start": stop["start"], "reason": "people", "key": "tablet-7"}
    first, second = (say(demo, "/api/stops", **wish, version=version, waited=90) for _ in range(2))
    assert first == second
    assert first["waited"] == 90
    assert often(demo) == before + 1
    with pytest.raises(Exception, match="said Nobody free meanwhile"):
        say(demo, "/api/stops", **{**wish, "key": "tablet-8"}, version=version)
    told = at(demo, stop)
    assert [each["number"] for each in told["versions"]][-1] == first["number"]
    now = told["stop"]["version"]
    assert now == first["number"]
    with pytest.raises(Exception, match="meanwhile"):
        say(demo, "/api/stops/undo", number=first["number"], version=version)
    gone = {"number": first["number"], "version": now, "key": "tablet-9"}
    assert say(demo, "/api/stops/undo", **gone) == say(demo, "/api/stops/undo", **gone)
    assert often(demo) == before, "what was taken back does not count"


def test_each_answer_tells_the_version_that_the_next_word_builds_on(demo, stop):
    wish = {"path": FILLER, "start": stop["start"], "reason": "people"}
    said = say(demo, "/api/stops", **wish, version=at(demo, stop)["stop"]["version"])
    gone = say(demo, "/api/stops/undo", number=said["number"], version=said["version"])
    again = say(demo, "/api/stops", **wish, version=gone["version"])
    assert said["version"] < gone["version"] < again["version"]
    assert again["version"] == at(demo, stop)["stop"]["version"]
    last = say(demo, "/api/stops/undo", number=again["number"], version=again["version"])
    assert last["version"] == at(demo, stop)["stop"]["version"]
    assert [each["version"] for each in at(demo, stop)["versions"]][-2:] == [
        gone["version"],
        last["version"],
    ]


def test_no_word_is_kept_in_the_name_of_another(demo, stop):
    before = at(demo, stop)
    own = demo.remote.get("/api/session")["id"]
    wishes = {
        "/api/stops": {"path": FILLER, "start": stop["start"], "reason": "people"},
        "/api/stops/split": {"path": FILLER, "at": stop["start"] + 1_500},
        "/api/stops/undo": {"number": 1},
    }
    for route, wish in wishes.items():
        with pytest.raises(Exception, match="somebody else's"):
            say(demo, route, **wish, who="person:anna")
    assert at(demo, stop) == before
    said = say(demo, "/api/stops", **wishes["/api/stops"], who=own)
    assert said["by"] == own
    say(demo, "/api/stops/undo", number=said["number"], who=own)
