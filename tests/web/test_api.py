"""Every route answers what its contract says, and refuses what it cannot answer with a reason."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from isthmus.web import contract
from isthmus.web.contract import notify, operator, stops
from isthmus.web.contract.energy import MeterTree
from isthmus.web.contract.energy_split import EnergySplit
from isthmus.web.contract.rules import ProposalInfo, RuleList

HOUR = 3_600_000.0


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


@pytest.fixture(scope="module")
def questions(plant, tag):
    now, speed = plant["now"], tag["packaging/line1/filler/speed"]
    span = {"from": now - HOUR, "to": now}
    return {
        "/api/plant": ({}, contract.PlantInfo),
        "/api/history": ({"tags": speed, **span}, contract.History),
        "/api/periods": ({**span, "kind": "shift"}, list[contract.Period]),
        "/api/grafana": ({"address": "site:5433"}, contract.GrafanaFiles),
        "/api/exports": ({}, list[contract.ScheduledExport]),
        "/api/statistics": ({"tags": speed, **span}, list[contract.Statistics]),
        "/api/together": ({"tag": speed, **span}, contract.MovedTogether),
        "/api/states": (span, list[contract.Ribbon]),
        "/api/operator": ({"path": "packaging/line1/filler"}, operator.Station),
        "/api/reasons": ({"path": "packaging/line1"}, list[stops.ReasonInfo]),
        "/api/stops": ({**span}, stops.StopsInfo),
        "/api/performance": ({"window": "day"}, contract.Performance),
        "/api/energy": ({"window": "day"}, contract.Energy),
        "/api/kpi/catalogue": ({}, contract.KpiCatalogue),
        "/api/kpi/table": ({"path": "packaging/line1", **span}, contract.KpiTable),
        "/api/kpi/formula": (
            {"path": "packaging/line1/filler", "kpi": "oee_index", **span},
            contract.KpiComputed,
        ),
        "/api/bottleneck": (span, contract.Bottleneck),
        "/api/cycles": ({"path": "packaging/line1/filler", **span}, contract.CycleTimes),
        "/api/spc": ({"tag": speed, **span, "size": 5}, contract.ControlAnswer),
        "/api/energy/forecast": ({}, contract.EnergyForecast),
        "/api/energy/meters": ({"window": "day"}, MeterTree),
        "/api/energy/split": ({"window": "day"}, EnergySplit),
        "/api/energy/measures": ({}, list[contract.MeasureVerified]),
        "/api/overview": ({}, contract.Overview),
        "/api/reports": ({}, contract.Reports),
        "/api/scorecard": ({}, contract.Scorecard),
        "/api/links": ({}, contract.Links),
        "/api/links/{name}/browse": ({}, list[contract.BrowseNode]),
        "/api/zones": ({}, contract.ZoneMap),
        "/api/zones/levels": ({}, list[contract.ZoneLevels]),
        "/api/zones/reach": ({"source": "site", "target": "line1"}, contract.Reached),
        "/api/ledger": ({}, contract.LedgerRecords),
        "/api/ledger/verify": ({}, contract.LedgerVerdict),
        "/api/locks": ({}, list[contract.LockInfo]),
        "/api/permits": ({}, list[contract.PermitInfo]),
        "/api/certificates": ({}, list[contract.IssuedCertificate]),
        "/api/certificates/inventory": ({}, list[contract.SeenCertificate]),
        "/api/certificates/forecast": ({"days": 7_300}, list[contract.SeenCertificate]),
        "/api/certificates/pending": ({}, list[contract.WaitingCertificate]),
        "/api/certificates/findings": ({}, list[contract.Hop]),
        "/api/session": ({}, contract.Me),
        "/api/accounts": ({}, list[contract.AccountInfo]),
        "/api/tokens": ({}, list[contract.TokenInfo]),
        "/api/emergencies": ({}, list[contract.EmergencyInfo]),
        "/api/policy": ({}, contract.PolicyInfo),
        "/api/policy/who-can": ({"right": "write", "at": "packaging"}, contract.WhoCan),
        "/api/policy/explain": ({"right": "read", "who": "owner"}, contract.PolicyReason),
        "/api/rights": ({"at": "packaging/line1"}, contract.MyRights),
        "/api/sign-in": ({}, contract.SignInWays),
        "/api/alarms": ({"all": "true"}, contract.AlarmList),
        "/api/notify": ({}, notify.NotifyState),
        "/api/notify/on-call": ({}, list[notify.RotaInfo]),
        "/api/notify/log": ({}, list[notify.NotifyMessage]),
        "/api/alarms/journal": (span, list[contract.AlarmChange]),
        "/api/alarms/statistics": (span, list[contract.AlarmFigures]),
        "/api/alarms/rationalise": (span, list[contract.AlarmAdvice]),
        "/api/rules": ({}, RuleList),
        "/api/proposals": ({}, list[ProposalInfo]),
        "/api/sql": ({"q": "select count(*) as n from samples"}, list[dict[str, int]]),
    }


ELSEWHERE = {
    "/api/alarms/{step}": "test_alarms",
    "/api/notify/test": "test_notify",
    "/api/rules/{name}/test": "test_rules",
    "/api/rules/{name}/try": "test_rules",
    "/api/rules/{name}/switch": "test_rules",
    "/api/proposals/{number}": "test_rules",
    "/api/live": "test_live",
    "/api/links/{name}/tap": "test_live",
    "/api/export": "test_history",
    "/api/query": "test_query",
    "/api/last": "test_query",
    "/api/events": "test_query",
    "/api/gaps": "test_kpi",
    "/api/imports": "test_import",
    "/api/imports/lost": "test_import_opcua",
    "/api/imports/preview": "test_import",
    "/api/imports/{number}/end": "test_import",
    "/api/imports/{number}/parts": "test_import",
    "/api/kpi": "test_kpi",
    "/api/report": "test_report",
    "/api/reports/{name}/make": "test_reports_page",
    "/api/reports/{name}/{start}/{revision}/{form}": "test_reports_page",
    "/api/scorecard/notes": "test_scorecard",
    "/api/scorecard/notes/{number}": "test_scorecard",
    "/api/kpi/explain": "test_kpi",
    "/api/sinks": "test_sinks",
    "/api/sql/status": "test_status",
    "/api/zones/{zone}/island": "test_zones",
    "/api/zones/boundary": "test_zones",
    "/api/ledger/export": "test_ledger",
    "/api/locks/free": "test_write",
    "/api/operator/call": "test_operator",
    "/api/stops/explain": "test_stops",
    "/api/stops/split": "test_stops",
    "/api/stops/undo": "test_stops",
    "/api/permits/{number}": "test_write",
    "/api/permits/{number}/{step}": "test_write",
    "/api/writes/preview": "test_write",
    "/api/writes": "test_write",
    "/api/certificates/crl": "test_certificates",
    "/api/certificates/authority": "test_certificates",
    "/api/certificates/approve": "test_certificates",
    "/api/certificates/refuse": "test_certificates",
    "/api/certificates/revoke": "test_certificates",
    "/api/certificates/issue": "test_certificates",
    "/api/certificates/renew": "test_certificates",
    "/api/session/prove": "test_people",
    "/api/session/lock": "test_people",
    "/api/ledger/notes": "test_noted",
    "/api/session/hand": "test_lock",
    "/api/session/sign-out": "test_people",
    "/api/session/sign-out-everywhere": "test_people",
    "/api/session/others/{number}": "test_people",
    "/api/account": "test_people",
    "/api/account/password": "test_people",
    "/api/account/recovery-codes": "test_people",
    "/api/account/tokens": "test_people",
    "/api/account/tokens/{number}": "test_people",
    "/api/accounts/{name}": "test_people",
    "/api/accounts/{name}/sessions": "test_people",
    "/api/accounts/{name}/enrolment": "test_people",
    "/api/accounts/{name}/sign-out": "test_people",
    "/api/tokens/{which}": "test_people",
    "/api/emergencies/{which}/review": "test_people",
    "/api/sign-in/passkey/options": "test_people_pages",
    "/api/sign-in/passkey": "test_people_pages",
    "/api/session/prove/options": "test_people",
    "/api/session/prove/passkey": "test_people_pages",
    "/api/account/passkeys/options": "test_people_pages",
    "/api/account/passkeys": "test_people_pages",
    "/api/account/passkeys/{key}": "test_people_pages",
    "/api/sign-in/company": "test_company",
    "/api/sign-in/company/back": "test_company",
    "/api/policy/diff": "test_policy",
    "/api/policy/apply": "test_policy",
    "/api/policy/rollback": "test_policy",
    "/api/sign-in/password": "test_people",
    "/api/sign-in/recovery": "test_people",
    "/api/sign-in/enrolment": "test_people",
    "/api/sign-in/enrol": "test_people",
    "/api/sign-in-links": "test_session",
    "/api/links/{name}/retry": "test_it_tries_a_link_again",
}


def test_every_route_is_tested(asking, questions):
    document = asking.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == set(questions) | set(ELSEWHERE)


def test_every_route_keeps_its_contract(asking, questions):
    for path, (query, model) in questions.items():
        answer = asking.get(path.replace("{name}", "filler-plc"), params=query)
        assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        TypeAdapter(model).validate_json(answer.content, strict=False)


def test_it_tries_a_link_again(asking):
    answer = asking.post("/api/links/filler-plc/retry")
    assert contract.LinkInfo.model_validate_json(answer.content).name == "filler-plc"


@pytest.mark.parametrize("window", ["hour", "shift", "day", "week"])
def test_performance_of_each_window(asking, window):
    answer = asking.get("/api/performance", params={"window": window, "line": "packaging/line1"})
    found = contract.Performance.model_validate_json(answer.content)
    assert found.window == window
    assert found.start < found.end
    lost = [step for step in found.waterfall if not step.kept]
    first, last = found.waterfall[0].minutes, found.waterfall[-1].minutes
    assert first - sum(step.minutes for step in lost) == pytest.approx(last, abs=0.1)
    assert found.good + found.scrap == pytest.approx(found.produced)


def test_the_document_tells_the_streams_and_the_refusals(asking):
    paths = asking.get("/api/openapi.json").json()["paths"]
    live = paths["/api/live"]["get"]["responses"]
    assert "text/event-stream" in live["200"]["content"]
    assert all("default" in op["responses"] for ops in paths.values() for op in ops.values())


# ---------------------------------------------------------------- wrong questions
words = st.one_of(
    st.sampled_from(
        [
            *("", "0", "-1", "1e9", "nan", "NaN", "inf", "-inf", "null", "true", "1,2", ",", ",,"),
            *("99999", "2147483648", "9" * 40, "٣", "²", "0x10", "1_0", "\x00", "\ud7ff", "é" * 50),
            *("packaging/line1", "packaging/line1/filler/speed", "PACKAGING", "*", "%", "' or 1=1"),
            *("../../etc/passwd", "a" * 10_000, "day", "week", "-9.2e18", "1e308", "1.7e12"),
        ]
    ),
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
)
KEYS = (
    "tags",
    "from",
    "to",
    "points",
    "path",
    "line",
    "window",
    "format",
    "q",
    "rows",
    "node",
    "kpi",
    "each",
    "tag",
)
FEW = settings(max_examples=150, suppress_health_check=list(HealthCheck))


class TestWrongQuestions:
    get: ClassVar[list[str]] = [
        *("/api/history", "/api/statistics", "/api/states", "/api/export", "/api/performance"),
        *(
            "/api/energy",
            "/api/energy/split",
            "/api/energy/meters",
            "/api/overview",
            "/api/sql",
            "/api/links/meters/browse",
            "/api/plant",
        ),
        *("/api/kpi/table", "/api/kpi/formula", "/api/bottleneck", "/api/cycles", "/api/spc"),
    ]

    @FEW
    @given(st.sampled_from(get), st.dictionaries(st.sampled_from(KEYS), words))
    @example("/api/history", {"tags": "a" * 10_000, "from": "0", "to": "1"})
    @example("/api/history", {"tags": "0", "from": "0", "to": "9.2e18"})
    @example("/api/history", {"tags": "0", "from": "1.8e12", "to": "1.7e12"})
    @example("/api/export", {"tags": "", "from": "0", "to": "1"})
    @example("/api/states", {"path": "packaging", "from": "0", "to": "1"})
    @example("/api/states", {"path": "utilities/air/compressor", "from": "0", "to": "1"})
    @example("/api/performance", {"line": "utilities/air"})
    @example("/api/energy", {"line": "utilities/air/compressor"})
    @example("/api/overview", {"line": "packaging/line1/filler"})
    @example("/api/overview", {"line": "utilities"})
    @example("/api/sql", {"q": "\x00"})
    def test_are_answered_or_refused_with_a_reason(self, asking, path, query):
        refused_or_right(asking.get(path, params=query))

    @FEW
    @given(st.text(min_size=1, max_size=40), st.sampled_from(["browse", "tap", "retry", "x"]))
    @example("a" * 10_000, "browse")
    @example("..", "tap")
    def test_of_links_that_are_not_there(self, asking, name, what):
        target = f"/api/links/{quote(name, safe='')}/{what}"
        refused_or_right(asking.request("POST" if what == "retry" else "GET", target))

    @FEW
    @given(st.lists(st.sampled_from(["..", "%2e%2e", "etc", "passwd", "a", "", ".", "%00", "~"])))
    @example(["..", "..", "pyproject.toml"])
    @example(["%2e%2e", "%2e%2e", "package.json"])
    @example(["assets", "..", "..", "package.json"])
    @example(["%00"])
    @example(["a" * 300])
    @example(["b" * 9_000])
    def test_of_pages_never_leave_the_pages(self, demo, parts):
        answer = raw_get(demo, "/" + "/".join(parts))
        assert answer.status_code < 500, answer.text[:300]
        assert b"devDependencies" not in answer.content
        assert b"[build-system]" not in answer.content
        assert b"root:" not in answer.content

    @pytest.mark.parametrize("times", [(math.nan, 1), (0, math.inf), (5, 5), (-1, 1), (0, 1e20)])
    @pytest.mark.parametrize("path", ["/api/history", "/api/statistics", "/api/states"])
    def test_of_no_time(self, asking, path, times):
        query = {"tags": "0", "from": times[0], "to": times[1]}
        answer = asking.get(path, params=query)
        assert answer.status_code == 422, answer.text[:200]
        contract.Problem.model_validate_json(answer.content)

    def test_are_corrected_with_the_nearest_name(self, asking):
        query = {"tags": "packaging/line1/filler/sped", "from": 0, "to": 1}
        answer = asking.get("/api/history", params=query)
        assert answer.status_code == 404
        assert "packaging/line1/filler/speed" in answer.json()["hint"]

    def test_of_too_many_tags(self, asking):
        answer = asking.get("/api/history", params={"tags": "0," * 501, "from": 0, "to": 1})
        assert answer.status_code == 422

    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/api/plant"), ("PUT", "/api/sql"), ("GET", "/api/nothing"), ("DELETE", "/api")],
    )
    def test_of_another_method_or_place(self, asking, method, path):
        answer = asking.request(method, path)
        assert answer.status_code in (404, 405)
        contract.Problem.model_validate_json(answer.content)


def refused_or_right(answer):
    assert answer.status_code < 500, f"{answer.request.url}: {answer.status_code} {answer.text}"
    if answer.status_code >= 400:
        problem = contract.Problem.model_validate_json(answer.content)
        assert problem.error
        assert len(answer.content) < 5_000


def raw_get(demo, target):
    """GET of a path exactly as written: clients tidy `..` away."""
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", demo.port, timeout=20)
    try:
        connection.putrequest("GET", target, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return httpx.Response(answer.status, content=answer.read())
    finally:
        connection.close()


def test_twenty_clients_at_once(demo, questions):
    def ask(number):
        path, (query, model) = list(questions.items())[number % len(questions)]
        with demo.client() as client:
            answer = client.get(path.replace("{name}", "filler-plc"), params=query)
        TypeAdapter(model).validate_json(answer.content)
        return answer.status_code

    with ThreadPoolExecutor(20) as crowd:
        assert set(crowd.map(ask, range(60))) == {200}
