"""From the syntax of a condition to what can be evaluated: names, kinds and units are checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from isthmus.model.condition.measure import Measured, aligned, calculated, per_second
from isthmus.model.condition.node import (
    Calculated,
    Compared,
    Constant,
    Input,
    Joined,
    Lasting,
    Limit,
    OneOf,
    Opposite,
    Proposition,
)
from isthmus.model.condition.syntax import (
    Arithmetic,
    Bound,
    Call,
    Compare,
    ConditionError,
    Join,
    Lasts,
    Minus,
    Name,
    Not,
    Number,
    Syntax,
    Within,
)
from isthmus.model.condition.told import FEEDS, Age, Bad, Lasted, Stood, Told
from isthmus.model.condition.window import Counted, Window, Windowed
from isthmus.model.path import nearest
from isthmus.model.tag import Kind, Tag
from isthmus.model.unit import Quantity, Unit

LONGEST = 86_400.0  # seconds of a window
_SECOND = Unit.parse("s")
_TIME = _SECOND.dimension
_ORDER = frozenset({"<", "<=", ">", ">="})


@dataclass(slots=True)
class Reader:
    """Reads one condition, and notes what it needs."""

    tags: Mapping[str, Tag]
    deadband: Quantity | None
    told: Told | None = None
    backward: bool = False
    inputs: dict[str, int] = field(default_factory=dict)
    bounds: dict[tuple[str, str, str], int] = field(default_factory=dict)
    lasting: int = 0
    windows: list[Window] = field(default_factory=list)
    aged: bool = False
    used: bool = False  # the deadband, by a comparison that is measured like it

    # ------------------------------------------------------------------ what holds or not
    def test(self, part: Syntax, *, deadband: float) -> Proposition:  # noqa: PLR0911 - a kind a line
        """What holds or does not; `deadband` is -1 under an odd number of `not`."""
        if isinstance(part, Join):
            left = self.test(part.left, deadband=deadband)
            return Joined(part.operator, left, self.test(part.right, deadband=deadband))
        if isinstance(part, Not):
            return Opposite(self.test(part.of, deadband=-deadband))
        if isinstance(part, Lasts):
            of, place = self.test(part.of, deadband=deadband), self.lasting
            self.lasting += 1
            return Lasting(of, part.seconds, place, tuple(self.inputs.values()))
        if isinstance(part, Call) and part.function == "bad":
            return Bad(self._of_tag(part))
        if isinstance(part, Within):
            return self._one_of(part.left, part.words, part.at)
        if isinstance(part, Compare):
            return self._compared(part, deadband)
        if isinstance(part, Name):
            tag = self._tag(part)
            if tag.kind is Kind.BOOLEAN:
                return OneOf(self._input(part.text), (1,))
            hint = f"compare it: `{part.text} > 0`"
            if tag.kind is Kind.ENUMERATION:
                hint = f"compare it: `{part.text} == {next(iter(tag.legend.values()))}`"
            raise ConditionError(f"`{part.text}` is no condition by itself", at=part.at, hint=hint)
        state = isinstance(part, Call) and part.function == "state"
        hint = "compare it: `state() == stop`" if state else "compare it"
        raise ConditionError("a number is no condition", at=part.at, hint=hint)

    def _compared(self, part: Compare, deadband: float) -> Proposition:
        for one, other in ((part.left, part.right), (part.right, part.left)):
            if isinstance(one, Call) and one.function == "state":
                return self._stood(one, other, part)
            tag = self.tags.get(one.text) if isinstance(one, Name) else None
            if tag is not None and tag.kind in (Kind.BOOLEAN, Kind.ENUMERATION):
                if part.operator not in ("==", "!=") or not isinstance(other, Name):
                    words = ", ".join(tag.legend.values())
                    text = f"`{tag.name}` is compared with words of its legend, by `==` or `!=`"
                    raise ConditionError(text, at=part.at, hint=f"its words: {words}")
                found = self._one_of(one, (other,), part.at)
                return found if part.operator == "==" else Opposite(found)
        left, right = self._pair(part.left, part.right)
        first, second = aligned(left, right, part.at)
        slack = self._slack(part, first) if part.operator in _ORDER else 0.0
        return Compared(part.operator, first.node, second.node, deadband * slack)

    def _slack(self, part: Compare, measured: Measured) -> float:
        if self.deadband is None:
            names = [side.text for side in (part.left, part.right) if isinstance(side, Name)]
            return max((self.tags[name].deadband for name in names), default=0.0)
        unit = self.deadband.unit
        if not unit.symbol or measured.bare:
            if measured.most < math.inf and self.deadband.value > 1:
                number = f"{self.deadband.value:g}"
                text = f"the deadband `{number}` is beside a share, of which 1 is 100 %"
                hint = f"did you mean `{number} %`?"
                raise ConditionError(text, at=part.at, hint=hint)
            return self.deadband.value
        if unit.dimension != measured.unit.dimension:
            return 0.0
        self.used = True
        return self.deadband.value * unit.factor / measured.unit.factor

    def _stood(self, call: Call, other: Syntax, part: Compare) -> Proposition:
        if part.operator not in ("==", "!=") or not isinstance(other, Name):
            hint = "such as `state() == stop`"
            raise ConditionError("a state is compared with a word", at=part.at, hint=hint)
        found = self._one_of(call, (other,), part.at)
        return found if part.operator == "==" else Opposite(found)

    def _one_of(self, left: Syntax, words: tuple[Name, ...], at: int) -> Proposition:
        if isinstance(left, Call) and left.function == "state":
            coding = self._outside(left).coding(left)
            cause = self._input(coding.cause) if coding.cause else None
            of = Stood(self._input(coding.state), cause, coding)
            return OneOf(of, _codes("a unit's state", coding.words, words))
        tag = self._tag(left) if isinstance(left, Name) else None
        if not isinstance(left, Name) or tag is None or not tag.legend:
            hint = "such as `state in (held, aborted)`"
            raise ConditionError("only a tag with a legend has words", at=at, hint=hint)
        return OneOf(self._input(left.text), _codes(f"`{tag.name}`", tag.legend, words))

    # ------------------------------------------------------------------ numbers
    def _pair(self, left: Syntax, right: Syntax) -> tuple[Measured, Measured]:
        """Two numbers, of which one may be a bound of the other."""
        of = next((side.text for side in (left, right) if isinstance(side, Name)), "")
        return self._number(left, of), self._number(right, of)

    def _number(self, part: Syntax, of: str = "") -> Measured:
        if isinstance(part, Number):
            return self._constant(part)
        if isinstance(part, Name):
            tag = self._tag(part)
            if tag.kind is not Kind.NUMBER:
                raise ConditionError(f"`{tag.name}` is {tag.kind}, no number", at=part.at)
            return Measured(self._input(part.text), Unit.parse(tag.unit))
        if isinstance(part, Bound):
            return self._bound(part, of)
        if isinstance(part, Minus):
            inner = self._number(part.of, of)
            node = Calculated("-", (Constant(0.0), inner.node))
            return replace(inner, node=node, most=math.inf)
        if isinstance(part, Arithmetic):
            return calculated(
                part.operator, [self._number(part.left, of), self._number(part.right, of)], part.at
            )
        if isinstance(part, Call):
            return self._called(part, of)
        hint = "compare numbers, and join comparisons by `and` or `or`"
        raise ConditionError("a condition stands where a number is expected", at=part.at, hint=hint)

    def _called(self, part: Call, of: str) -> Measured:
        if part.function in FEEDS:
            name, unit, most = self._outside(part).feed(part)
            return Measured(self._input(name), unit, most=most)
        if part.function == "age":
            self._outside(part)
            self.aged = True
            return Measured(Age(self._of_tag(part)), _SECOND)
        if part.function == "lasted":
            self._outside(part)
            inner, place = self.test(part.arguments[0], deadband=0.0), self.lasting
            self.lasting += 1
            return Measured(Lasted(inner, place, tuple(self.inputs.values())), _SECOND)
        if part.function in ("bad", "state"):
            hint = "such as `state() == stop`, or `bad(speed) for 5 min`"
            raise ConditionError(f"`{part.function}` is no number", at=part.at, hint=hint)
        if (seconds := self._window(part)) is not None:
            return self._windowed(part, seconds, of)
        found = [self._number(each, of) for each in part.arguments]
        return calculated(part.function, found, part.at)

    def _outside(self, part: Call) -> Told:
        """Who knows what no tag tells; an alarm looks at tags alone."""
        if self.told is None:
            hint = "a rule may: see the section `rules`"
            text = f"this condition looks at tags alone, and `{part.function}` does not"
            raise ConditionError(text, at=part.at, hint=hint)
        return self.told

    def _of_tag(self, part: Call) -> Input:
        (of,) = part.arguments
        if not isinstance(of, Name):
            raise ConditionError(f"`{part.function}` is of a tag", at=part.at)
        self._tag(of)
        return self._input(of.text)

    def _window(self, part: Call) -> float | None:
        """The seconds of its window; None where it has none and compares its arguments."""
        first, *others = part.arguments
        last = others[-1] if len(others) == 1 else None
        timed = isinstance(last, Number) and Unit.parse(last.unit).dimension == _TIME
        if part.function in ("min", "max", "abs"):
            one = self.tags.get(first.text) if isinstance(first, Name) else None
            same = one is not None and Unit.parse(one.unit).dimension == _TIME
            if not timed or same or isinstance(first, Number):
                return None
        if not isinstance(last, Number) or not timed:
            hint = f"such as `{part.function}(power, 15 min)`"
            raise ConditionError(f"`{part.function}` needs a window", at=part.at, hint=hint)
        seconds = last.value * Unit.parse(last.unit).factor
        if not 0 < seconds <= LONGEST:
            raise ConditionError("a window lasts at most 24 h", at=last.at)
        if not self.backward:
            hint = "a rule may: see the section `rules`"
            raise ConditionError("this condition does not look back", at=part.at, hint=hint)
        return seconds

    def _windowed(self, part: Call, seconds: float, of: str) -> Measured:
        place = len(self.windows)
        self.windows.append(Window(place, seconds))
        if part.function == "count":
            counted = Counted(self.test(part.arguments[0], deadband=0.0), place, seconds)
            return Measured(counted, Unit.parse(""))
        inner = self._number(part.arguments[0], of)
        node = Windowed(part.function, inner.node, place, seconds)
        if part.function == "rate":
            return Measured(node, per_second(inner.unit), pace=True)
        return replace(inner, node=node)

    def _constant(self, part: Number) -> Measured:
        return Measured(Constant(part.value), Unit.parse(part.unit), bare=not part.unit)

    def _bound(self, part: Bound, of: str) -> Measured:
        name = part.of or of
        if not name:
            text = f"`{part.group}.{part.word}` stands beside no tag"
            hint = f"say whose it is: `speed.{part.group}.{part.word}`"
            raise ConditionError(text, at=part.at, hint=hint)
        tag = self._tag(Name(part.at, name))
        if bound(tag, part.group, part.word) is None:
            text = f"`{name}` has no {part.group}.{part.word}"
            hint = f"give it one: `{part.group}: ...` of the tag `{name}`"
            raise ConditionError(text, at=part.at, hint=hint)
        key = (name, part.group, part.word)
        return Measured(Limit(self.bounds.setdefault(key, len(self.bounds))), Unit.parse(tag.unit))

    # ------------------------------------------------------------------ names
    def _tag(self, name: Name) -> Tag:
        tag = self.tags.get(name.text)
        if tag is None:
            hint = _meant(name.text, self.tags)
            raise ConditionError(f"there is no tag `{name.text}`", at=name.at, hint=hint)
        if tag.kind is Kind.TEXT:
            text = f"`{name.text}` is text, of which no condition is made"
            raise ConditionError(text, at=name.at)
        return tag

    def _input(self, name: str) -> Input:
        return Input(self.inputs.setdefault(name, len(self.inputs)))


def _codes(whose: str, legend: Mapping[int, str], words: tuple[Name, ...]) -> tuple[int, ...]:
    known = {word.lower(): code for code, word in legend.items()}
    codes = []
    for word in words:
        code = known.get(word.text.lower())
        if code is None:
            text = f"{whose} has no word `{word.text}`"
            raise ConditionError(text, at=word.at, hint=_meant(word.text, known))
        codes.append(code)
    return tuple(codes)


def bound(tag: Tag, group: str, word: str) -> float | None:
    """The bound of a tag, None where it has none."""
    if group == "limits":
        found: float | None = getattr(tag.limits, word)
        return found
    return None if tag.normal is None else tag.normal[word == "high"]


def _meant(word: str, known: Mapping[str, object]) -> str:
    meant = nearest(word, known)
    few = ", ".join(list(known)[:12])
    return f"did you mean `{meant}`?" if meant else f"known: {few}" if few else ""
