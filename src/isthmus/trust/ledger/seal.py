"""Signatures over the ledger: how many records there are, and the hash of the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from isthmus.model.errors import StorageError
from isthmus.model.record import Fact
from isthmus.trust.pki.files import write_private

KEY, PUBLIC = "ledger.key", "ledger.pub"
_RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """That there were `count` records, the last one of hash `head`: signed."""

    count: int
    head: bytes
    signature: bytes
    key: bytes  # the public one, raw

    def facts(self) -> dict[str, Fact]:
        """This checkpoint for a record, an event, an anchor."""
        return {
            "count": self.count,
            "head": self.head.hex(),
            "signature": self.signature.hex(),
            "key": self.key.hex(),
        }

    @classmethod
    def of(cls, facts: Mapping[str, object]) -> Self:
        """The checkpoint that `facts` hold; ValueError where they hold none."""
        try:
            count = int(str(facts["count"]))
            sums = [bytes.fromhex(str(facts[name])) for name in ("head", "signature", "key")]
        except (KeyError, ValueError) as error:
            raise ValueError("no checkpoint of a ledger") from error
        return cls(count, *sums)

    def holds(self, what: str = "checkpoint") -> bool:
        """Whether its key signed it, as `what`."""
        try:
            signed = Ed25519PublicKey.from_public_bytes(self.key)
            signed.verify(self.signature, _message(what, self.count, self.head))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """The ledger's own key."""

    _key: Ed25519PrivateKey
    public: bytes

    @classmethod
    def open(cls, folder: Path, *, fresh: bool) -> Self:
        """The key in `folder`; made where the ledger is `fresh`, else it has to be there."""
        file = folder / KEY
        if not file.exists():
            if not fresh:
                raise StorageError(
                    f"opening the ledger in {folder}: its key {KEY} is missing",
                    hint="restore the folder from a backup; without its key nothing is recorded",
                )
            made = Ed25519PrivateKey.generate()
            pem = made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_private(file, pem)
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(
                f"reading the ledger's key {file}: {error}", hint="restore it from a backup"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StorageError(f"reading the ledger's key {file}: it is no Ed25519 key")
        public = key.public_key().public_bytes(*_RAW)
        if not (folder / PUBLIC).exists():
            write_private(folder / PUBLIC, public.hex().encode() + b"\n")
        return cls(key, public)

    def sign(self, count: int, head: bytes, what: str = "checkpoint") -> Checkpoint:
        """The checkpoint of a ledger of `count` records that end with `head`."""
        signature = self._key.sign(_message(what, count, head))
        return Checkpoint(count, head, signature, self.public)


def public_key(folder: Path) -> bytes:
    """The public key of the ledger in `folder`, raw."""
    file = folder / PUBLIC
    try:
        return bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise StorageError(
            f"reading the ledger's public key {file}: {error}", hint="restore it from a backup"
        ) from error


def _message(what: str, count: int, head: bytes) -> bytes:
    return b"isthmus ledger " + what.encode("ascii") + b"\n" + count.to_bytes(8, "big") + head
