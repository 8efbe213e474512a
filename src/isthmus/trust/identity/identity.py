"""Everybody who may enter one installation, and what is recorded of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.model.access import OWNER, Principal
from isthmus.model.errors import IsthmusError
from isthmus.model.record import Fact, Kind, Recorder
from isthmus.trust.identity.account import Account, State
from isthmus.trust.identity.accounts import Accounts
from isthmus.trust.identity.break_glass import BreakGlass
from isthmus.trust.identity.sessions import Limits, Session, Sessions
from isthmus.trust.identity.throttle import Throttle
from isthmus.trust.identity.tokens import Tokens

log = logging.getLogger(__name__)

FLUSH = 30.0
OWNER_NAME = "owner of the data folder"


@dataclass(slots=True)
class Identity:
    """Accounts, sessions, tokens and emergencies; who asks is looked up at each request."""

    folder: Path
    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    emergencies: BreakGlass
    ledger: Recorder
    now: Callable[[], float]
    throttle: Throttle = field(default_factory=Throttle)

    @classmethod
    def open(
        cls,
        folder: Path,
        ledger: Recorder,
        limits: Limits | None = None,
        now: Callable[[], float] = time.time,
    ) -> Identity:
        """What is kept below `folder`; StorageError where a file of it is damaged."""
        return cls(
            folder,
            Accounts.open(folder),
            Sessions.open(folder, limits or Limits(), now),
            Tokens.open(folder, now),
            BreakGlass.open(folder, now),
            ledger,
            now,
        )

    def of_session(self, session: Session) -> Principal | None:
        """Who a session is; None where its account is gone or disabled."""
        number = f"session:{session.number}"
        if session.who == OWNER:
            return Principal(OWNER, OWNER_NAME, how=session.how, session=number)
        account = self.accounts.by_id(session.who)
        if account is None or account.state is not State.ACTIVE:
            return None
        return account.principal(session.how, number)

    def of_token(self, text: str) -> Principal | None:
        """Who a token is; None where it counts for nothing, or its account may not enter."""
        token = self.tokens.find(text)
        if token is None:
            return None
        if not token.who.startswith("person:"):
            return token.principal(None)
        account = self.accounts.by_id(token.who)
        if account is None or account.state is not State.ACTIVE:
            return None
        return token.principal(account)

    def behind(self, who: Principal) -> frozenset[str]:
        """The ids of whoever asks: its own, and of a token also whose hand made it."""
        kind, _, number = who.session.partition(":")
        token = self.tokens.numbered(number) if kind == "token" else None
        return frozenset({who.id, *([token.by] if token else [])})

    def principals(self) -> list[Principal]:
        """Everyone who may enter with an account or a token of a service, as they would ask."""
        people = [one for one in self.accounts.all().values() if one.state is State.ACTIVE]
        services = [one for one in self.tokens.all() if not one.who.startswith("person:")]
        return [one.principal("", "") for one in people] + [one.principal(None) for one in services]

    def dismiss(self, account: Account) -> int:
        """End whatever an account holds: sessions and tokens; how many those were."""
        ended = self.sessions.end(lambda one: one.who == account.id)
        return ended + len(self.tokens.revoke(lambda one: one.who == account.id))

    def record(self, kind: Kind, by: str, text: str, about: str = "", **facts: Fact) -> None:
        """Write into the ledger what happened."""
        told: Mapping[str, Fact] = facts
        self.ledger.record(kind, by, text, about=about, facts=told)

    def still(self, who: Principal) -> bool:
        """Whether a session or token counts as much as when it was looked up."""
        kind, _, number = who.session.partition(":")
        if kind == "session":
            session = self.sessions.numbered(number)
            return session is not None and not session.locked and self.of_session(session) == who
        if kind == "token":
            token = self.tokens.numbered(number)
            account = self.accounts.by_id(who.id)
            away = who.id.startswith("person:") and (
                account is None or account.state is not State.ACTIVE
            )
            return token is not None and not away and token.principal(account) == who
        return who.owner

    async def keep_for_ever(self) -> None:
        """Keep every half minute when sessions and tokens were last seen."""
        while True:
            await asyncio.sleep(FLUSH)
            try:
                await asyncio.to_thread(self.flush)
            except IsthmusError:
                log.exception("keeping when sessions were seen; tried again in %g s", FLUSH)

    def flush(self) -> None:
        """Keep when sessions and tokens were last seen."""
        self.sessions.flush()
        self.tokens.flush()
