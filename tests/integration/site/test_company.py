"""Signing in with the company's account at a site that runs, and when the company is away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from tests.integration.site.conftest import Site

from isthmus.cli.remote import Remote

pytestmark = [pytest.mark.timeout(180), pytest.mark.peer]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import oidc_provider_mock as provider

MORE = """
web: {{sign_in: {{oidc: "{issuer}", secret: {{env: SIGN_IN_SECRET}}}}}}
access: {{grants: [{{who: "group:ops", role: viewer}}]}}
"""
ANNA = provider.User(sub="42", claims={"preferred_username": "anna", "groups": ["ops"]})
EVE = provider.User(sub="666", claims={"preferred_username": "eve", "groups": ["guests"]})


@pytest.fixture
def company():
    with warnings.catch_warnings(), provider.run_server_in_thread(user_claims=[ANNA, EVE]) as made:
        warnings.simplefilter("ignore")
        yield made


@pytest.fixture
def plant(company, tmp_path, monkeypatch):
    """The site whose people the company knows."""
    monkeypatch.setenv("SIGN_IN_SECRET", "quiet")
    issuer = f"http://localhost:{company.server_port}"
    site = Site(tmp_path, MORE.format(issuer=issuer))
    try:
        site.start()
        yield site
    finally:
        site.close()


def browser(site):
    return httpx.Client(base_url=Remote.of(site.data).url, timeout=20)


def entered(client, sub):
    """The answer to coming back from the company as `sub`."""
    away = client.get("/api/sign-in/company", params={"to": "/energy"})
    assert away.status_code == 303
    consent = httpx.post(away.headers["location"], data={"sub": sub}, timeout=20)
    back = consent.headers["location"]
    return client.get(f"{urlsplit(back).path}?{urlsplit(back).query}"), back


def test_groups_of_the_company_open_what_they_are_granted_and_nothing_else(plant):
    with browser(plant) as anna:
        assert anna.get("/api/plant").status_code == 401
        answer, back = entered(anna, "42")
        assert answer.status_code == 200
        assert "url=/energy" in answer.text
        me = anna.get("/api/session").json()
        assert (me["id"], me["how"], me["groups"]) == ("person:anna", "oidc", ["group:ops"])
        assert anna.get("/api/plant").status_code == 200
        assert anna.post("/api/policy/apply").status_code == 403
        again = anna.get(f"{urlsplit(back).path}?{urlsplit(back).query}")
        assert again.status_code == 401, "a way back leads in once"
    with browser(plant) as eve:
        assert entered(eve, "666")[0].status_code == 200
        assert eve.get("/api/plant").status_code == 403, "known, and granted nothing"


def test_a_way_back_that_another_browser_began_leads_nowhere(plant):
    with browser(plant) as anna, browser(plant) as eve:
        away = anna.get("/api/sign-in/company")
        consent = httpx.post(away.headers["location"], data={"sub": "42"}, timeout=20)
        back = urlsplit(consent.headers["location"])
        assert eve.get(f"{back.path}?{back.query}").status_code == 401
        assert eve.get("/api/session").status_code == 401


def test_a_company_that_is_away_is_told_and_what_is_kept_here_still_signs_in(plant, company):
    with browser(plant) as anna:
        company.shutdown()
        away = anna.get("/api/sign-in/company")
        assert away.status_code == 303
        assert away.headers["location"] == "/sign-in?company=away"
        assert anna.get("/api/sign-in").json()["local"] is True


# ---------------------------------------------------------------- a provider that others wrote
PEER = Path(__file__).parents[1] / "peers" / "oidc"
PUBLIC = """
web: {{sign_in: {{oidc: "http://localhost:{port}"}}}}
access: {{grants: [{{who: "group:ops", role: viewer}}]}}
"""


@contextmanager
def running_peer():
    """The port of the npm package oidc-provider, certified by the OpenID Foundation."""
    node = shutil.which("node")
    if node is None or not (PEER / "node_modules").is_dir():
        pytest.skip("no oidc-provider: run `npm ci` in tests/integration/peers/oidc")
    process = subprocess.Popen(
        [node, "server.js"],
        cwd=PEER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "NODE_ENV": "test"},
    )
    try:
        yield next(int(line) for line in process.stdout if line.strip().isdecimal())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def consented(away, person):
    """Where the provider leads back to, once `person` has signed in and consented there."""
    with httpx.Client(timeout=20) as there:
        answer = there.get(away)
        for _ in range(12):
            where = answer.headers.get("location", "")
            if "/api/sign-in/company/back" in where:
                return urlsplit(where)
            if where:
                answer = there.get(urljoin(str(answer.url), where))
                continue
            form = re.search(r'action="([^"]+)"', answer.text)[1]
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
            said = {"prompt": prompt, "login": person, "password": "any"}
            answer = there.post(urljoin(str(answer.url), form), data=said)
    raise AssertionError("it never led back")


def test_a_certified_provider_signs_people_in_with_pkce_alone(tmp_path):
    with running_peer() as port:
        site = Site(tmp_path, PUBLIC.format(port=port))
        try:
            site.start()
            for person, status in (("anna", 200), ("eve", 403)):
                with browser(site) as client:
                    away = client.get("/api/sign-in/company", params={"to": "/plant"})
                    back = consented(away.headers["location"], person)
                    assert client.get(f"{back.path}?{back.query}").status_code == 200
                    me = client.get("/api/session").json()
                    assert (me["id"], me["how"]) == (f"person:{person}", "oidc")
                    assert client.get("/api/plant").status_code == status
        finally:
            site.close()
