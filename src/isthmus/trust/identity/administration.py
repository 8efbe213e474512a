"""What an administrator does with accounts and tokens; each change is recorded before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from isthmus.model.access import Grant, Principal
from isthmus.model.errors import ConfigError, Refused
from isthmus.model.record import Kind
from isthmus.trust.identity.account import Account, State, granted
from isthmus.trust.identity.identity import Identity
from isthmus.trust.identity.kept import digest, made_secret
from isthmus.trust.identity.tokens import Token

ENROLMENT = 3 * 86_400.0  # seconds for which an enrolment link works


@dataclass(frozen=True, slots=True)
class Administration:
    """Adds, changes, disables and removes accounts, on behalf of `by`."""

    identity: Identity
    by: Principal

    def add(
        self,
        name: str,
        *,
        title: str = "",
        side: str = "",
        teams: Sequence[str] = (),
        grants: Sequence[Grant] = (),
    ) -> tuple[Account, str]:
        """A new account, and the code of its enrolment link."""
        code, made = made_secret(), self.identity.now()
        account = Account(
            *(name, title, side, tuple(teams), tuple(grants)),
            enrolment=digest(code),
            enrolment_until=made + ENROLMENT,
            created=made,
        )
        added = self.identity.accounts.add(account)
        self._record(f"added the account {name}", added, roles=_roles(added.grants))
        return added, code

    def enrol(self, name: str) -> tuple[Account, str]:
        """A new enrolment link's code; password and passkeys of the account count no more."""
        code = made_secret()
        self._record(f"new enrolment link for {name}", self.identity.accounts.get(name))
        changed = self.identity.accounts.change(
            name,
            lambda account: replace(
                account,
                password="",
                passkeys=(),
                recovery=(),
                enrolment=digest(code),
                enrolment_until=self.identity.now() + ENROLMENT,
            ),
        )
        self.identity.sessions.end(lambda one: one.who == changed.id)
        return changed, code

    def describe(
        self,
        name: str,
        *,
        title: str | None = None,
        side: str | None = None,
        teams: Sequence[str] | None = None,
    ) -> Account:
        """The account with another name for people, side or teams."""
        account = self.identity.accounts.get(name)
        if teams is not None and tuple(teams) != account.teams:
            self._not_oneself(account, "teams")
        changed = replace(
            account,
            title=account.title if title is None else title,
            side=account.side if side is None else side,
            teams=account.teams if teams is None else tuple(teams),
        )
        self._record(f"changed the account {name}", account, teams=" ".join(changed.teams))
        return self.identity.accounts.change(
            name,
            lambda now: replace(now, title=changed.title, side=changed.side, teams=changed.teams),
        )

    def grant(self, name: str, grants: Sequence[Grant]) -> Account:
        """The account with these grants of its own, in place of those it had."""
        account = self.identity.accounts.get(name)
        self._not_oneself(account, "grants")
        before, after = _roles(account.grants), _roles(grants)
        self._record(f"granted {name}: {after or 'nothing'}", account, before=before, after=after)
        return self.identity.accounts.change(name, lambda now: replace(now, grants=tuple(grants)))

    def disable(self, name: str) -> Account:
        """The account, which may not enter any more; its sessions and tokens end at once."""
        account = self.identity.accounts.get(name)
        self._not_oneself(account, "account")
        self._record(f"disabled the account {name}", account)
        changed = self.identity.accounts.change(
            name, lambda now: replace(now, state=State.DISABLED, enrolment="")
        )
        self.identity.dismiss(changed)
        return changed

    def enable(self, name: str) -> Account:
        """The account, which may enter again with what it had; tokens stay revoked."""
        account = self.identity.accounts.get(name)
        self._record(f"enabled the account {name}", account)
        return self.identity.accounts.change(name, lambda now: replace(now, state=State.ACTIVE))

    def remove(self, name: str) -> None:
        """Forget the account; what it did stays recorded."""
        account = self.identity.accounts.get(name)
        self._not_oneself(account, "account")
        self._record(f"removed the account {name}", account)
        self.identity.accounts.remove(name)
        self.identity.dismiss(account)

    def sign_out(self, name: str) -> int:
        """End all sessions of an account; how many those were."""
        account = self.identity.accounts.get(name)
        ended = self.identity.sessions.end(lambda one: one.who == account.id)
        self._record(f"signed {name} out everywhere", account, sessions=ended)
        return ended

    def token(
        self, name: str, rights: list[str], at: tuple[str, ...], *, who: str, days: float
    ) -> tuple[str, Token]:
        """A new token and its text."""
        text, token = self.identity.tokens.add(name, rights, at, who=who, by=self.by.id, days=days)
        self.identity.record(
            *(Kind.ACCOUNT, self.by.id, f"made the token {name}", token.who),
            rights=" ".join(token.rights),
            at=" ".join(at),
            days=days,
        )
        return text, token

    def revoke(self, which: str, *, who: str = "") -> list[Token]:
        """Revoke the token of that name or number, of `who` alone where it is given."""
        gone = self.identity.tokens.revoke(
            lambda one: which in (one.number, one.name) and who in ("", one.who)
        )
        if not gone:
            raise ConfigError(
                f"there is no token `{which[:64]}`", hint="`isthmus token list` shows them"
            )
        for token in gone:
            self.identity.record(
                Kind.ACCOUNT, self.by.id, f"revoked the token {token.name}", token.who
            )
        return gone

    def _not_oneself(self, account: Account, what: str) -> None:
        if account.id in self.identity.behind(self.by):
            raise Refused(
                f"nobody changes their own {what}", hint="ask another administrator to do it"
            )

    def _record(self, text: str, account: Account, **facts: str | int) -> None:
        self.identity.record(Kind.ACCOUNT, self.by.id, text, account.id, **facts)


def grants_of(name: str, roles: Sequence[tuple[str, str]]) -> tuple[Grant, ...]:
    """Grants for an account from pairs of a role and a pattern of paths, empty for everywhere."""
    return tuple(grant for role, at in roles for grant in granted(f"person:{name}", role, (at,)))


def _roles(grants: Sequence[Grant]) -> str:
    return ", ".join(f"{grant.role} at {grant.at or 'all'}" for grant in grants)
