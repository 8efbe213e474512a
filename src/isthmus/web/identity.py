"""Accounts, sessions and tokens as the API tells them: everything but their secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

from isthmus.model.access import Grant
from isthmus.trust.identity.account import Account
from isthmus.trust.identity.break_glass import Emergency
from isthmus.trust.identity.identity import Identity
from isthmus.trust.identity.sessions import Session
from isthmus.trust.identity.tokens import Token
from isthmus.web import contract


def told_account(identity: Identity, account: Account) -> contract.AccountInfo:
    """An account."""
    open_ = account.enrolment and identity.now() < account.enrolment_until
    return contract.AccountInfo(
        name=account.name,
        id=account.id,
        title=account.title,
        side=cast("Literal['', 'ot', 'it']", account.side),  # checked when it was kept
        state=account.state.value,
        teams=list(account.teams),
        groups=list(account.groups),
        grants=told_grants(account.grants),
        password=bool(account.password),
        passkeys=[
            contract.PasskeyInfo(
                id=key.id, label=key.label, created=key.created * 1e3, used=when(key.used)
            )
            for key in account.passkeys
        ],
        recovery_codes=len(account.recovery),
        company=bool(account.subject),
        enrolment_until=account.enrolment_until * 1e3 if open_ else None,
        created=account.created * 1e3,
        signed_in=when(account.signed_in),
        sessions=len(identity.sessions.of(account.id)),
    )


def told_grants(grants: Iterable[Grant]) -> list[contract.GrantInfo]:
    """Grants."""
    return [contract.GrantInfo(role=one.role, at=one.at, zone=one.zone) for one in grants]


def told_sessions(sessions: Sequence[Session], mine: Session | None) -> list[contract.SessionInfo]:
    """Sessions; `mine` is the one that asks."""
    return [
        contract.SessionInfo(
            number=one.number,
            how=one.how,
            source=one.source,
            agent=one.agent,
            began=one.began * 1e3,
            seen=one.seen * 1e3,
            until=one.until * 1e3,
            locked=one.locked,
            this=mine is not None and one.number == mine.number,
        )
        for one in sessions
    ]


def told_token(token: Token, now: float) -> contract.TokenInfo:
    """A token."""
    return contract.TokenInfo(**_token(token, now))


def told_new_token(text: str, token: Token, now: float) -> contract.NewToken:
    """A token and its text."""
    return contract.NewToken(**_token(token, now), token=text)


def _token(token: Token, now: float) -> dict[str, Any]:
    return {
        "number": token.number,
        "name": token.name,
        "who": token.who,
        "rights": list(token.rights),
        "at": list(token.at),
        "created": token.created * 1e3,
        "until": token.until * 1e3,
        "used": when(token.used),
        "by": token.by,
        "expired": now >= token.until,
    }


def told_emergency(one: Emergency) -> contract.EmergencyInfo:
    """A use of the break-glass link."""
    return contract.EmergencyInfo(
        number=one.number,
        reason=one.reason,
        opened=one.opened * 1e3,
        until=one.until * 1e3,
        by=one.by,
        reviewed_by=one.reviewed_by,
        reviewed=when(one.reviewed),
        note=one.note,
    )


def when(seconds: float) -> float | None:
    """Milliseconds since 1970; None where it never happened."""
    return seconds * 1e3 if seconds else None
