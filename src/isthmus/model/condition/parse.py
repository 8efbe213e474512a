"""From the text of a condition to its syntax.

```
condition  = all { "or" all }
all        = part { "and" part }
part       = "not" part | test [ "for" duration ]
test       = sum [ compare sum | "in" "(" word { "," word } ")" ]
sum        = product { ("+" | "-") product }
product    = factor { ("*" | "/") factor }
factor     = number [ unit ] | name | bound | function "(" [ sum { "," sum } ] ")"
           | "(" condition ")"
           | ( "count" "(" condition "," duration | "lasted" "(" condition ) ")"
bound      = [ name "." ] ("limits" | "normal") "." word
```
"""

from __future__ import annotations

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
from isthmus.model.condition.token import Token, tokens
from isthmus.model.unit import Quantity, UnitError

COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_NUMBERS = {"abs": (1, 1), "min": (2, 99), "max": (2, 99), "mean": (2, 99), "rate": (2, 99)}
_OTHERS = {"lasted": (1, 1), "age": (1, 1), "bad": (1, 1), "state": (0, 1)}
_TOLD = {"kpi": (2, 3), "alarms": (0, 2), "unacknowledged": (0, 2), "findings": (1, 1)}
FUNCTIONS = {**_NUMBERS, "count": (2, 99), **_OTHERS, **_TOLD}  # how many arguments each takes
_OF_CONDITIONS = frozenset({"count", "lasted"})
BOUNDS = {"limits": ("low_low", "low", "high", "high_high"), "normal": ("low", "high")}
DEEPEST = 50


def parse(text: str) -> Syntax:
    """The syntax of `text`; ConditionError, which says where, if it is no condition."""
    return _Parser(tokens(text)).whole()


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words, self._place, self._depth = words, 0, 0

    def whole(self) -> Syntax:
        if len(self._words) == 1:
            raise ConditionError("the condition is empty", hint="write such as `speed > 100`")
        found = self._any()
        if self._now.kind != "end":
            raise self._unexpected()
        return found

    @property
    def _now(self) -> Token:
        return self._words[self._place]

    def _take(self) -> Token:
        token = self._now
        self._place += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self._now.kind in ("sign", "keyword") and self._now.text in texts

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise self._unexpected(f"expected `{text}`")
        self._take()

    def _unexpected(self, wanted: str = "") -> ConditionError:
        token = self._now
        found = "the condition ends" if token.kind == "end" else f"`{token.text}` stands"
        text = f"{found} where {wanted.removeprefix('expected ')} is expected" if wanted else ""
        return ConditionError(text or f"{found} where nothing more is expected", at=token.at)

    def _any(self) -> Syntax:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConditionError(f"more than {DEEPEST} brackets lie in each other")
        left = self._all()
        while self._is("or"):
            left = Join(self._take().at, "or", left, self._all())
        self._depth -= 1
        return left

    def _all(self) -> Syntax:
        left = self._part()
        while self._is("and"):
            left = Join(self._take().at, "and", left, self._part())
        return left

    def _part(self) -> Syntax:
        if self._is("not"):
            at = self._take().at
            self._depth += 1
            if self._depth > DEEPEST:
                raise ConditionError(f"more than {DEEPEST} times `not`", at=at)
            made = Not(at, self._part())
            self._depth -= 1
            return made
        found = self._test()
        if self._is("for"):
            at = self._take().at
            found = Lasts(at, found, self._seconds())
        return found

    def _seconds(self) -> float:
        token = self._take()
        try:
            return Quantity.parse(f"{token.text} {token.unit}").to("s")
        except UnitError as error:
            text = f"`{token.text}{token.unit}` is no time behind `for`"
            raise ConditionError(text, at=token.at, hint="write it like `for 30 s`") from error

    def _test(self) -> Syntax:
        left = self._sum()
        if self._is("in"):
            at = self._take().at
            return Within(at, left, self._list())
        if not self._is(*COMPARISONS):
            return left
        sign = self._take()
        found = Compare(sign.at, sign.text, left, self._sum())
        if self._is(*COMPARISONS):
            hint = "join two comparisons by `and`: `10 < speed and speed < 20`"
            raise ConditionError("two comparisons stand in a row", at=self._now.at, hint=hint)
        return found

    def _list(self) -> tuple[Name, ...]:
        self._expect("(")
        found = [self._word()]
        while self._is(","):
            self._take()
            found.append(self._word())
        self._expect(")")
        return tuple(found)

    def _word(self) -> Name:
        if self._now.kind not in ("name", "quoted"):
            raise self._unexpected("expected a word")
        token = self._take()
        return Name(token.at, token.text)

    def _sum(self) -> Syntax:
        left = self._product()
        while self._is("+", "-"):
            sign = self._take()
            left = Arithmetic(sign.at, sign.text, left, self._product())
        return left

    def _product(self) -> Syntax:
        left = self._factor()
        while self._is("*", "/"):
            sign = self._take()
            left = Arithmetic(sign.at, sign.text, left, self._factor())
        return left

    def _factor(self) -> Syntax:
        if self._is("-"):
            at = self._take().at
            self._depth += 1
            if self._depth > DEEPEST:
                raise ConditionError(f"more than {DEEPEST} signs stand in a row", at=at)
            made = Minus(at, self._factor())
            self._depth -= 1
            return made
        if self._is("("):
            self._take()
            found = self._any()
            self._expect(")")
            return found
        token = self._now
        if token.kind == "number":
            self._take()
            return Number(token.at, float(token.text), token.unit)
        if token.kind in ("name", "quoted"):
            return self._named()
        raise self._unexpected("expected a tag or a number")

    def _named(self) -> Syntax:
        token = self._take()
        if token.kind == "name" and token.text in FUNCTIONS and self._is("("):
            return self._call(token)
        words = [token.text]
        while self._is("."):
            self._take()
            words.append(self._word().text)
        if len(words) == 1:
            return Name(token.at, token.text)
        of = "" if len(words) == 2 else words[0]  # noqa: PLR2004 - `limits.high`
        group, word = words[-2:]
        if len(words) > 3 or word not in BOUNDS.get(group, ()):  # noqa: PLR2004
            text = f"`{'.'.join(words)}` is no bound of a tag"
            raise ConditionError(text, at=token.at, hint="write such as `limits.high`")
        return Bound(token.at, of, group, word)

    def _call(self, token: Token) -> Syntax:
        self._expect("(")
        least, most = FUNCTIONS[token.text]
        found: list[Syntax] = []
        if least or not self._is(")"):
            found.append(self._any() if token.text in _OF_CONDITIONS else self._sum())
        while self._is(","):
            self._take()
            found.append(self._sum())
        self._expect(")")
        if not least <= len(found) <= most:
            raise ConditionError(f"`{token.text}` takes {_taken(token.text)}", at=token.at)
        return Call(token.at, token.text, tuple(found))


def _taken(function: str) -> str:
    if function in _NUMBERS or function == "count":
        return "one number" if function == "abs" else "two numbers or more"
    return _EXAMPLES[function]


_EXAMPLES = {
    "lasted": "a condition: `lasted(speed > 100)`",
    "age": "a tag: `age(speed)`",
    "bad": "a tag: `bad(speed)`",
    "state": "a unit, or nothing: `state() == stop`",
    "kpi": "a key figure, where, and a window: `kpi(oee_index, 1 h)`",
    "alarms": "where, and the least priority: `alarms(high)`",
    "unacknowledged": "where, and the least priority: `unacknowledged(high)`",
    "findings": "what is found: `findings(security)`",
}
