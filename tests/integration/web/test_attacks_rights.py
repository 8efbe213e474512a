"""Each route by each role, held to a table that people read; and what narrowed eyes see."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import eventually

WHO = "viewer operator maintainer engineer planner security auditor admin nobody reader-token"
SPEED, OTHER = "packaging/line1/filler/speed", "packaging/line10/filler/speed"
VALUES = {"name": "log", "number": "1", "zone": "cell", "which": "1", "step": "close"}
VALUES |= {"key": "1", "start": "1", "revision": "1", "form": "html"}
ASKED = {
    "tags": SPEED,
    "tag": SPEED,
    "from": "0",
    "to": "1000",
    "path": "packaging/line1",
    "q": "x",
}
STREAMS = ("GET /api/live", "GET /api/links/{name}/tap")


def table():
    """Route -> who -> whether it is let in."""
    lines = (Path(__file__).parent / "expected.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {
        f"{method} {path}": dict(zip(WHO.split(), (sign == "+" for sign in signs), strict=True))
        for method, path, *signs in rows
    }


EXPECTED = table()


def test_the_table_holds_every_route_of_the_document(site):
    paths = site.client.get("/api/openapi.json").json()["paths"]
    found = {f"{method.upper()} {path}" for path, each in paths.items() for method in each}
    assert found == set(EXPECTED)


@pytest.mark.parametrize("who", WHO.split())
@pytest.mark.parametrize("route", [route for route in EXPECTED if route not in STREAMS])
def test_a_role_gets_what_the_table_says(site, route, who):
    method, path = route.split()
    answer = site.ask(who, method, path.format(**VALUES), params=ASKED, json=[])
    if EXPECTED[route][who]:
        assert not answer.text.startswith('{"error":"this needs '), answer.text
    else:
        assert answer.status_code == 403, answer.text
        assert answer.json()["error"].startswith("this needs ")
        assert not set(answer.json()) - {"error", "hint"}, "a refusal tells nothing else"


@pytest.mark.parametrize("route", STREAMS)
def test_streams_do_not_open_for_nobody(site, route):
    path = route.split()[1].format(**VALUES)
    assert site.ask("nobody", "GET", path, params={"tags": SPEED}).status_code == 403
    assert site.ask("lea", "GET", "/api/live", params={"tags": OTHER}).status_code == 403


def test_who_sees_one_line_gets_nothing_of_the_other(site):
    assert site.ask("lea", "GET", "/api/last", params={"tags": SPEED}).status_code == 200
    for route in ("last", "history", "statistics", "gaps", "query", "together", "export"):
        asked = {**ASKED, "tags": f"{SPEED},{OTHER}", "tag": OTHER}
        assert site.ask("lea", "GET", f"/api/{route}", params=asked).status_code == 403, route
    number = site.app.namespace.id(OTHER)
    assert site.ask("lea", "GET", "/api/last", params={"tags": number}).status_code == 403
    rooted = f"acme/riverside/{OTHER}"
    assert site.ask("lea", "GET", "/api/last", params={"tags": rooted}).status_code == 403
    for route in ("overview", "performance", "energy"):
        asked = {"line": "packaging/line10"}
        assert site.ask("lea", "GET", f"/api/{route}", params=asked).status_code == 403, route
    for path in ("packaging/line10", "/packaging/line10/", "packaging", ""):
        asked = {"path": path, "from": 0, "to": 1000}
        assert site.ask("lea", "GET", "/api/kpi", params=asked).status_code == 403, path


@pytest.mark.parametrize("pattern", ["**", "packaging", "packaging/*/filler/*", "acme/**"])
def test_patterns_select_what_may_be_seen(site, pattern):
    eventually(lambda: SPEED in site.ask("viewer", "GET", "/api/last", params={"tags": "**"}).text)
    for route in ("last", "query"):
        asked = {"tags": pattern, "from": "2025-01-01", "to": "2027-01-01"}
        answer = site.ask("lea", "GET", f"/api/{route}", params=asked)
        assert answer.status_code == 200
        assert "line10" not in answer.text


def test_a_pattern_of_what_is_hidden_selects_nothing(site):
    asked = {"tags": "packaging/line10/**"}
    assert site.ask("lea", "GET", "/api/last", params=asked).status_code == 422


def test_the_tree_holds_what_may_be_seen(site):
    seen = site.ask("lea", "GET", "/api/plant").json()
    assert [line["path"] for line in seen["areas"][0]["children"]] == ["packaging/line1"]
    assert {tag["path"] for tag in seen["tags"]} == {SPEED, "packaging/line1/filler/state"}
    barred = site.ask("barred", "GET", "/api/plant")
    assert "line10" not in barred.text
    assert "line10" in site.ask("viewer", "GET", "/api/plant").text


def test_a_denial_somewhere_closes_what_tells_of_the_whole_site(site):
    for route in ("links", "sql", "sinks"):
        answer = site.ask("barred", "GET", f"/api/{route}", params={"q": "select 1"})
        assert answer.status_code == 403
        assert "denied read at packaging/line10" in answer.json()["error"]


def test_a_token_is_held_to_its_line(site):
    assert site.ask("line-token", "GET", "/api/last", params={"tags": SPEED}).status_code == 200
    assert site.ask("line-token", "GET", "/api/last", params={"tags": OTHER}).status_code == 403
    assert site.ask("line-token", "GET", "/api/links").status_code == 403
    assert site.ask("line-token", "POST", "/api/policy/rollback").status_code == 403


def test_a_refusal_says_what_is_missing_and_who_gives_it(site):
    refused = site.ask("lea", "POST", "/api/policy/apply").json()
    assert refused["error"] == (
        "this needs govern at the whole site: nothing grants govern at the whole site to person:lea"
    )
    assert "the owner of the data folder" in refused["hint"]


def test_refusals_are_recorded_once_a_minute_each(site):
    def told():
        asked = {"kind": "access", "by": "person:nobody", "limit": 10_000}
        found = site.ask("auditor", "GET", "/api/ledger", params=asked).json()["records"]
        return sum(each["text"] == "refused read at the whole site" for each in found)

    before = told()
    site.app.trust.rights._told.clear()  # the tests before filled this minute's records
    for _ in range(50):
        site.ask("nobody", "GET", "/api/links")
    assert 1 <= told() - before <= 2, "one a minute, and 50 may take more than one"
    assert site.app.trust.rights.refused >= 50


def test_a_method_or_a_slash_more_opens_nothing(site):
    for method, path in (
        ("HEAD", "/api/links"),
        ("OPTIONS", "/api/policy"),
        ("GET", "/api//policy"),
        ("GET", "/api/policy/"),
        ("GET", "/API/policy"),
        ("GET", "/api/./policy"),
        ("GET", "/api/%70olicy"),
        ("POST", "/api/policy"),
    ):
        answer = site.ask("nobody", method, path, headers={"X-HTTP-Method-Override": "GET"})
        assert '"grants":' not in answer.text, (method, path)
        assert (
            answer.status_code in (307, 403, 404, 405)
            or "<html" in answer.text.lower()
            or (answer.status_code in (200, 503) and "/API" in path)
        )
