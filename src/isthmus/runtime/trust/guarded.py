"""The guard of a plant that runs, with its permits, its ledger and its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus.model.access import Decision, Principal, Right
from isthmus.runtime.trust.guard import Guard
from isthmus.trust.permit.book import PermitBook

if TYPE_CHECKING:
    from isthmus.runtime.app import App
    from isthmus.runtime.trust.trust import Trust

PERMITS = "trust/permits.json"  # below the data folder


def guard_of(app: App, trust: Trust) -> Guard:
    """The guard of a plant that runs; what a crash left open is recorded first."""
    book = PermitBook.open(trust.folder / PERMITS, trust.ledger)

    def decide(principal: Principal, right: Right, path: str) -> Decision:
        return trust.rights.decide(principal, right, path)

    made = Guard(app, trust.ledger, book, decide)
    made.records.settle()
    made.doubts.read(trust.ledger)
    return made
