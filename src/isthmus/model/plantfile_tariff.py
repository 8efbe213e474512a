"""The grammar of tariffs: what a kWh costs by the time of the day, and the CO2 it stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from isthmus.model.calendar import DAY_MINUTES, CalendarError, span
from isthmus.model.factors import MOST_KG, Factors
from isthmus.model.path import nearest
from isthmus.model.plantfile_fields import Entry, Number, Text, WrongError

_FACTOR_KEYS = ("csv", "tag", "otherwise")
_TARIFF_KEYS = ("co2", "demand_per_kw")
_SPAN = 'write a span such as `"06:00-22:00"` or `"00:00-24:00"`'


def _factor_hours(text: str) -> str:
    return _hours(text, _FACTOR_KEYS)


def _tariff_hours(text: str) -> str:
    return _hours(text, _TARIFF_KEYS)


def _hours(text: str, known: Collection[str]) -> str:
    """`text`, a span of the day; WrongError with the nearest of `known` where it is none."""
    try:
        span(text)
    except CalendarError as error:
        if ":" in text:
            raise WrongError(str(error), hint=error.hint) from error
        meant = nearest(text, known)
        words = f"{_SPAN}, or one of: {', '.join(known)}"
        raise WrongError(
            f"`{text[:40]}` is no span of the day",
            hint=f"did you mean `{meant}`?" if meant else words,
        ) from error
    return text


def _kg(value: float) -> float:
    if value > MOST_KG:
        hint = f"{value:g} g are `{value / 1000:g}`"
        raise WrongError(f"{value:g} kg of CO2 for a kWh cannot be", hint=hint)
    return value


def _require_once(spans: Iterable[str], *, whole: bool) -> None:
    """WrongError where two spans hold at once, or, with `whole`, none at some time of the day."""
    holds: dict[int, str] = {}
    for text in spans:
        start, end = span(text)
        for minute in range(start, end if end > start else end + DAY_MINUTES):
            other = holds.setdefault(minute % DAY_MINUTES, text)
            if other != text:
                words = f"`{other}` and `{text}` both hold at {_clock(minute)}"
                raise WrongError(words, hint="give each time of the day to one of them")
    if whole and holds and len(holds) < DAY_MINUTES:
        open_ = [minute for minute in range(DAY_MINUTES) if minute not in holds]
        first = next(minute for minute in open_ if (minute - 1) % DAY_MINUTES in holds)
        last = next(
            first + step for step in range(DAY_MINUTES) if (first + step) % DAY_MINUTES in holds
        )
        gap = f"{_clock(first)}-{_clock(last)}"
        raise WrongError(f"nothing is said of {gap}", hint=f'add `"{gap}": ...`')


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute % DAY_MINUTES, 60)
    return f"{hours:02}:{minutes:02}"


Kilograms = Annotated[Number, Field(ge=0), AfterValidator(_kg)]


class FactorEntry(Entry):
    """kg of CO2 for a kWh that change: `{"06:00-22:00": 0.42, "22:00-06:00": 0.31}`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_factor_hours)], Kilograms]

    csv: Annotated[
        Text,
        Field(description="File beside the plant file: a time and kg a kWh in each line."),
    ] = ""
    tag: Annotated[Text, Field(description="Tag that tells it, in such as `kg/kWh`.")] = ""
    otherwise: Annotated[Kilograms | None, Field(description="kg where nothing else tells it.")] = (
        None
    )

    @model_validator(mode="after")
    def _told(self) -> Self:
        if not (self.csv or self.tag or self.__pydantic_extra__ or self.otherwise is not None):
            raise WrongError("nothing tells the CO2 of a kWh", hint='`{"00:00-24:00": 0.38}`')
        _require_once(self.__pydantic_extra__ or (), whole=self.otherwise is None)
        return self

    def factors(self, rows: tuple[tuple[int, float], ...] = ()) -> Factors:
        """The factors, with the rows of the file."""
        spans = tuple(
            (*span(text), float(kg)) for text, kg in (self.__pydantic_extra__ or {}).items()
        )
        return Factors(spans, rows, self.tag, self.otherwise)


def _plain(value: object) -> object:
    return {"otherwise": value} if isinstance(value, int | float) else value


class TariffEntry(Entry):
    """Prices, such as `"06:00-22:00": 0.24`, by local time over the whole day; and the CO2."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_tariff_hours)], Number]

    co2: Annotated[
        FactorEntry | None,
        BeforeValidator(_plain, json_schema_input_type=FactorEntry | float),
        Field(description="kg of CO2 for a kWh: one number, or how it changes."),
    ] = None
    demand_per_kw: Annotated[
        Number | None, Field(ge=0, description="Price of a kW of the month's highest quarter hour.")
    ] = None

    @model_validator(mode="after")
    def _whole_day(self) -> Self:
        _require_once(self.__pydantic_extra__ or (), whole=True)
        return self


class TariffsEntry(Entry):
    """What energy costs, by carrier."""

    electricity: Annotated[
        TariffEntry | None, Field(description="What a kWh costs by the time of the day.")
    ] = None
