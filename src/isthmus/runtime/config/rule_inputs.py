"""What the condition of a rule can ask for beside tags, looked up in the plant that is written."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from isthmus.insight.accounting.accounts import Look, look
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.known import SHARES
from isthmus.model.alarm import Priority
from isthmus.model.condition.syntax import Call, ConditionError, Name, Number, Syntax
from isthmus.model.condition.told import Coding, Feed
from isthmus.model.path import Pattern, join
from isthmus.model.plant import Equipment, Level
from isthmus.model.state import State
from isthmus.model.unit import Unit
from isthmus.runtime.config.report import did_you_mean

LONGEST = 7 * 86_400.0  # seconds of the window of a key figure
SHORTEST = 60.0
SHIFT = "shift"
FINDINGS = {"security": "what is to mend of the plant's security", "open": "what asks for a person"}
_FINDABLE = frozenset({Level.AREA, Level.WORK_CENTER, Level.WORK_UNIT})
_LOOKS = [Look.UNKNOWN, *(word for word in Look if word is not Look.UNKNOWN)]
_WORDS = {code: word.value for code, word in enumerate(_LOOKS) if code}
_TABLE = tuple(tuple(_LOOKS.index(look(state, cause)) for cause in range(16)) for state in State)
_TIME = Unit.parse("s").dimension


@dataclass(slots=True)
class Surroundings:
    """The plant as conditions see it: its equipment, its key figures, and where patterns begin.

    `shifts` are the calendars that have some.
    """

    equipment: Sequence[Equipment]
    catalogue: Catalogue
    root: str
    shifts: Collection[str]
    by_path: dict[str, Equipment] = field(init=False)
    alarms: dict[str, Priority] = field(init=False)

    def __post_init__(self) -> None:
        self.by_path = {each.path: each for each in self.equipment}
        self.alarms = {
            join(each.path, alarm.name): alarm.priority
            for each in self.equipment
            for alarm in each.alarms
        }


@dataclass(slots=True)
class Inputs:
    """Who knows, at one piece of equipment, what no tag tells; `feeds` are those asked for."""

    around: Surroundings
    place: str
    names: dict[str, str]  # of inputs, to paths of tags and keys of feeds
    feeds: dict[str, Feed] = field(default_factory=dict)

    # ------------------------------------------------------------------ numbers
    def feed(self, call: Call) -> tuple[str, Unit, float]:
        """The name of the input for which `call` stands, its unit, and how much it can be."""
        most = math.inf
        if call.function == "kpi":
            made, unit = self._kpi(call)
            most = SHARES.get(made.of, math.inf)
        elif call.function == "findings":
            made, unit = self._findings(call), Unit.parse("")
        else:
            made, unit = self._alarms(call), Unit.parse("")
        name = f"{call.function}({', '.join(_spelt(each) for each in call.arguments)})"
        self.names[name], self.feeds[made.key] = made.key, made
        return name, unit, most

    def _kpi(self, call: Call) -> tuple[Feed, Unit]:
        first, *middle, last = call.arguments
        kpis = self.around.catalogue.kpis
        if not isinstance(first, Name) or first.text not in kpis:
            word = first.text if isinstance(first, Name) else ""
            text = f"there is no key figure `{word}`" if word else "a key figure has a name"
            longer = next((name for name in kpis if word and name.startswith(word)), word)
            raise ConditionError(text, at=first.at, hint=did_you_mean(longer, kpis))
        missing = self.around.catalogue.missing(first.text)
        if missing:
            text = f"nothing tells what `{first.text}` is made of: {missing[0].title}"
            raise ConditionError(text, at=first.at)
        where = self._equipment(middle[0] if middle else None, call.at)
        unit = Unit.parse(kpis[first.text].unit)
        return Feed("kpi", first.text, where.path, self._window(last, where)), unit

    def _window(self, part: Syntax, where: Equipment) -> float:
        hint = "such as `1 h`, or `shift` for the one that runs"
        if isinstance(part, Name) and part.text == SHIFT:
            if where.calendar not in self.around.shifts:
                text = f"{where.path} has no calendar with shifts"
                raise ConditionError(text, at=part.at, hint="write a time such as `1 h`")
            return 0.0
        if not isinstance(part, Number) or Unit.parse(part.unit).dimension != _TIME:
            raise ConditionError("a key figure needs a window of time", at=part.at, hint=hint)
        seconds = part.value * Unit.parse(part.unit).factor
        if not SHORTEST <= seconds <= LONGEST:
            text = "the window of a key figure lasts a minute to a week"
            raise ConditionError(text, at=part.at, hint=hint)
        return seconds

    def _findings(self, call: Call) -> Feed:
        (word,) = call.arguments
        if not isinstance(word, Name) or word.text not in FINDINGS:
            text = word.text if isinstance(word, Name) else ""
            hint = did_you_mean(text, FINDINGS)
            raise ConditionError(f"there are no findings `{text}`", at=word.at, hint=hint)
        return Feed("findings", word.text)

    def _alarms(self, call: Call) -> Feed:
        words = {priority.word: priority for priority in Priority}
        least, pattern = Priority.DIAGNOSTIC, self.place
        for part in call.arguments:
            if not isinstance(part, Name):
                hint = f'such as `{call.function}("packaging/line1", high)`'
                raise ConditionError("a path or a priority is expected", at=part.at, hint=hint)
            if part.text in words:
                least = words[part.text]
            else:
                pattern = part.text
                self._matching(pattern, part.at)
        names = self._matching(pattern, call.at)
        chosen = frozenset(name for name in names if self.around.alarms[name] <= least)
        if not chosen:
            text = f"no alarm at `{pattern}` is {least.word} or more urgent"
            raise ConditionError(text, at=call.at)
        return Feed(call.function, least.word, pattern, names=chosen)

    def _matching(self, pattern: str, at: int) -> list[str]:
        known = self.around.alarms
        found = [name for name in known if f"{name}/".startswith(f"{pattern}/")]
        if not found and "*" in pattern:
            found = list(Pattern.parse(pattern).select(list(known), self.around.root))
        if not found:
            hint = did_you_mean(pattern, [*known, *self.around.by_path])
            raise ConditionError(f"there is no alarm at `{pattern}`", at=at, hint=hint)
        return found

    # ------------------------------------------------------------------ states
    def coding(self, call: Call) -> Coding:
        """How the unit that `call` names tells its state."""
        unit = self._equipment(call.arguments[0] if call.arguments else None, call.at)
        state, cause = unit.tag("state"), unit.tag("cause")
        if state is None:
            text = f"{unit.path} does not tell its state"
            raise ConditionError(text, at=call.at, hint="give it a tag of the role `state`")
        here = unit.path == self.place
        names = ["" if tag is None else tag.name if here else tag.path for tag in (state, cause)]
        for name, tag in zip(names, (state, cause), strict=True):
            if tag is not None:
                self.names[name] = tag.path
        own = tuple((code, each.state, each.reason) for code, each in unit.states.items())
        return Coding(names[0], names[1], _TABLE, _WORDS, own)

    # ------------------------------------------------------------------ places
    def _equipment(self, part: Syntax | None, at: int) -> Equipment:
        """The named piece of equipment, looked for beside the rule's and above it; else its own."""
        known = self.around.by_path
        if part is None:
            return known[self.place]
        if not isinstance(part, Name):
            raise ConditionError("the path of a piece of equipment is expected", at=part.at)
        above = self.place
        while True:
            found = known.get(join(above, part.text))
            if found is not None and found.level in _FINDABLE:
                return found
            if not above:
                break
            above = above.rpartition("/")[0]
        text = f"there is no equipment `{part.text}`"
        raise ConditionError(text, at=part.at or at, hint=did_you_mean(part.text, known))


def _spelt(part: Syntax) -> str:
    if isinstance(part, Name):
        return part.text
    return f"{part.value:g} {part.unit}" if isinstance(part, Number) else "..."
