"""Whether the newest backup can be gone back to: a part of it is restored and compared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from isthmus.cli.finding import Finding

HOUR, DAY = 3_600.0, 86_400.0
OLD = 7 * DAY  # of a backup that no plant file schedules


def examine_backup(folder: Path) -> Iterator[Finding]:
    """How old the newest backup is, and the proof that a restore of it works."""
    from isthmus.historian.backup.proof import prove
    from isthmus.historian.backup.state import remembered
    from isthmus.historian.keep.place import Target, place

    state, root = remembered(folder), folder / "history"
    if not root.is_dir():
        return
    if state is None:
        hint = "write `history: {backup: {to: ...}}`, or `isthmus backup TARGET` now and then"
        yield Finding("backup", "note", "none was ever made", hint)
        return
    if state.error:
        yield Finding("backup", "wrong", state.error, state.hint)
    if not state.made:
        return
    age = time.time() - state.made
    found = f"{state.point}, {_age(age)} old, in {state.target.get('to')}"
    if state.late(time.time()) or (not state.every and age > OLD):
        yield Finding("backup", "wrong", found, "is the site running? else `isthmus backup`")
    else:
        yield Finding("backup", "well", found)
    for text in state.damaged:
        yield Finding("backup", "wrong", f"damaged before it was copied, not in it: {text}")
    proof = prove(place(Target.of(state.target)), root)
    for text in proof.wrong:
        hint = "`isthmus backup --verify` looks at all of it; make another, elsewhere"
        yield Finding("restore", "wrong", text, hint)
    if not proof.wrong:
        part = "all of it" if proof.whole else "its newest part"
        rows = ", ".join(f"{count:,} {name}" for name, count in sorted(proof.rows.items()))
        compared = (
            f"{proof.series} tags of {proof.day} equal those in use, sample by sample"
            if proof.day
            else "every day in it has changed since, so no samples could be compared"
        )
        yield Finding(
            *("restore", "well"),
            f"{part} was restored and opened, {_age(proof.age_s)} old: {rows}; {compared}",
        )


def _age(seconds: float) -> str:
    if seconds >= 2 * DAY:
        return f"{seconds / DAY:.0f} days"
    if seconds >= 2 * HOUR:
        return f"{seconds / HOUR:.0f} hours"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"
