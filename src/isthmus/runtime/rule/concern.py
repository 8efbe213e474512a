"""What a person should look at in the rules of a plant: untried, blind, too often, writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isthmus.model.rule import Rule, RuleMode, Write
from isthmus.model.sample import Nanoseconds, Status
from isthmus.runtime.rule.kept import KIND

if TYPE_CHECKING:
    from isthmus.runtime.app import App
    from isthmus.runtime.rule.rules import Rules

DAY = 86_400 * 10**9
OFTEN = 24  # firings in a day, all places together: more than one an hour
MOST = 10_000  # events


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at, and what to do about it."""

    text: str
    advice: str


def recent(app: App) -> Mapping[str, int]:
    """How often each rule began to hold in the last day, as the journal has it."""
    now = app.now()
    found = app.historian.events(Nanoseconds(now - DAY), now, kinds=(KIND,), limit=MOST)
    began = (event for event in found if event.data.get("change") == "began")
    return Counter(str(event.data.get("rule")) for event in began)


def dark(rules: Rules, rule: Rule) -> list[str]:
    """What of its inputs is not known now, in words."""
    bench = next(each for each in rules.benches if any(one.rule is rule for one in each.judges))
    keys = dict.fromkeys(key for place in rule.places for key in place.inputs())
    quality, rows = bench.held.quality, bench.where
    return [key for key in keys if key not in rows or quality[rows[key]] >= Status.UNCERTAIN]


def concerns(rules: Rules, rule: Rule, often: int) -> Iterator[Concern]:
    """What to look at in one rule; `often` is how often it fired in a day."""
    writes = any(isinstance(act, Write) for place in rule.places for act in place.acts)
    seen = rules.kept.seen.get(rule.name)
    if rule.mode is RuleMode.LIVE and (seen is None or seen.digest != rule.digest):
        text = "its present text was never tried on history, so it does not act"
        yield Concern(text, "try it, and look when it would have fired")
    if blind := dark(rules, rule):
        more = f" and {len(blind) - 1} more" if len(blind) > 1 else ""
        yield Concern(f"it does not know {blind[0]}{more}", "look at the connection that tells it")
    if often > OFTEN:
        text = f"it fired {often} times in a day"
        yield Concern(text, "widen its `deadband`, or let it wait with `for` or `at_most_every`")
    if writes:
        acts, _ = rules.acting(rule)
        text = "it writes to machines" if acts else "it would write to machines"
        yield Concern(text, "each write asks the guard as the rule itself; see the ledger")
