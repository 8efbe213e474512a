"""What rules remember over a restart: what holds, back-tests seen, proposals, what is not told."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from isthmus.insight.rule.bench import Bench
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.rule import Rule, RuleMode
from isthmus.model.work import Decision, Proposal, WorkState
from isthmus.runtime.config.edit import write_whole
from isthmus.runtime.untold import Untold

FILE = "rules.json"  # in the data folder
KIND = "rule"
VERSION = 2
MOST_PROPOSALS = 2_000
_OF_VERSION_1 = frozenset({"state", "by", "note", "decided"})


@dataclass(slots=True)
class Seen:
    """A back-test that a person has seen: of which text, by whom, when, and what it found."""

    digest: str
    by: str
    time: int
    firings: int
    days: float


@dataclass(slots=True)
class State:
    """What a rule remembers of one place."""

    on: bool = False
    since: int = 0
    fired: int = 0


@dataclass(slots=True)
class Since:
    """Since when what a rule says must last has held, by place, for the text of this digest.

    That is known as of `judged`; a rule that was out of the plant meanwhile says nothing of later.
    """

    digest: str
    places: dict[str, list[int]]
    judged: int = 0


@dataclass(slots=True)
class Kept:
    """All of it, in one file that is the old or the new one after a crash.

    Rules, people's requests and the thread that writes share it: `lock` is held to change it.
    """

    file: Path
    judged: dict[str, int] = field(default_factory=dict)  # by step: until when
    states: dict[str, dict[str, State]] = field(default_factory=dict)  # by rule, by equipment
    since: dict[str, Since] = field(default_factory=dict)  # by rule
    seen: dict[str, Seen] = field(default_factory=dict)
    disabled: dict[str, str] = field(default_factory=dict)  # by rule: who did it
    proposals: list[Proposal] = field(default_factory=list)
    untold: Untold = field(default_factory=Untold)
    number: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def open(cls, file: Path) -> Kept:
        """What the file holds; nothing where there is none. StorageError where it is damaged."""
        if not file.exists():
            return cls(file)
        try:
            told = json.loads(file.read_text("utf-8"))
            return cls(
                _of_this_version(file, told["version"]),
                {str(step): int(time) for step, time in told["judged"].items()},
                {
                    rule: {path: State(**one) for path, one in places.items()}
                    for rule, places in told["states"].items()
                },
                {rule: Since(**one) for rule, one in told.get("since", {}).items()},
                {rule: Seen(**one) for rule, one in told["seen"].items()},
                {str(rule): str(by) for rule, by in told["disabled"].items()},
                [_proposal(one) for one in told["proposals"]],
                Untold.of(told["waiting"], int(told["dropped"]), KIND),
                int(told["number"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            hint = "put a backup of it in place, or move it away: then no rule holds or was seen"
            raise StorageError(f"reading {file}: {error}", hint=hint) from error

    def save(self) -> None:
        """Write it all; StorageError where the disk does not take it. For a thread."""
        with self._writing:  # so that no older state replaces a newer one
            told = self._told()
            told["states"] = {
                rule: {path: asdict(one) for path, one in places.items()}
                for rule, places in told["states"].items()
            }
            told["since"] = {rule: asdict(one) for rule, one in told["since"].items()}
            told["seen"] = {rule: asdict(one) for rule, one in told["seen"].items()}
            told["proposals"] = [asdict(one) for one in told["proposals"]]
            told["waiting"] = told["waiting"].told()
            try:
                write_whole(self.file, json.dumps(told, ensure_ascii=False).encode())
            except OSError as error:
                raise StorageError(f"writing {self.file}: {error}") from error

    def _told(self) -> dict[str, Any]:
        """All of it as it is now, to be written while it changes; taken quickly."""
        with self.lock:
            return {
                "version": VERSION,
                "judged": dict(self.judged),
                "states": {
                    rule: {path: copy(one) for path, one in places.items()}
                    for rule, places in self.states.items()
                },
                "since": dict(self.since),
                "seen": dict(self.seen),
                "disabled": dict(self.disabled),
                "proposals": [replace(one, versions=[*one.versions]) for one in self.proposals],
                "waiting": Untold(deque(self.untold.waiting)),  # the stream takes some meanwhile
                "dropped": self.untold.dropped,
                "number": self.number,
            }

    def keep(self, bench: Bench) -> None:
        """Take until when `bench` is judged, and since when what must last has held then."""
        with self.lock:
            self.judged[f"{bench.step:g}"] = bench.judged
            for judge in bench.judges:
                rule = judge.rule
                if rule.lasts:
                    found = judge.since().items()
                    places = {rule.places[place].equipment: rows for place, rows in found}
                    self.since[rule.name] = Since(rule.digest, places, bench.judged)

    def tell(self, event: Event) -> None:
        """An event that waits for the stream."""
        with self.lock:
            self.untold.tell(event)

    def state(self, rule: str, equipment: str) -> State:
        """What `rule` remembers of `equipment`."""
        with self.lock:
            return self.states.setdefault(rule, {}).setdefault(equipment, State())

    def propose(self, proposal: Proposal) -> Proposal:
        """Keep a proposal; one of the same rule and place that is open is counted instead."""
        with self.lock:
            for known in self.proposals:
                if known.id == proposal.id and known.state is WorkState.OPEN:
                    known.times, known.last = known.times + 1, proposal.time
                    return known
            self.number += 1
            proposal.number = self.number
            self.proposals.append(proposal)
            if len(self.proposals) > MOST_PROPOSALS:  # decided ones first
                old = next(
                    (one for one in self.proposals if one.state is not WorkState.OPEN),
                    self.proposals[0],
                )
                self.untold.dropped += old.state is WorkState.OPEN
                self.proposals.remove(old)
            return proposal


def untried(rules: Iterable[Rule], folder: Path) -> list[str]:
    """The live rules of whose present text nobody has seen the back-test: they do not act."""
    seen = Kept.open(folder / FILE).seen
    live = [rule for rule in rules if rule.mode is RuleMode.LIVE]
    return [
        rule.name for rule in live if rule.name not in seen or seen[rule.name].digest != rule.digest
    ]


def _of_this_version(file: Path, version: object) -> Path:
    if version not in (1, VERSION):
        raise ValueError(f"its version is {version}, not {VERSION}")
    return file


def _proposal(told: Mapping[str, Any]) -> Proposal:
    """A proposal; in version 1 the last decision stood beside it."""
    known = {key: value for key, value in told.items() if key not in _OF_VERSION_1}
    versions = told.get("versions", [])
    if told.get("decided"):
        past = {key: told[key] for key in ("state", "by", "note")} | {"time": told["decided"]}
        versions = [past]
    made = [
        Decision(WorkState(one["state"]), str(one["by"]), int(one["time"]), str(one["note"]))
        for one in versions
    ]
    return Proposal(**(known | {"versions": made}))
