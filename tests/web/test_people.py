"""People and programs that enter a running plant: enrolled, signed in, held to limits, put out."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from itertools import count
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

PASSWORD = "four words nobody joins"
COOKIE = "isthmus_session"


def isthmus(demo, *words):
    """What the command prints as JSON."""
    ran = subprocess.run(
        [sys.executable, "-m", "isthmus", *words, "--data", str(demo.site), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, json.loads(ran.stdout)


def browser(demo):
    return httpx.Client(base_url=demo.url, timeout=20)


class Person:
    """An account that has enrolled, and the browser in which it did."""

    def __init__(self, demo, name, *roles):
        words = [word for role in roles for word in ("--role", role)]
        code, made = isthmus(demo, "user", "add", name, *words, "--title", f"{name} Ek")
        assert code == 0
        self.demo, self.name, self.id, self.window = demo, name, f"person:{name}", browser(demo)
        enrol = parse_qs(urlsplit(made["link"]).query)["enrol"][0]
        told = self.window.post("/api/sign-in/enrolment", json={"code": enrol}).json()
        assert told == {"account": name, "title": f"{name} Ek"}
        done = self.window.post("/api/sign-in/enrol", json={"code": enrol, "password": PASSWORD})
        assert len(done.json()["codes"]) == 10

    def __getattr__(self, word):
        return getattr(self.window, word)

    def leave(self):
        self.window.close()
        isthmus(self.demo, "user", "remove", self.name)


NAMES = (f"anna{number}" for number in count())


@pytest.fixture
def anna(demo):
    """An administrator; another one for each test, as failures are counted by account."""
    person = Person(demo, next(NAMES), "viewer", "admin")
    yield person
    person.leave()


def sign_in(window, account, password=PASSWORD):
    proof = {"account": account, "password": password}
    return window.post("/api/sign-in/password", json=proof)


def test_an_account_enrols_and_is_who_it_says(demo, anna):
    me = anna.get("/api/session").json()
    assert (me["id"], me["name"], me["owner"]) == (anna.id, f"{anna.name} Ek", False)
    assert {grant["role"] for grant in me["roles"]} == {"viewer", "admin"}
    assert anna.get("/api/plant").status_code == 200


def test_signing_in_makes_a_new_id(demo, anna):
    before = anna.cookies[COOKIE]
    assert sign_in(anna, anna.name).status_code == 200
    assert anna.cookies[COOKIE] != before
    with browser(demo) as thief:
        thief.cookies.set(COOKIE, before)
        assert thief.get("/api/session").status_code == 401


def test_an_id_that_was_given_to_a_browser_is_never_taken_over(demo, anna):
    with browser(demo) as victim:
        victim.cookies.set(COOKIE, "chosen-by-somebody-else")
        answer = sign_in(victim, anna.name)
        assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]
        assert "httponly" in answer.headers["set-cookie"].lower()


def test_a_wrong_password_is_refused_and_soon_slowed_down(demo, anna):
    with browser(demo) as window:
        codes = [sign_in(window, anna.name, "wrong").status_code for _ in range(5)]
        assert codes[:4] == [401] * 4
        assert codes[4] == 429
        assert window.get("/api/session").status_code == 401


def test_signing_out_ends_the_session_at_the_site(demo, anna):
    id_ = anna.cookies[COOKIE]
    assert anna.post("/api/session/sign-out").status_code == 200
    assert COOKIE not in anna.cookies
    with browser(demo) as thief:
        thief.cookies.set(COOKIE, id_)
        assert thief.get("/api/plant").status_code == 401


def test_a_locked_session_answers_nothing_but_its_proof(demo, anna):
    assert anna.post("/api/session/lock").status_code == 200
    assert anna.get("/api/plant").status_code == 401
    assert anna.get("/api/session").json()["locked"]
    assert anna.post("/api/account/recovery-codes").status_code == 401
    assert anna.post("/api/session/prove", json={"password": "wrong"}).status_code == 401
    assert anna.post("/api/session/prove", json={"password": PASSWORD}).status_code == 200
    assert anna.get("/api/plant").status_code == 200


def test_disabling_puts_out_at_once_the_live_stream_too(demo, anna):
    ended, begun = threading.Event(), threading.Event()

    def listen():
        with anna.stream("GET", "/api/live?tags=0") as stream:
            try:
                for _ in stream.iter_raw():
                    begun.set()
            except httpx.HTTPError:
                pass
        ended.set()

    listening = threading.Thread(target=listen)
    listening.start()
    assert begun.wait(10)
    since = time.monotonic()
    assert isthmus(demo, "user", "disable", anna.name)[0] == 0
    assert anna.get("/api/plant").status_code == 401
    assert ended.wait(5), "the stream goes on"
    assert time.monotonic() - since < 5
    listening.join()
    with browser(demo) as window:
        assert sign_in(window, anna.name).status_code == 401


def test_an_administrator_adds_others_but_not_rights_for_itself(demo, anna):
    made = anna.post("/api/accounts", json={"name": "bert", "roles": [{"role": "viewer"}]})
    assert made.status_code == 200
    assert "/sign-in?enrol=" in made.json()["link"]
    own = anna.patch(f"/api/accounts/{anna.name}", json={"roles": [{"role": "engineer"}]})
    assert own.status_code == 422
    assert "own" in own.json()["error"]
    assert anna.post("/api/sign-in-links").status_code == 403
    for widened in ({"rights": ["write"]}, {"rights": ["govern"], "at": ["packaging/**"]}):
        refused = anna.post("/api/tokens", json={"name": "more", "days": 1, **widened})
        assert refused.status_code == 403
        assert "makes no token that may" in refused.json()["error"]
    asked = {"name": "helper", "days": 1, "rights": ["read", "administer"]}
    key = {"Authorization": f"Bearer {anna.post('/api/tokens', json=asked).json()['token']}"}
    with browser(demo) as program:  # what she made is she
        by_token = program.patch(
            f"/api/accounts/{anna.name}", json={"roles": [{"role": "engineer"}]}, headers=key
        )
        assert by_token.status_code == 422
        assert "own" in by_token.json()["error"]
    assert anna.delete("/api/tokens/helper").status_code == 200
    assert anna.delete("/api/accounts/bert").status_code == 200


def test_somebody_without_the_role_sees_no_accounts(demo, anna):
    vera = Person(demo, "vera", "viewer")
    assert vera.get("/api/session").json()["id"] == "person:vera"
    asks = [("GET", "/api/accounts"), ("GET", "/api/tokens"), ("GET", "/api/emergencies")]
    asks += [("POST", f"/api/accounts/{anna.name}/enrolment"), ("POST", "/api/sign-in-links")]
    asks += [("DELETE", f"/api/accounts/{anna.name}")]
    asks += [("POST", f"/api/accounts/{anna.name}/sign-out")]
    for method, path in asks:
        assert vera.request(method, path).status_code == 403, path
    vera.leave()


def test_a_token_lets_a_program_in_until_it_is_revoked(demo):
    code, made = isthmus(demo, "token", "add", "bi", "--right", "read", "--days", "90")
    assert code == 0
    key = {"Authorization": f"Bearer {made['token']}"}
    with browser(demo) as program:
        me = program.get("/api/session", headers=key).json()
        assert (me["id"], me["how"]) == ("service:bi", "token")
        assert program.get("/api/plant", headers=key).status_code == 200
        assert program.get("/api/accounts", headers=key).status_code == 403
        assert program.post("/api/account/recovery-codes", headers=key).status_code == 403
        listed = isthmus(demo, "token", "list")[1]
        assert [one["used"] is not None for one in listed if one["name"] == "bi"] == [True]
        assert made["token"] not in json.dumps(listed)
        assert isthmus(demo, "token", "revoke", "bi") == (0, {"ended": 1})
        assert program.get("/api/plant", headers=key).status_code == 401


def test_an_emergency_is_open_until_somebody_reviews_it(demo, anna):
    assert isthmus(demo, "link", "--break-glass")[0] != 0
    reason = "the filler stands and nobody answers"
    _, link = isthmus(demo, "link", "--break-glass", "--reason", reason)
    with browser(demo) as window:
        assert window.get(link["link"]).status_code == 303
        me = window.get("/api/session").json()
        assert (me["how"], me["owner"]) == ("break-glass", True)
        assert me["until"] / 1e3 - time.time() < 3_601
        assert window.post("/api/sign-in-links").status_code == 403
        open_ = isthmus(demo, "user", "review")[1]
        assert [one["reason"] for one in open_] == [reason]
        told = window.get("/api/overview").json()["attention"]
        assert [one["href"] for one in told if one["detail"] == reason] == ["/security"]
        note = {"note": "valve freed by hand, entry was right"}
        place = f"/api/emergencies/{open_[0]['number']}/review"
        assert window.post(place, json=note).status_code == 403
    assert anna.post(place, json=note).json()["reviewed_by"] == anna.id
    assert isthmus(demo, "user", "review")[1] == []


def test_the_ways_in_are_told_to_strangers_and_nothing_else(demo):
    with browser(demo) as stranger:
        assert stranger.get("/api/sign-in").json()["local"]
        large = b'{"account": "' + b"a" * 70_000 + b'"}'
        head = {"Content-Type": "application/json"}
        assert (
            stranger.post("/api/sign-in/password", content=large, headers=head).status_code == 413
        )
        chunked = stranger.post("/api/sign-in/password", content=iter([b"{}"]), headers=head)
        assert chunked.status_code == 411
        assert stranger.post("/api/sign-in/password", json={"x": 1}).status_code == 422


def test_no_secret_of_anybody_is_told_or_kept_as_it_is(demo, anna):
    told = anna.get("/api/account").text + anna.get("/api/accounts").text
    kept = "".join(file.read_text("utf-8") for file in (demo.site / "trust").glob("*.json"))
    assert "argon2" not in told
    assert "argon2" in kept
    for secret in (PASSWORD, anna.cookies[COOKIE]):
        assert secret not in told
        assert secret not in kept
        assert secret not in demo.log.read_text("utf-8")
