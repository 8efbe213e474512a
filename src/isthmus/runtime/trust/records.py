"""What the ledger holds of writes: the wish with every verdict, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isthmus.model.record import Fact, Kind
from isthmus.model.write import WriteMode
from isthmus.trust.ledger.find import Wanted, newest
from isthmus.trust.ledger.ledger import Ledger
from isthmus.trust.permit.verdict import Circumstances, Verdict

LOOKED_AT = 2_000  # records, for writes whose end nobody recorded


@dataclass(frozen=True, slots=True)
class WriteRecords:
    """Writes records of writes, and reads them again after a restart."""

    ledger: Ledger

    def wished(self, number: str, case: Circumstances, verdicts: Sequence[Verdict]) -> int:
        """The number of the record of a wish and of every verdict."""
        allowed = all(verdict.ok for verdict in verdicts)
        facts: dict[str, Fact] = {
            "action": number,
            "step": "wish",
            "value": case.value,
            "before": case.present.value,
            "unit": case.tag.unit,
            "allowed": allowed,
            "mode": case.mode.value,
            "reason": case.reason,
            "permit": case.permit.number if case.permit else None,
        }
        facts |= {"edge": case.edge} if case.edge else {}
        facts |= {f"guard {each.name}": _said(each) for each in verdicts}
        verb = "wishes" if allowed else "may not write"
        text = f"{verb} {case.value:g} {case.tag.unit}".strip()
        text += f": {case.reason}" if allowed else f": {why(verdicts)}"
        return self.ledger.put(Kind.ACTION, case.by, text, about=case.tag.path, facts=facts)

    def ended(
        self,
        number: str,
        case: Circumstances,
        state: str,
        after: float | None,
        text: str,
        began: float,
    ) -> int:
        """The number of the record of how it ended."""
        facts: dict[str, Fact] = {
            "action": number,
            "step": "end",
            "state": state,
            "value": case.value,
            "before": case.present.value,
            "after": after,
            "unit": case.tag.unit,
            "seconds": round(time.monotonic() - began, 4),
            "permit": case.permit.number if case.permit else None,
        }
        facts |= {"edge": case.edge} if case.edge else {}
        told = f"{state} {case.present.value:g} -> {case.value:g} {case.tag.unit}".strip()
        told += f": {text}" if text else ""
        return self.ledger.put(Kind.ACTION, case.by, told, about=case.tag.path, facts=facts)

    def settle(self) -> int:
        """Record of each write that a crash cut short that nobody knows how it ended."""
        ended: set[Fact] = set()
        count = 0
        for entry in newest(self.ledger.folder, Wanted(kind=Kind.ACTION), LOOKED_AT):
            number, step = entry.facts.get("action"), entry.facts.get("step")
            if step == "end":
                ended.add(number)
            live = (
                entry.facts.get("mode") == WriteMode.LIVE.value
                and entry.facts.get("allowed") is True
            )
            if step == "wish" and live and number not in ended:
                text = "it is not known whether this was written: the site stopped meanwhile"
                facts: dict[str, Fact] = {
                    "action": number,
                    "step": "end",
                    "state": "unknown",
                    "value": entry.facts.get("value"),
                    "before": entry.facts.get("before"),
                }
                self.ledger.put(Kind.ACTION, entry.by, text, about=entry.about, facts=facts)
                count += 1
        return count

    def moves(self, path: str, seconds: float) -> list[tuple[float, float]]:
        """When (monotonic) and by how much the tag at `path` was changed in the last seconds."""
        now = time.time_ns()
        wanted = Wanted(now - round(seconds * 1e9), kind=Kind.ACTION, about=path)
        return [
            (time.monotonic() - (now - entry.time) / 1e9, _moved_by(entry.facts))
            for entry in newest(self.ledger.folder, wanted, LOOKED_AT)
            if entry.facts.get("step") == "end"
        ]


def why(verdicts: Sequence[Verdict]) -> str:
    """What speaks against a wish."""
    return "; ".join(f"{each.name}: {each.reason}" for each in verdicts if not each.ok)


def _said(verdict: Verdict) -> str:
    return f"{'ok' if verdict.ok else 'no'}: {verdict.reason}"


def _moved_by(told: Mapping[str, Fact]) -> float:
    value, before = told.get("value"), told.get("before")
    if told.get("state") not in ("written", "mismatch", "unknown"):
        return 0.0
    if not (isinstance(value, int | float) and isinstance(before, int | float)):
        return 0.0
    return abs(value - before)
