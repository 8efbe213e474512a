"""Who may enter a running plant, as its file says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from isthmus.model.plant import Plant
from isthmus.model.plantfile_sign_in import SignInEntry
from isthmus.model.record import Recorder
from isthmus.model.secret import Secret
from isthmus.trust.identity.identity import Identity
from isthmus.trust.identity.sessions import Limits, Session
from isthmus.trust.policy.policy import Policy

FOLDER = "trust"


def sign_in_settings(plant: Plant) -> SignInEntry:
    """What the plant file says of signing in; the defaults where it says nothing."""
    said = plant.web.get("sign_in")
    if not isinstance(said, Mapping):
        return SignInEntry()
    secret = said.get("secret")
    kept = None if secret is None else Secret.model_validate(_place(secret))
    return SignInEntry.model_construct(**{**said, "secret": kept})  # was checked when it was read


def _place(secret: object) -> object:
    """Where a secret is kept, without the place that is empty."""
    if isinstance(secret, Mapping):
        return {key: text for key, text in secret.items() if text}
    return secret


def open_identity(folder: Path, ledger: Recorder, settings: SignInEntry) -> Identity:
    """The accounts, sessions and tokens of the installation whose data is in `folder`."""
    limits = Limits(settings.idle, settings.longest, settings.sessions, settings.lock)
    return Identity.open(folder / FOLDER, ledger, limits)


def never_locks(
    session: Session, settings: SignInEntry, identity: Identity, policy: Policy
) -> bool:
    """Whether a session is that of a wall display, which may do nothing but read."""
    account = identity.accounts.by_id(session.who)
    if account is None or account.name not in settings.displays:
        return False
    return policy.only_reads(account.principal("", ""))
