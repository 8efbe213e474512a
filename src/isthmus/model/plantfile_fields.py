"""The kinds of values in a plant file: text, names, rates, periods, sizes, secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from isthmus.model.path import level_fault, nearest
from isthmus.model.state import LEGENDS
from isthmus.model.unit import Quantity, Unit, UnitError

MAX_TEXT = 4096


class Entry(BaseModel):
    """Base of everything in a plant file: keys that are not known are mistakes."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True
    )


class WrongError(ValueError):
    """A value that a plant file must not hold; `hint` says what to write instead."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def as_text(value: object) -> object:
    """`value` as it was written, so that the serial number `0042` keeps its zeros."""
    if isinstance(value, bool):
        word = str(value).lower()
        raise WrongError(f"`{word}` is yes or no, not text", hint=f'put it in quotes: "{word}"')
    if isinstance(value, int | float):
        return getattr(value, "written", str(value))
    return value


def as_fact(value: object) -> object:
    """A number, or text as it was written."""
    written = getattr(value, "written", None)
    return as_text(value) if written is not None or isinstance(value, bool) else value


def _name(name: str) -> str:
    wrong = level_fault(name)
    if wrong:
        raise WrongError(wrong)
    return name


def _unit(text: str) -> str:
    if text:
        Unit.parse(text)
    return text


def measured(unit: str, example: str) -> Callable[[object], object]:
    """A validator for quantities that may be told in `unit`; a number alone is a mistake."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            raise WrongError("expected a number with its unit", hint=f"write it like `{example}`")
        quantity = Quantity.parse(value)
        if not quantity.unit.symbol:
            raise WrongError(f"`{value}` has no unit", hint=f"write it like `{example}`")
        try:
            return quantity.to(unit)
        except UnitError as error:
            raise WrongError(str(error), hint=f"write it like `{example}`") from error

    return read


def _duration(value: object) -> object:
    """Seconds; a number alone could be minutes as well, only nothing is nothing in all units."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number == 0 or (isinstance(value, str) and value.strip() == "0"):
        return 0.0
    if number is not None:
        word = as_text(value)
        raise WrongError(f"`{word}` has no unit of time", hint=f"`{word} s` or `{word} min`?")
    return measured("s", "5 min")(value)


def _number(value: object) -> object:
    """Digits may be grouped: `1_000_000`."""
    if isinstance(value, str) and value.replace("_", "").isdecimal():
        return int(value.replace("_", ""))
    return value


def _legend(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in LEGENDS:
        meant = nearest(value, LEGENDS)
        known = "known: " + ", ".join(sorted(LEGENDS))
        raise WrongError(
            f"there is no legend `{value}`", hint=f"did you mean `{meant}`?" if meant else known
        )
    return dict(LEGENDS[value])


Text = Annotated[
    str, BeforeValidator(as_text, json_schema_input_type=str | int | float), Field(max_length=4096)
]
Name = Annotated[str, BeforeValidator(as_text), AfterValidator(_name)]
UnitName = Annotated[Text, AfterValidator(_unit)]
Number = Annotated[
    float,
    BeforeValidator(_number, json_schema_input_type=float | str),
    Field(allow_inf_nan=False),
]
Duration = Annotated[float, BeforeValidator(_duration, json_schema_input_type=str | Literal[0])]
"""A length of time: `30 s`, `5 min`; of numbers only 0 says it without a unit."""
Rate = Annotated[float, BeforeValidator(measured("1/s", "120/min"), json_schema_input_type=str)]
Period = Annotated[float, BeforeValidator(measured("s", "400 d"), json_schema_input_type=str)]
Size = Annotated[float, BeforeValidator(measured("byte", "200 GB"), json_schema_input_type=str)]
Legend = Annotated[
    Mapping[int, Text],
    BeforeValidator(_legend, json_schema_input_type=str | dict[int, str]),
]
Facts = dict[Name, Annotated[str | int | float, BeforeValidator(as_fact)]]


def _pair(value: object) -> object:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004
        low, high = value
        if isinstance(low, int | float) and isinstance(high, int | float) and not low < high:
            raise WrongError(f"the band [{low}, {high}] is empty", hint="write the lower end first")
    elif isinstance(value, list | tuple | str | int | float):
        raise WrongError("expected two numbers", hint="write it like `[0, 200]`")
    return value


Band = Annotated[
    tuple[Number, Number],
    BeforeValidator(_pair, json_schema_input_type=tuple[float, float]),
]
