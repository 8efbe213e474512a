"""An installation's identities with a clock that a test moves, and a ledger that it reads."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from isthmus.model.access import OWNER, Principal
from isthmus.trust.identity.administration import Administration, grants_of
from isthmus.trust.identity.identity import Identity
from isthmus.trust.identity.sessions import Limits
from isthmus.trust.identity.sign_in import SignIn
from isthmus.trust.identity.throttle import Throttle

PASSWORD = "four words nobody joins"


class Ledger:
    def __init__(self):
        self.entries = []

    def record(self, kind, by, text, *, about="", facts=None):
        self.entries.append(SimpleNamespace(kind=kind, by=by, text=text, about=about, facts=facts))

    def texts(self):
        return [entry.text for entry in self.entries]


class House:
    """One installation; `again` opens what it kept."""

    def __init__(self, folder):
        self.folder, self.time, self.ledger = folder, 1_800_000_000.0, Ledger()
        self.identity = self.again()

    def again(self):
        limits = Limits(idle=3_600, longest=86_400, most=3)
        identity = Identity.open(self.folder, self.ledger, limits, lambda: self.time)
        identity.throttle = Throttle(lambda: self.time)
        return identity

    def by(self, who=OWNER):
        return Administration(self.identity, Principal(who))

    def enrolled(self, name="anna", role="operator", at="packaging/line1"):
        _, code = self.by().add(name, grants=grants_of(name, [(role, at)]))
        return self.at("10.4.1.5").enrol(code, PASSWORD)

    def at(self, source):
        return SignIn(self.identity, source)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "trust")
