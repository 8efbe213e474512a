"""The company's sign-in: the whole flow against a provider, and answers that are not genuine."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from isthmus.model.errors import IsthmusError, LinkError
from isthmus.model.plantfile_sign_in import SignInEntry
from isthmus.model.secret import Secret
from isthmus.trust.identity.account import Account
from isthmus.trust.identity.company import Company, Terms
from isthmus.trust.identity.sign_in import WrongProof
from isthmus.web.sign_in import not_here

ISSUER = "https://login.acme.com/realms/plant"
NOW = 1_800_000_000
RSA = RSAKey.generate_key(2048, {"kid": "one"})


class Known(Company):
    """A company whose words are given; `keys` are those it tells of."""

    def _ask(self, url, form=None):
        self.asked = getattr(self, "asked", 0) + 1
        if url.endswith("openid-configuration"):
            ends = {"authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token"}
            return {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", **ends}
        return self.keys


@pytest.fixture
def company():
    made = Known(Terms(ISSUER, "isthmus"), lambda: float(NOW))
    made.keys = KeySet([RSA]).as_dict(private=False)
    return made


def claims(**other):
    made = {"iss": ISSUER, "aud": "isthmus", "sub": "42", "exp": NOW + 300, "iat": NOW}
    made |= {"nonce": "n", "preferred_username": "Anna", "name": "Anna Ek", "groups": ["ops"]}
    return {name: value for name, value in (made | other).items() if value is not None}


def signed(key=RSA, algorithm="RS256", **other):
    header = {"alg": algorithm, "kid": "one"}
    return jwt.encode(header, claims(**other), key, algorithms=[algorithm])


def test_a_genuine_answer_tells_who_it_is(company):
    found = company.judge(signed(), "n")
    assert (found.subject, found.name, found.title) == (f"{ISSUER} 42", "anna", "Anna Ek")
    assert found.groups == ("ops",)


@pytest.mark.parametrize(
    "other",
    [
        *({"iss": "https://evil.example"}, {"aud": "another"}, {"exp": NOW - 61}, {"exp": None}),
        *({"nonce": "other"}, {"nonce": None}, {"sub": None}, {"iat": None}, {"iat": NOW + 3_600}),
        *({"aud": ["isthmus", "b"]}, {"aud": ["isthmus", "b"], "azp": "b"}, {"azp": "b"}),
        {"nbf": NOW + 3_600},
    ],
)
def test_an_answer_that_is_not_for_us_now_is_refused(company, other):
    with pytest.raises(WrongProof):
        company.judge(signed(**other), "n")


def unsigned():
    part = [{"alg": "none"}, claims()]
    words = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in part
    ]
    return ".".join([*words, ""])


def signed_with_public_key(public):
    """The trick that takes a public key for the secret of an HMAC."""
    parts = [json.dumps(one).encode() for one in ({"alg": "HS256", "kid": "one"}, claims())]
    text = ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts)
    made = hmac.new(public, text.encode(), "sha256").digest()
    return f"{text}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


def test_an_answer_that_is_not_genuine_is_refused(company):
    public = RSA.as_pem(private=False)
    confused = signed_with_public_key(public)
    other = RSAKey.generate_key(2048, {"kid": "one"})
    curve = ECKey.generate_key("P-256", {"kid": "one"})
    head, body, signature = signed().split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(groups=["admins"])).encode())
    tokens = [unsigned(), confused, signed(other), signed(curve, "ES256"), f"{head}.{body}."]
    tokens += [f"{head}.{forged.decode().rstrip('=')}.{signature}", "", "a.b.c", "x" * 100_000]
    for token in tokens:
        with pytest.raises(WrongProof):
            company.judge(token, "n")


def test_keys_that_changed_are_read_again_but_not_at_every_guess(company):
    company.judge(signed(), "n")
    fresh = RSAKey.generate_key(2048, {"kid": "two"})
    company.keys = KeySet([fresh]).as_dict(private=False)
    token = jwt.encode({"alg": "RS256", "kid": "two"}, claims(), fresh)
    before = company.asked
    for _ in range(5):
        with pytest.raises(WrongProof):
            company.judge(token, "n")
    assert company.asked == before
    company.now = lambda: float(NOW + 61)
    assert company.judge(token, "n").name == "anna"


def test_a_state_counts_once_and_for_ten_minutes(company):
    _, state = company.begin("http://127.0.0.1/back", "/plant")
    company.now = lambda: float(NOW + 601)
    for tried in (state, state, "made-up"):
        with pytest.raises(WrongProof):
            company.finish(tried, "code")


def test_a_company_that_says_another_name_is_not_it():
    made = Known(Terms("https://login.acme.com/realms/other", "isthmus"), time.time)
    with pytest.raises(IsthmusError, match="says that it is"):
        made.begin("http://127.0.0.1/back", "/")


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_the_whole_flow_against_a_provider(monkeypatch):
    monkeypatch.setenv("SIGN_IN_SECRET", "quiet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock as mock
    person = mock.User(sub="42", claims={"preferred_username": "anna", "groups": ["ops"]})
    with warnings.catch_warnings(), mock.run_server_in_thread(user_claims=[person]) as server:
        warnings.simplefilter("ignore")
        issuer = f"http://localhost:{server.server_port}"
        terms = Terms(issuer, "isthmus", Secret(env="SIGN_IN_SECRET"))
        company = Company(terms, time.time)
        where, state = company.begin("http://127.0.0.1:9/back", "/energy")
        asked = parse_qs(urlsplit(where).query)
        assert asked["code_challenge_method"] == ["S256"]
        consent = urlencode({"sub": "42"}).encode()
        try:
            build_opener(Stay).open(where, consent, timeout=10)
        except OSError as answer:  # the way back, which is not followed
            came = parse_qs(urlsplit(answer.headers["location"]).query)
        assert came["state"] == [state]
        found, to = company.finish(state, came["code"][0])
    assert (found.subject, to) == (f"{issuer} 42", "/energy")
    with pytest.raises(WrongProof):
        company.finish(state, came["code"][0])


def test_a_company_out_of_reach_says_how_else_to_enter():
    company = Company(Terms("http://127.0.0.1:9", "isthmus"), time.time)
    with pytest.raises(LinkError, match="does not answer") as told:
        company.begin("http://127.0.0.1/back", "/")
    assert "isthmus link" in told.value.hint
    assert company.trouble


def test_offline_people_enter_for_as_long_as_the_plant_file_says():
    away = SignInEntry(oidc=ISSUER, offline="7 d")
    anna = Account("anna", subject=f"{ISSUER} 42", synced=NOW)
    assert not not_here(away, anna, NOW + 6 * 86_400)
    assert "too long" in not_here(away, anna, NOW + 7 * 86_400)
    assert "too long" in not_here(SignInEntry(oidc=ISSUER), anna, NOW + 1)
    assert not not_here(away, Account("local"), NOW)
    assert not_here(SignInEntry(oidc=ISSUER, fallback="none"), Account("local"), NOW)
    assert not not_here(SignInEntry(), anna, NOW + 100 * 86_400)
