"""A condition over the tags of a piece of equipment, checked against their kinds and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
from isthmus.model.condition.parse import parse
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
from isthmus.model.condition.window import Counted, Window, Windowed
from isthmus.model.path import nearest
from isthmus.model.tag import Kind, Tag
from isthmus.model.unit import Quantity, Unit, UnitError

LONGEST = 86_400.0  # seconds of a window
_TIME = Unit.parse("s").dimension
_ORDER = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that can be evaluated: `inputs` are names of tags, `bounds` (name, bound).

    `lasting` counts its `for`s, of which each needs a place to remember since when it holds;
    `windows` are what it looks back over.
    """

    text: str
    root: Proposition
    inputs: tuple[str, ...]
    bounds: tuple[tuple[str, str, str], ...]
    lasting: int
    windows: tuple[Window, ...] = ()


def condition(
    text: str,
    tags: Mapping[str, Tag],
    *,
    deadband: str | float | None = None,
    windows: bool = False,
) -> Condition:
    """The condition that `text` writes over `tags`; ConditionError, with the place, if none.

    `windows` says whether it may look back over time.

    `deadband` is by how much a comparison must be wrong before it no longer holds: a number in
    the unit of what is compared, or one with its unit; that of the compared tag where None.
    """
    reader = _Reader(tags, None if deadband is None else _deadband(deadband), backward=windows)
    root = reader.test(parse(text), deadband=1.0)
    if isinstance(deadband, str) and not reader.used and Quantity.parse(deadband).unit.symbol:
        raise ConditionError(f"nothing in `{text}` is measured like the deadband `{deadband}`")
    names, bounds = tuple(reader.inputs), tuple(reader.bounds)
    return Condition(text, root, names, bounds, reader.lasting, tuple(reader.windows))


def _deadband(written: str | float) -> Quantity:
    try:
        found = Quantity.parse(str(written))
    except UnitError as error:
        raise ConditionError(str(error), hint=error.hint) from error
    if found.value < 0:
        raise ConditionError(f"the deadband `{written}` is below zero")
    return found


@dataclass(slots=True)
class _Reader:
    tags: Mapping[str, Tag]
    deadband: Quantity | None
    inputs: dict[str, int] = field(default_factory=dict)
    bounds: dict[tuple[str, str, str], int] = field(default_factory=dict)
    lasting: int = 0
    windows: list[Window] = field(default_factory=list)
    backward: bool = False
    used: bool = False  # the deadband, by a comparison that is measured like it

    # ------------------------------------------------------------------ what holds or not
    def test(self, part: Syntax, *, deadband: float) -> Proposition:
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
        raise ConditionError("a number is no condition", at=part.at, hint="compare it")

    def _compared(self, part: Compare, deadband: float) -> Proposition:
        for one, other in ((part.left, part.right), (part.right, part.left)):
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
            return self.deadband.value
        if unit.dimension != measured.unit.dimension:
            return 0.0
        self.used = True
        return self.deadband.value * unit.factor / measured.unit.factor

    def _one_of(self, left: Syntax, words: tuple[Name, ...], at: int) -> Proposition:
        tag = self._tag(left) if isinstance(left, Name) else None
        if not isinstance(left, Name) or tag is None or not tag.legend:
            hint = "such as `state in (held, aborted)`"
            raise ConditionError("only a tag with a legend has words", at=at, hint=hint)
        known = {word.lower(): code for code, word in tag.legend.items()}
        codes = []
        for word in words:
            code = known.get(word.text.lower())
            if code is None:
                text = f"`{tag.name}` has no word `{word.text}`"
                raise ConditionError(text, at=word.at, hint=_meant(word.text, known))
            codes.append(code)
        return OneOf(self._input(left.text), tuple(codes))

    # ------------------------------------------------------------------ numbers
    def _pair(self, left: Syntax, right: Syntax) -> tuple[Measured, Measured]:
        """Two numbers, of which one may be a bound of the other."""
        of = next((side.text for side in (left, right) if isinstance(side, Name)), "")
        return self._number(left, of), self._number(right, of)

    def _number(self, part: Syntax, of: str = "") -> Measured:  # noqa: PLR0911 - a kind a line
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
            zero = Measured(Constant(0.0), inner.unit, bare=inner.bare, step=inner.step)
            return Measured(
                Calculated("-", (zero.node, inner.node)), inner.unit, inner.bare, inner.step
            )
        if isinstance(part, Arithmetic):
            return calculated(
                part.operator, [self._number(part.left, of), self._number(part.right, of)], part.at
            )
        if isinstance(part, Call) and (seconds := self._window(part)) is not None:
            return self._windowed(part, seconds, of)
        if isinstance(part, Call):
            return calculated(
                part.function, [self._number(each, of) for each in part.arguments], part.at
            )
        hint = "compare numbers, and join comparisons by `and` or `or`"
        raise ConditionError("a condition stands where a number is expected", at=part.at, hint=hint)

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
            return Measured(node, per_second(inner.unit))
        return Measured(node, inner.unit, inner.bare, inner.step)

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
