"""Passkeys (WebAuthn): made and asked for with user verification, each challenge used once."""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from isthmus.model.errors import Refused
from isthmus.model.record import Kind
from isthmus.trust.identity.account import Account, Passkey, State
from isthmus.trust.identity.identity import Identity
from isthmus.trust.identity.sign_in import WrongProof

SECONDS = 300.0
MOST_OPEN = 1_000
MOST = 20  # of one account
LABEL = 60
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser asks: `host` is the name passkeys are bound to, `origin` the whole."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge that waits for its answer; `account` is empty where anybody may answer."""

    challenge: bytes
    account: str
    until: float


@dataclass(slots=True)
class Challenges:
    """Challenges by ticket: bounded, each used once, old after five minutes."""

    now: Callable[[], float]
    _open: OrderedDict[str, Asked] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, challenge: bytes, account: str) -> str:
        """The ticket of a new challenge; the oldest is forgotten beyond a thousand."""
        ticket = secrets.token_urlsafe(18)
        with self._lock:
            while len(self._open) >= MOST_OPEN:
                self._open.popitem(last=False)
            self._open[ticket] = Asked(challenge, account, self.now() + SECONDS)
        return ticket

    def answer(self, ticket: str, account: str) -> bytes:
        """The challenge of a ticket, which then is used up."""
        with self._lock:
            found = self._open.pop(ticket, None)
        if found is None or self.now() >= found.until or found.account != account:
            raise WrongProof("the passkey came too late", hint="try again within five minutes")
        return found.challenge


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Makes passkeys for accounts, and signs in with them."""

    identity: Identity
    challenges: Challenges

    def to_make(self, account: Account, place: Place, site: str) -> tuple[str, str]:
        """A ticket, and what the browser needs to make a passkey, as JSON."""
        options = generate_registration_options(
            rp_id=place.host,
            rp_name=site,
            user_name=account.name,
            user_id=account.id.encode(),
            user_display_name=account.title or account.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.id))
                for key in account.passkeys
            ],
        )
        return self.challenges.ask(options.challenge, account.name), options_to_json(options)

    def make(
        self, account: Account, place: Place, ticket: str, said: Mapping[str, Any], label: str
    ) -> Account:
        """The account with the passkey that its browser made."""
        challenge = self.challenges.answer(ticket, account.name)
        try:
            found = verify_registration_response(
                credential=json.dumps(said),
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Refused(
                f"taking the passkey: {error}"[:300], hint="make it again on this page"
            ) from error
        named = "".join(c for c in label if c.isprintable()).strip()[:LABEL] or "passkey"
        key = Passkey(
            bytes_to_base64url(found.credential_id),
            bytes_to_base64url(found.credential_public_key),
            *(found.sign_count, named, self.identity.now()),
        )
        if self._holder(key.id) is not None or len(account.passkeys) >= MOST:
            raise Refused("the passkey is known already, or there are too many", hint="remove one")
        self.identity.record(Kind.ACCOUNT, account.id, f"added the passkey {named}", account.id)
        return self.identity.accounts.change(
            account.name, lambda now: replace(now, passkeys=(*now.passkeys, key))
        )

    def to_prove(self, place: Place, account: Account | None = None) -> tuple[str, str]:
        """A ticket, and what the browser needs to ask for a passkey, as JSON."""
        keys = account.passkeys if account else ()
        options = generate_authentication_options(
            rp_id=place.host,
            user_verification=_VERIFIED,
            allow_credentials=[
                PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.id)) for key in keys
            ],
        )
        ticket = self.challenges.ask(options.challenge, account.name if account else "")
        return ticket, options_to_json(options)

    def prove(
        self, place: Place, ticket: str, said: Mapping[str, Any], account: Account | None = None
    ) -> Account:
        """The account whose passkey answered; no failed password holds it back."""
        challenge = self.challenges.answer(ticket, account.name if account else "")
        holder = self._holder(str(said.get("id", ""))[:2_000])
        if holder is None or holder.state is not State.ACTIVE or account not in (None, holder):
            raise WrongProof("no account here has this passkey", hint="sign in another way")
        key = next(key for key in holder.passkeys if key.id == said["id"])
        try:
            found = verify_authentication_response(
                credential=json.dumps(said),
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                credential_public_key=base64url_to_bytes(key.key),
                credential_current_sign_count=key.count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            self.identity.record(Kind.SIGN_IN, "", "refused a passkey", holder.id)
            raise WrongProof("the passkey did not fit", hint="try again") from error
        used = replace(key, count=found.new_sign_count, used=self.identity.now())
        return self.identity.accounts.change(
            holder.name,
            lambda now: replace(
                now,
                passkeys=tuple(used if one.id == used.id else one for one in now.passkeys),
            ),
        )

    def remove(self, account: Account, key: str) -> Account:
        """The account without that passkey."""
        gone = [one.label for one in account.passkeys if one.id == key]
        if not gone:
            raise Refused("there is no such passkey", hint="the page lists those there are")
        left = tuple(one for one in account.passkeys if one.id != key)
        if not left and not account.password:
            raise Refused("it is the only proof", hint="set a password first")
        self.identity.record(Kind.ACCOUNT, account.id, f"removed the passkey {gone[0]}", account.id)
        return self.identity.accounts.change(
            account.name,
            lambda now: replace(now, passkeys=tuple(one for one in now.passkeys if one.id != key)),
        )

    def _holder(self, key: str) -> Account | None:
        accounts = self.identity.accounts.all().values()
        return next(
            (one for one in accounts if any(known.id == key for known in one.passkeys)), None
        )
