"""A small file of secrets' digests: read once, written whole, readable by its owner alone."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from isthmus.model.errors import StorageError
from isthmus.trust.pki.authority import write_private

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """The entries of one file, a list of JSON objects."""

    file: Path

    def read(self) -> list[dict[str, Any]]:
        """What it holds, nothing where there is no file; StorageError where it is damaged."""
        try:
            held = json.loads(self.file.read_text("utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise self.damaged(error) from error
        if not isinstance(held, dict) or held.get("format") != FORMAT:
            raise self.damaged("it is of another format")
        return list(held.get("entries", []))

    def write(self, entries: list[dict[str, Any]]) -> None:
        """Keep `entries` in place of what it held."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(
                self.file, json.dumps({"format": FORMAT, "entries": entries}, indent=1).encode()
            )
        except OSError as error:
            raise StorageError(
                f"writing {self.file}: {error}", hint="free space on the disk, then try again"
            ) from error

    def damaged(self, why: object) -> StorageError:
        """The error of a file that cannot be used."""
        return StorageError(
            f"reading {self.file}: {why}", hint="restore it from a backup; nobody may enter before"
        )


def made_secret() -> str:
    """A word of 256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret of 256 bits: enough to know it again, not to say it."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(kept: str, secret: str) -> bool:
    """Whether `secret` is the one of which `kept` is the digest; takes the same time always."""
    return hmac.compare_digest(kept, digest(secret))
