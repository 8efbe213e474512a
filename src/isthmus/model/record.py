"""What is written into the ledger, by whichever part did it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

Fact = str | int | float | bool | None
NOTHING: Mapping[str, Fact] = MappingProxyType({})


class Kind(StrEnum):
    """What sort of thing happened; the ledger is filtered by it."""

    SIGN_IN = "sign-in"  # and sign-out, refusals, lock-outs
    ACCOUNT = "account"  # made, changed, removed; tokens
    PERMIT = "permit"
    ACTION = "action"  # a wish to write, its verdicts, the write, its read-back
    LOCK = "lock"
    ALARM = "alarm"  # acknowledged, shelved, reset, taken out of service
    NOTICE = "notice"  # somebody was told, or not reached
    ANNOTATION = "annotation"  # reasons that people gave, comments
    CONFIGURATION = "configuration"
    POLICY = "policy"
    CERTIFICATE = "certificate"
    ZONE = "zone"
    ACCESS = "access"  # a refusal that a person should know of
    SCORECARD = "scorecard"  # comments, decisions, actions that both sides agreed
    LEDGER = "ledger"  # start, stop, checkpoint, retention


class Recorder(Protocol):
    """Takes what happened; it is on disk when `record` returns."""

    def record(
        self,
        kind: Kind,
        by: str,
        text: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact] = NOTHING,
    ) -> None:
        """Write it down: `by` is a principal's id, `about` a path, account, permit or file.

        No secret belongs into `text` or `facts`. Raises StorageError where it cannot be kept;
        what must not happen unrecorded does then not happen.
        """
        ...


class Unrecorded:
    """A recorder that keeps nothing, for tools that change nothing and for tests."""

    def record(
        self,
        kind: Kind,
        by: str,
        text: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact] = NOTHING,
    ) -> None:
        """Forget it."""
