"""The record of every certificate that the plant's authority issued, and of what it took back.

One line of JSON for each act, only ever appended, under a lock that other processes respect: a
command may issue while the site runs.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from isthmus.model.errors import StorageError

State = Literal["good", "superseded", "revoked", "expired"]
Reason = Literal[
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
]
REASONS: tuple[Reason, ...] = Reason.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate: its number (hexadecimal), whom it names, how long it holds, its state.

    `superseded` is one that a newer took the place of: it still holds until it ends.
    """

    serial: str
    name: str
    use: str
    sha256: str
    begins: datetime
    ends: datetime
    hosts: tuple[str, ...] = ()
    state: State = "good"
    reason: str = ""
    revoked: datetime | None = None

    @property
    def due(self) -> datetime:
        """When it is to be renewed: after two thirds of its life."""
        return self.begins + (self.ends - self.begins) * 2 / 3

    def at(self, now: datetime) -> Issued:
        """As it stands at `now`: what has ended is expired, whatever it was before."""
        over = now >= self.ends and self.state != "revoked"
        return replace(self, state="expired") if over else self


class Register:
    """The record in one file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stamp: tuple[int, int] = (-1, -1)
        self._issued: dict[str, Issued] = {}
        self._generations: dict[str, int] = {}

    def all(self) -> Sequence[Issued]:
        """All certificates, in the order in which they were issued."""
        self._look()
        return tuple(self._issued.values())

    def of(self, name: str) -> Sequence[Issued]:
        """Those that name `name`, the newest last."""
        return tuple(found for found in self.all() if found.name == name)

    def find(self, serial: int) -> Issued | None:
        """The certificate of this number, None where it is not ours."""
        self._look()
        return self._issued.get(f"{serial:x}")

    def generation(self, name: str) -> int:
        """How often the certificates of `name` were revoked."""
        self._look()
        return self._generations.get(name, 0)

    def generations(self) -> Mapping[str, int]:
        """The names that were revoked, and how often."""
        self._look()
        return dict(self._generations)

    def add(self, issued: Issued) -> None:
        """Write down that it was issued."""
        kept = {key: value for key, value in asdict(issued).items() if value}
        for key in ("begins", "ends"):
            kept[key] = getattr(issued, key).isoformat()
        kept.pop("state")
        self._append({"issued": kept})

    def revoke(self, name: str, reason: Reason, by: str, now: datetime) -> Sequence[Issued]:
        """Write down that nothing issued for `name` holds any more; what was good until now."""
        hit = [found for found in self.of(name) if found.state != "revoked"]
        act = {
            "name": name,
            "serials": [found.serial for found in hit],
            "reason": reason,
            "by": by,
            "at": now.isoformat(),
        }
        self._append({"revoked": act})
        return hit

    # ------------------------------------------------------------ the file
    def _append(self, line: Mapping[str, object]) -> None:
        data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":  # power was cut within a line
                data = b"\n" + data
            os.write(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _look(self) -> None:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            self._issued, self._generations, self._stamp = {}, {}, (-1, -1)
            return
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            self._read(self.file.read_bytes().splitlines(keepends=True))
            self._stamp = stamp

    def _read(self, lines: Iterable[bytes]) -> None:
        self._issued, self._generations = {}, {}
        for number, line in enumerate(lines, 1):
            try:
                act = json.loads(line)
                if "issued" in act:
                    self._take(act["issued"])
                else:
                    self._take_back(act["revoked"])
            except (ValueError, KeyError, TypeError) as error:
                if line.endswith(b"}}\n"):  # else a power cut left it unfinished
                    raise StorageError(
                        f"reading {self.file}, line {number}: {error}",
                        hint="restore it from a backup: it says which certificates are revoked",
                    ) from error

    def _take(self, told: dict[str, object]) -> None:
        made = Issued(
            serial=str(told["serial"]),
            name=str(told["name"]),
            use=str(told["use"]),
            sha256=str(told["sha256"]),
            begins=datetime.fromisoformat(str(told["begins"])),
            ends=datetime.fromisoformat(str(told["ends"])),
            hosts=tuple(map(str, told.get("hosts", ()))),  # type: ignore[call-overload]
        )
        for older in self._issued.values():
            if older.name == made.name and older.state == "good":
                self._issued[older.serial] = replace(older, state="superseded")
        self._issued[made.serial] = made

    def _take_back(self, told: dict[str, object]) -> None:
        name, since = str(told["name"]), datetime.fromisoformat(str(told["at"]))
        self._generations[name] = self._generations.get(name, 0) + 1
        for serial, found in self._issued.items():
            if found.name == name and found.state != "revoked":
                self._issued[serial] = replace(
                    found, state="revoked", reason=str(told["reason"]), revoked=since
                )
