"""The grammar of tariffs: what a kWh costs by the time of the day, and the CO2 it stands for."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from isthmus.model.calendar import span
from isthmus.model.factors import Factors
from isthmus.model.plantfile_fields import Entry, Number, Text, WrongError


def _hours(text: str) -> str:
    span(text)
    return text


Hours = Annotated[str, AfterValidator(_hours)]


class FactorEntry(Entry):
    """kg of CO2 for a kWh that change: `{"06:00-22:00": 0.42, "22:00-06:00": 0.31}`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Hours, Annotated[Number, Field(ge=0)]]

    csv: Annotated[
        Text,
        Field(description="File beside the plant file: a time and kg a kWh in each line."),
    ] = ""
    tag: Annotated[Text, Field(description="Tag that tells it, in such as `kg/kWh`.")] = ""
    otherwise: Annotated[
        Number | None, Field(ge=0, description="kg where nothing else tells it.")
    ] = None

    @model_validator(mode="after")
    def _told(self) -> Self:
        if not (self.csv or self.tag or self.__pydantic_extra__ or self.otherwise is not None):
            raise WrongError("nothing tells the CO2 of a kWh", hint='`{"00:00-24:00": 0.38}`')
        return self

    def factors(self, rows: tuple[tuple[int, float], ...] = ()) -> Factors:
        """The factors, with the rows of the file."""
        spans = tuple(
            (*span(text), float(kg)) for text, kg in (self.__pydantic_extra__ or {}).items()
        )
        return Factors(spans, rows, self.tag, self.otherwise)


def _plain(value: object) -> object:
    return {"otherwise": value} if isinstance(value, int | float) else value


def _spans(value: object) -> object:
    if isinstance(value, dict):
        for key in value:
            if re.match(r"\d+:", str(key)):
                span(str(key))
    return value


class TariffEntry(Entry):
    """Prices of a carrier, such as `"06:00-22:00": 0.24`, by local time; and its CO2."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Number]

    co2: Annotated[
        FactorEntry | None,
        BeforeValidator(_plain, json_schema_input_type=FactorEntry | float),
        Field(description="kg of CO2 for a kWh: one number, or how it changes."),
    ] = None
    demand_per_kw: Annotated[
        Number | None, Field(ge=0, description="Price of a kW of the month's highest quarter hour.")
    ] = None


Tariff = Annotated[TariffEntry, BeforeValidator(_spans)]
