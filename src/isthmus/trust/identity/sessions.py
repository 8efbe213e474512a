"""Who is signed in: opaque ids that we alone can resolve, kept so that a restart signs nobody out.

The id of a session is 256 random bits; its digest is kept. It is made anew at each sign-in and each
time somebody proves again who they are, so that an id known before is worth nothing after.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from isthmus.trust.identity.kept import Kept, digest, made_secret

FILE = "sessions.json"
MOST = 5_000
FRESH = 300.0  # seconds for which a proof counts for what is dangerous
OPEN = 3_600.0  # seconds of a break-glass session


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may be idle and live in seconds, and how many one account may have.

    Without a hand on its pages for `lock` seconds it is locked, whatever they ask by themselves.
    """

    idle: float = 12 * 3_600.0
    longest: float = 14 * 86_400.0
    most: int = 20
    lock: float = 0.0  # never


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser; `number` is public, `fresh` is when its owner last proved itself."""

    number: str
    digest: str
    who: str
    how: str
    source: str
    agent: str
    began: float
    seen: float
    fresh: float
    until: float
    locked: bool = False
    hand: float = 0.0  # when somebody last had a hand on its pages

    def is_fresh(self, now: float) -> bool:
        """Whether it may do what is dangerous."""
        return 0 <= now - self.fresh <= FRESH


@dataclass(slots=True)
class Sessions:
    """The sessions of one installation."""

    kept: Kept
    limits: Limits
    now: Callable[[], float]
    displays: Callable[[Session], bool] = lambda _: False  # which are a wall's, and never lock
    _known: dict[str, Session] = field(default_factory=dict)  # by digest
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def open(cls, folder: Path, limits: Limits, now: Callable[[], float]) -> Sessions:
        """The sessions kept below `folder`; StorageError where the file is damaged."""
        kept = Kept(folder / FILE)
        try:
            found = [Session(**entry) for entry in kept.read()]
        except TypeError as error:
            raise kept.damaged(error) from error
        return cls(kept, limits, now, _known={one.digest: one for one in found})

    def begin(
        self, who: str, how: str, *, source: str, agent: str = "", seconds: float = 0.0
    ) -> tuple[str, Session]:
        """A new session and its id; the oldest one of that account ends beyond the most."""
        now, secret = self.now(), made_secret()
        session = Session(
            *(secrets.token_hex(4), digest(secret), who, how, source, agent[:200]),
            *(now, now, now, now + (seconds or self.limits.longest)),
            hand=now,
        )
        with self._lock:
            self._tidy()
            others = sorted(self.of(who), key=lambda one: one.seen)
            for old in others[: max(len(others) + 1 - self.limits.most, 0)]:
                del self._known[old.digest]
            if len(self._known) >= MOST:
                oldest = min(self._known.values(), key=lambda one: one.seen)
                del self._known[oldest.digest]
            self._known[session.digest] = session
            self._write()
        return secret, session

    def find(self, secret: str) -> Session | None:
        """The session with that id, where it still lives; it is seen by this."""
        now = self.now()
        with self._lock:
            found = self._known.get(digest(secret))
            if found is None or not self._lives(found, now):
                return None
            self._known[found.digest] = found = replace(self._minded(found, now), seen=now)
            return found

    def numbered(self, number: str) -> Session | None:
        """The living session with that public number."""
        now = self.now()
        with self._lock:
            known = [one for one in self._known.values() if one.number == number]
            return next((self._minded(one, now) for one in known if self._lives(one, now)), None)

    def touch(self, session: Session) -> None:
        """Note that somebody has a hand on its pages; a locked one stays locked."""
        with self._lock:
            known = self._known.get(session.digest)
            if known is not None and not known.locked:
                self._known[known.digest] = replace(known, hand=self.now())

    def renew(self, session: Session, how: str = "") -> tuple[str, Session] | None:
        """The session under a new id, fresh and unlocked; None where it has ended meanwhile."""
        secret, now = made_secret(), self.now()
        with self._lock:
            if self._known.pop(session.digest, None) is None:
                return None
            fresh = replace(
                session,
                digest=digest(secret),
                fresh=now,
                seen=now,
                hand=now,
                locked=False,
                how=how or session.how,
            )
            self._known[fresh.digest] = fresh
            self._write()
        return secret, fresh

    def lock(self, session: Session) -> None:
        """Lock it: it does nothing until its owner proves itself again."""
        with self._lock:
            if session.digest in self._known:
                self._known[session.digest] = replace(session, locked=True, fresh=0.0)
                self._write()

    def end(self, which: Callable[[Session], bool]) -> int:
        """End all that `which` says; how many that were."""
        with self._lock:
            ended = [one for one in self._known.values() if which(one)]
            for one in ended:
                del self._known[one.digest]
            if ended:
                self._write()
            return len(ended)

    def of(self, who: str) -> list[Session]:
        """The living sessions of an account, the newest first."""
        now = self.now()
        with self._lock:
            mine = [one for one in self._known.values() if one.who == who and self._lives(one, now)]
        return sorted(mine, key=lambda one: one.began, reverse=True)

    def flush(self) -> None:
        """Keep when each was seen, and forget what has ended."""
        with self._lock:
            self._tidy()
            self._write()

    def _minded(self, session: Session, now: float) -> Session:
        """The session, locked from now on where nobody had a hand on it for too long."""
        left = 0 < self.limits.lock <= now - max(session.hand, session.fresh)
        if session.locked or not left or self.displays(session):
            return session
        self.lock(session)
        return self._known[session.digest]

    def _lives(self, session: Session, now: float) -> bool:
        return now < session.until and now - session.seen < self.limits.idle

    def _tidy(self) -> None:
        now = self.now()
        self._known = {key: one for key, one in self._known.items() if self._lives(one, now)}

    def _write(self) -> None:
        self.kept.write([asdict(one) for one in self._known.values()])
