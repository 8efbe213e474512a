"""Who gets in, who stays out, and what every answer carries."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PAGES = ["/", "/plant", "/asset/packaging/line1/filler", "/explore", "/connections", "/nonsense"]
PROTECTED = ["/api/plant", "/api/live", "/api/sql?q=select+1", "/api/openapi.json", "/api/links"]
COOKIE = "isthmus_session"


@pytest.fixture
def stranger(demo):
    with httpx.Client(base_url=demo.url, timeout=20) as asking:
        yield asking


def ask(demo, path="/api/plant", method="GET", **headers):
    connection = HTTPConnection("127.0.0.1", demo.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return httpx.Response(answer.status, content=answer.read(), headers=answer.getheaders())
    finally:
        connection.close()


@pytest.mark.parametrize("path", [*PROTECTED, "/api", "/api/nothing"])
def test_the_api_is_closed_to_strangers(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert "isthmus link" in answer.json()["hint"]


@pytest.mark.parametrize("path", ["//api/plant", "/./api/plant", "/x/../api/plant", "/API/plant"])
def test_the_api_is_closed_under_other_spellings(demo, path):
    answer = ask(demo, path)
    assert answer.status_code in (200, 401, 404)
    assert b"packaging/line1" not in answer.content


def test_a_link_signs_in_once(demo, stranger):
    link = demo.sign_in_link()
    answer = stranger.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
    assert stranger.get("/api/plant").status_code == 200
    again = stranger.get(link)
    assert again.status_code == 403
    assert "isthmus link" in again.json()["hint"]


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/\t/evil"]
)
def test_a_link_leads_nowhere_else(demo, to):
    with httpx.Client(timeout=20) as fresh:
        answer = fresh.get(demo.sign_in_link(), params={"to": to, "code": code_of(demo)})
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert there == "/" or re.match(r"^/[^/\\]", there), there
    assert "\t" not in there


def code_of(demo):
    return urlsplit(demo.sign_in_link()).query.removeprefix("code=")


def test_a_link_keeps_the_way_to_a_page(demo):
    with httpx.Client(base_url=demo.url, timeout=20) as fresh:
        query = {"code": code_of(demo), "to": "/energy?window=week"}
        assert fresh.get("/sign-in", params=query).headers["location"] == "/energy?window=week"


@pytest.mark.parametrize("query", ["?code=", "?code=x", "?code=" + "a" * 5_000, "?code=%00"])
def test_a_wrong_code_is_refused(stranger, query):
    assert stranger.get("/sign-in" + query).status_code in (403, 422)


@pytest.fixture(scope="module")
def good(demo):
    """The cookie of a signed-in browser."""
    with httpx.Client(timeout=20) as browser:
        browser.get(demo.sign_in_link())
        return browser.cookies[COOKIE]


def test_a_good_cookie_is_taken(demo, good):
    assert ask(demo, Cookie=f"{COOKIE}={good}").status_code == 200


def test_a_cookie_with_one_letter_changed_is_not_taken(demo, good):
    for place in range(0, len(good), 7):
        letter = "0" if good[place] != "0" else "1"
        forged = good[:place] + letter + good[place + 1 :]
        assert ask(demo, Cookie=f"{COOKIE}={forged}").status_code == 401, place


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=200))
def test_a_garbled_cookie_is_not_taken(demo, text):
    raw = text.encode("latin-1").translate(None, b"\x7f\x85\xa0\xad")
    answer = ask(demo, Cookie=COOKIE.encode() + b"=" + raw)
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer é"])
def test_a_wrong_token_is_refused(demo, bearer):
    assert ask(demo, Authorization=bearer.encode("latin-1")).status_code == 401


def test_the_right_token_is_taken(demo):
    assert ask(demo, Authorization=f"Bearer {demo.token}").status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "evil.example:80", "localhost.evil", "[::1"),
        *("0.0.0.0", "127.0.0.2", "127.0.0.1@evil.example", "evil.example#127.0.0.1", "a:b:c"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/plant", "/sign-in?code=x"])
def test_a_foreign_name_is_not_answered_to(demo, host, path):
    answer = ask(demo, path, Host=host, Authorization=f"Bearer {demo.token}")
    assert answer.status_code in (400, 421), answer.content[:200]
    assert b"isthmus-shell" not in answer.content


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LOCALHOST:80", "[::1]:8800"])
def test_our_own_names_are_answered_to(demo, host):
    assert ask(demo, Host=host, Authorization=f"Bearer {demo.token}").status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil", "x"])
def test_a_foreign_page_cannot_write(demo, origin):
    key = {"Authorization": f"Bearer {demo.token}", "Origin": origin}
    assert ask(demo, "/api/links/meters/retry", "POST", **key).status_code == 403
    assert ask(demo, "/api/sign-in-links", "POST", **key).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "x"])
def test_a_page_of_another_site_cannot_write(demo, site):
    key = {"Authorization": f"Bearer {demo.token}", "Sec-Fetch-Site": site}
    assert ask(demo, "/api/links/meters/retry", "POST", **key).status_code == 403
    assert ask(demo, "/api/sign-in/password", "POST", **{"Sec-Fetch-Site": site}).status_code == 403


def test_our_own_page_can_write(demo):
    key = {"Authorization": f"Bearer {demo.token}", "Origin": demo.url}
    assert ask(demo, "/api/links/meters/retry", "POST", **key).status_code == 200


def test_every_answer_is_protected(demo):
    key = {"Authorization": f"Bearer {demo.token}"}
    foreign = ask(demo, Host="evil.example")
    answers = [ask(demo, path, **key) for path in [*PAGES, "/api/plant", "/api/x", "/assets/x"]]
    for answer in [*answers, ask(demo), foreign, ask(demo, "/sign-in?code=x")]:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


def test_answers_of_the_api_are_not_kept_by_others(demo):
    answer = ask(demo, Authorization=f"Bearer {demo.token}")
    assert answer.headers["cache-control"] == "no-store"


def test_no_answer_tells_a_secret(demo):
    secrets = [demo.token]
    secrets += [found.read_text("ascii").strip() for found in demo.folder.rglob("*.password")]
    assert len(secrets) >= 2
    with demo.client() as asking:
        names = [link["name"] for link in asking.get("/api/links").json()["links"]]
        paths = ["/api/plant", "/api/links", "/api/overview", "/api/openapi.json", "/api/energy"]
        paths += [f"/api/links/{name}/browse" for name in names]
        told = [asking.get(path).text for path in paths]
        every = {"q": "select distinct kind, path, text, data from events"}
        told.append(json.dumps(asking.get("/api/sql", params=every).json()))
    for secret in secrets:
        assert all(secret not in text for text in told)


def test_secrets_are_readable_by_their_owner_alone(demo):
    for name in ("web/token", "trust/sessions.json"):
        assert (demo.site / name).stat().st_mode & 0o077 == 0
