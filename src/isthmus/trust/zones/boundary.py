"""Rules on this machine: loaded, confirmed, rolled back by themselves where nobody confirms.

Whoever loads rules over the network may cut the very line they came by. So a process of its own
is started first; it puts back what was there before, unless somebody says in time that all is
well. It needs no terminal, no shell, and none of us.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.trust.zones.rules import TABLE

GONE = f"table {TABLE}\ndelete table {TABLE}\n"
PENDING, CONFIRMED, BEFORE, APPLIED, TOLD = (
    "pending.json",
    "confirmed",
    "before.nft",
    "applied.nft",
    "rolled-back",
)
SHORTEST, LONGEST = 1.0, 3_600.0
_READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Pending:
    """Rules that are loaded and not confirmed: until when, and who will put the old ones back."""

    token: str
    deadline: float  # wall clock, s
    seconds: float
    pid: int = 0

    @property
    def left(self) -> float:
        """Seconds until they are rolled back."""
        return max(0.0, self.deadline - time.time())


class Boundary:
    """The firewall of this machine; `folder` holds what is needed to go back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._nft = shutil.which("nft") or "/usr/sbin/nft"

    def apply(self, rules: str, *, seconds: float) -> Pending:
        """Load `rules`, to be confirmed within `seconds`.

        ConfigError where nft refuses them, Refused where others wait to be confirmed,
        StorageError where this user may not, or nothing could put the old ones back.
        """
        if not SHORTEST <= seconds <= LONGEST:
            raise ConfigError(f"{seconds:g} s to confirm", hint="give 1 s to 1 h")
        waiting = self.pending()
        if waiting is not None:
            raise Refused(
                f"rules wait to be confirmed, or go in {waiting.left:.0f} s",
                hint="`isthmus zones confirm` keeps them",
            )
        self.check(rules)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self.loaded()
        self._write(BEFORE, GONE + before)
        for name in (CONFIRMED, TOLD):
            (self.folder / name).unlink(missing_ok=True)
        wait = Pending(secrets.token_hex(8), time.time() + seconds, seconds)
        self._write("candidate.nft", rules)
        guard = self._guard(wait)
        try:
            self._run(["-f", "-"], rules)
        except ConfigError:
            guard.kill()
            guard.wait()
            (self.folder / PENDING).unlink(missing_ok=True)
            raise
        return Pending(wait.token, wait.deadline, seconds, guard.pid)

    def confirm(self) -> None:
        """Keep what was loaded, also over a restart; Refused where nothing waits."""
        waiting = self.pending()
        if waiting is None:
            told = self.folder / TOLD
            why = "they were rolled back" if told.exists() else "none were loaded"
            raise Refused(f"no rules wait to be confirmed: {why}", hint="`isthmus zones apply`")
        self._write(CONFIRMED, waiting.token)
        deadline = time.monotonic() + _READY_S
        while (self.folder / PENDING).exists():
            if time.monotonic() > deadline:
                raise StorageError("the guard of the rules does not answer", hint="apply again")
            time.sleep(0.02)
        if (self.folder / TOLD).exists():
            raise Refused("too late: the rules were rolled back", hint="apply them again")
        (self.folder / "candidate.nft").replace(self.folder / APPLIED)

    def pending(self) -> Pending | None:
        """What waits to be confirmed, None where nothing does."""
        try:
            found = Pending(**json.loads((self.folder / PENDING).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        late = time.time() > found.deadline + _READY_S  # another's number by now
        if found.pid and (late or not _lives(found.pid)):  # killed, or the machine started anew
            restore(self.folder, self._nft)
            return None
        return found

    def check(self, rules: str) -> None:
        """ConfigError where nft would not take `rules`."""
        self._run(["-c", "-f", "-"], rules)

    def loaded(self) -> str:
        """Our table as it is loaded, empty where it is not."""
        found = self._call(["-s", "list", "table", *TABLE.split()])
        return found.stdout if found.returncode == 0 else ""

    def change(self, commands: str) -> None:
        """Let nft do `commands` at once, all or none."""
        self._run(["-f", "-"], commands)

    def counters(self) -> dict[str, int]:
        """Packets that began a flow by conduit, and what was `denied`; empty where none are."""
        found = self._call(["-j", "list", "table", *TABLE.split()])
        if found.returncode:
            return {}
        counts: dict[str, int] = {}
        for item in json.loads(found.stdout)["nftables"]:
            named, rule = item.get("counter"), item.get("rule", {})
            if named:
                counts[named["name"]] = named["packets"]
            for step in rule.get("expr", ()):
                if rule.get("comment") and isinstance(step.get("counter"), dict):
                    seen = counts.get(rule["comment"], 0)
                    counts[rule["comment"]] = seen + step["counter"]["packets"]
        return counts

    def _guard(self, wait: Pending) -> subprocess.Popen[bytes]:
        """The process that puts the old rules back; StorageError where it does not come up."""
        # the new session outlives the terminal, the connection, and us
        guard = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "isthmus.trust.zones.guard", str(self.folder), self._nft],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        if guard.stdin is None or guard.stdout is None:
            raise StorageError("starting the guard of the rules: it has no pipes")
        told = {**asdict(wait), "pid": guard.pid}
        with contextlib.suppress(BrokenPipeError):
            guard.stdin.write(json.dumps(told).encode())
            guard.stdin.close()
        if guard.stdout.readline().strip() != b"ready":
            guard.kill()
            guard.wait()
            raise StorageError("starting the guard of the rules: it ended at once")
        return guard

    def _write(self, name: str, text: str) -> None:
        write(self.folder / name, text)

    def _call(self, words: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - the system's own tool
                [self._nft, *words],
                input=text,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except FileNotFoundError as error:
            raise ConfigError("there is no nft here", hint="apt-get install nftables") from error
        except subprocess.TimeoutExpired as error:
            raise StorageError("nft did not answer in a minute") from error

    def _run(self, words: list[str], text: str) -> None:
        found = self._call(words, text)
        if found.returncode:
            said = " ".join(found.stderr.split())[:300]
            if "not permitted" in said:
                raise StorageError("nft: this user may not change rules", hint="run as root")
            raise ConfigError(f"nft: {said}")


def restore(folder: Path, nft: str) -> bool:
    """Put back what was before; whether nft took it. Called where nobody confirmed."""
    before = folder / BEFORE
    done = subprocess.run(  # noqa: S603 - the system's own tool
        [nft, "-f", str(before)], capture_output=True, timeout=60, check=False
    )
    write(folder / TOLD, "" if done.returncode == 0 else done.stderr.decode("utf-8", "replace"))
    (folder / PENDING).unlink(missing_ok=True)
    return done.returncode == 0


def write(file: Path, text: str) -> None:
    """Replace `file` by one of the owner's alone, whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    fresh.replace(file)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # our own child that ended and was not waited for
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
