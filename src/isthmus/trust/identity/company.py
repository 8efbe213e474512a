"""The company's sign-in: OpenID Connect's code flow with PKCE, state and nonce, nothing else."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from urllib.error import URLError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from isthmus.model.errors import AuthError, LinkError
from isthmus.model.secret import Secret
from isthmus.trust.identity.sign_in import WrongProof

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # by key pairs alone: no secret of ours signs
SECONDS = 5.0
MOST_BYTES = 1 << 20
FLOW_SECONDS = 600.0
FLOWS = 256
KEEP_SECONDS = 3_600.0  # of what the company says of itself
RENEW_SECONDS = 60.0  # at least between two readings for a key that is not known
LEEWAY = 60
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Terms:
    """How we and the company's sign-in know each other."""

    issuer: str
    client: str
    secret: Secret | None = None
    scopes: tuple[str, ...] = ()
    groups: str = "groups"
    name: str = "preferred_username"


@dataclass(frozen=True, slots=True)
class Employee:
    """Who somebody is, as the company says."""

    subject: str
    name: str
    title: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that has begun and not yet come back."""

    nonce: str
    verifier: str
    back: str  # the address to which the company sends the browser
    to: str
    until: float


class _Straight(HTTPRedirectHandler):
    """Follows nobody elsewhere: what the company says comes from where it was asked."""

    def redirect_request(self, *_: object) -> None:
        return


@dataclass(slots=True)
class Company:
    """One company's sign-in; what it says of itself is kept for an hour."""

    terms: Terms
    now: Callable[[], float]
    trouble: str = ""
    _flows: OrderedDict[str, Flow] = field(default_factory=OrderedDict)
    _said: tuple[float, Mapping[str, Any]] = (0.0, NOTHING)
    _keys: tuple[float, KeySet | None] = (0.0, None)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, back: str, to: str) -> tuple[str, str]:
        """Where to send the browser, and the state that it must bring back."""
        said = self._metadata()
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        verifier = secrets.token_urlsafe(48)
        with self._lock:
            while len(self._flows) >= FLOWS:
                self._flows.popitem(last=False)
            self._flows[state] = Flow(nonce, verifier, back, to, self.now() + FLOW_SECONDS)
        query = {
            "response_type": "code",
            "client_id": self.terms.client,
            "redirect_uri": back,
            "scope": " ".join(("openid", "profile", *self.terms.scopes)),
            "state": state,
            "nonce": nonce,
            "code_challenge": _b64(sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        place = str(said["authorization_endpoint"])
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(query)}", state

    def finish(self, state: str, code: str) -> tuple[Employee, str]:
        """Who came back with that code, and where they wanted to go; the state is used up."""
        with self._lock:
            flow = self._flows.pop(state, None)
        if flow is None or self.now() >= flow.until:
            raise WrongProof("this sign-in was used or is too old", hint="begin it again")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.back,
            "client_id": self.terms.client,
            "code_verifier": flow.verifier,
        }
        answer = self._ask(str(self._metadata()["token_endpoint"]), form)
        return self.judge(str(answer.get("id_token", "")), flow.nonce), flow.to

    def judge(self, token: str, nonce: str) -> Employee:
        """Who an ID token is about; WrongProof where it is not for us, not now or not genuine."""
        try:
            claims = self._decoded(token).claims
            issuer = str(self._metadata()["issuer"])
            registry = jwt.JWTClaimsRegistry(
                now=lambda: int(self.now()),
                leeway=LEEWAY,
                iss={"essential": True, "value": issuer},
                aud={"essential": True, "value": self.terms.client},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise WrongProof(
                f"the company's answer does not fit: {type(error).__name__}", hint="begin it again"
            ) from error
        many = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if many else self.terms.client) != self.terms.client:
            raise WrongProof("the company's answer is for another program", hint="begin it again")
        groups = claims.get(self.terms.groups, [])
        named = str(claims.get(self.terms.name) or claims["sub"]).lower()
        return Employee(
            f"{issuer} {claims['sub']}",
            named,
            str(claims.get("name", ""))[:120],
            tuple(str(one) for one in groups if isinstance(one, str))[:500]
            if isinstance(groups, list)
            else (),
        )

    def _decoded(self, token: str) -> jwt.Token:
        keys = self._key_set(0.0)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            fresh = self._key_set(self.now() - RENEW_SECONDS)  # its keys may be new ones
            if fresh is keys:
                raise
            return jwt.decode(token, fresh, algorithms=ALGORITHMS)

    def _key_set(self, since: float) -> KeySet:
        read, keys = self._keys
        if keys is None or read < max(since, self.now() - KEEP_SECONDS):
            said = self._ask(str(self._metadata()["jwks_uri"]))
            public = [key for key in said.get("keys", []) if key.get("kty") in ("RSA", "EC", "OKP")]
            keys = KeySet.import_key_set({"keys": public})
            self._keys = self.now(), keys
        return keys

    def _metadata(self) -> Mapping[str, Any]:
        read, said = self._said
        if read == 0.0 or read < self.now() - KEEP_SECONDS:
            said = self._ask(f"{self.terms.issuer}/.well-known/openid-configuration")
            if str(said.get("issuer", "")).rstrip("/") != self.terms.issuer:
                raise AuthError(
                    f"{self.terms.issuer} says that it is {said.get('issuer')}",
                    hint="write the issuer as it says it: `web: {sign_in: {oidc: ...}}`",
                )
            self._said = self.now(), said
        return said

    def _ask(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON at `url`; LinkError, kept in `trouble`, where there is none."""
        data = None if form is None else urlencode(form).encode()
        request = Request(url, data=data, headers={"Accept": "application/json"})  # noqa: S310
        if form is not None and self.terms.secret is not None:
            pair = f"{quote_plus(self.terms.client)}:{quote_plus(self.terms.secret.reveal())}"
            request.add_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
        host = urlsplit(url).hostname
        if not (urlsplit(url).scheme == "https" or host in LOOPBACK):
            raise AuthError(f"{host} is asked without TLS", hint="the company must answer on https")
        try:
            with build_opener(_Straight).open(request, timeout=SECONDS) as answer:
                found = dict(json.loads(answer.read(MOST_BYTES)))
        except (URLError, OSError, ValueError, TypeError) as error:
            self.trouble = f"asking {host}: {error}"
            raise LinkError(
                f"the company's sign-in does not answer: {self.trouble}",
                hint="sign in with a passkey or password kept here, or run `isthmus link`",
            ) from error
        self.trouble = ""
        return found


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
