"""Proving who one is with what an account keeps here: password, recovery code, enrolment link."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from isthmus.model.errors import Refused
from isthmus.model.record import Kind
from isthmus.trust.identity.account import NAME, Account, State
from isthmus.trust.identity.identity import Identity
from isthmus.trust.identity.kept import digest, same
from isthmus.trust.identity.password import fits, plain_code, recovery_codes, verifier

WRONG = "account or password is wrong"


class TooSoon(Refused):
    """Too many failures; `seconds` until the next try is looked at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(
            f"too many wrong tries: the next one counts in {self.seconds} s",
            hint="wait, or use a passkey, which is never held back",
        )


class WrongProof(Refused):
    """It is not they, or they may not enter; which of both is not told."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Takes what somebody offers from `source`, an address; answers with the account."""

    identity: Identity
    source: str

    def password(self, name: str, password: str) -> Account:
        """The account of that name and password."""
        account = self._turn(name)
        good = fits(account.password if account else "", password)
        return self._judge(name, account if good else None, "password")

    def recovery(self, name: str, code: str) -> Account:
        """The account of that name and recovery code, which then is used up."""
        account, plain = self._turn(name), plain_code(code)
        found = [kept for kept in account.recovery if same(kept, plain)] if account else []
        entered = self._judge(name, account if found else None, "recovery")

        def spent(now: Account) -> Account:
            if found[0] not in now.recovery:  # another request was quicker
                raise WrongProof(WRONG)
            return replace(now, recovery=tuple(one for one in now.recovery if one != found[0]))

        self.identity.accounts.change(entered.name, spent)
        left = len(entered.recovery) - 1
        self.identity.record(Kind.ACCOUNT, entered.id, "used a recovery code", left=left)
        return self.identity.accounts.get(entered.name)

    def enrolling(self, code: str) -> Account:
        """The account whose enrolment link has that code."""
        wanted, now = digest(code), self.identity.now()
        for account in self.identity.accounts.all().values():
            open_ = account.enrolment and now < account.enrolment_until
            if open_ and same(account.enrolment, code) and account.state is State.ACTIVE:
                return account
        self.identity.throttle.failed(wanted[:16], self.source)
        raise WrongProof(
            "this enrolment link was used, or is older than three days",
            hint="ask an administrator for a new one: `isthmus user enrol NAME`",
        )

    def enrol(self, code: str, password: str) -> tuple[Account, tuple[str, ...]]:
        """The account with its first password, and its recovery codes; the link is used up."""
        account = self.enrolling(code)
        made = verifier(password, account.name)
        codes = recovery_codes()
        self.identity.record(Kind.ACCOUNT, account.id, "enrolled with a password", account.id)

        def enrolled(now: Account) -> Account:
            if not same(now.enrolment, code):
                raise WrongProof("this enrolment link was used", hint="ask for a new one")
            kept = tuple(digest(one) for one in codes)
            return replace(now, password=made, recovery=kept, enrolment="")

        changed = self.identity.accounts.change(account.name, enrolled)
        return changed, codes

    def _turn(self, name: str) -> Account | None:
        """The account, where it may be tried now."""
        account = self.identity.accounts.find(name)
        known = account is not None and self.source in account.sources
        wait = self.identity.throttle.wait(name[:64], self.source, known=known)
        if wait:
            raise TooSoon(wait)
        return account

    def _judge(self, name: str, account: Account | None, how: str) -> Account:
        if account is None or account.state is not State.ACTIVE:
            self.identity.throttle.failed(name[:64], self.source)
            who = name if NAME.fullmatch(name) else "a name that is none"
            about = f"person:{name}" if NAME.fullmatch(name) else ""
            self.identity.record(
                *(Kind.SIGN_IN, "", f"refused {how} for {who}", about), source=self.source
            )
            raise WrongProof(WRONG, hint="a recovery code or an administrator helps")
        self.identity.throttle.succeeded(name[:64], self.source)
        return account


def new_codes(identity: Identity, account: Account) -> tuple[str, ...]:
    """Ten new recovery codes in place of those the account had."""
    codes = recovery_codes()
    identity.record(Kind.ACCOUNT, account.id, "made new recovery codes", account.id)
    identity.accounts.change(
        account.name, lambda now: replace(now, recovery=tuple(digest(one) for one in codes))
    )
    return codes


def new_password(identity: Identity, account: Account, password: str) -> None:
    """Another password for an account."""
    made = verifier(password, account.name)
    identity.record(Kind.ACCOUNT, account.id, "changed the password", account.id)
    identity.accounts.change(account.name, lambda now: replace(now, password=made))
