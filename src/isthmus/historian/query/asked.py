"""The words of a question: what stands in an address and what a program passes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from isthmus.historian.query.forms import Form
from isthmus.historian.query.moment import moment
from isthmus.historian.query.question import MOST_FLOW, MOST_POINTS, SHIFT, Place, Question
from isthmus.historian.query.rules import Rules
from isthmus.historian.query.step import Step, length
from isthmus.model.errors import Refused

Time = Annotated[str, Field(description="ISO 8601 in the plant's zone, ms since 1970, `now-8h`.")]


class Asked(BaseModel):
    """The parameters of a question to history, as an address or a program gives them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    tags: Annotated[str, Field(description="Tag ids, paths or patterns between commas.")]
    start: Annotated[Time, Field(alias="from")] = "now-1h"
    end: Annotated[Time, Field(alias="to")] = "now"
    aggregate: Annotated[
        str, Field(description="Words such as time-average, min, max, count, delta, states.")
    ] = ""
    every: Annotated[
        str, Field(description="Length of the intervals: 1min, 1h, 1d, 1w, 1mo, shift.")
    ] = ""
    calendar: Annotated[str, Field(description="Whose shifts; the first where empty.")] = ""
    grid: Annotated[str, Field(description="Step of a grid of times, or `union`.")] = ""
    fill: Annotated[Literal["hold", "linear"], Field(description="Between samples.")] = "hold"
    max_age: Annotated[str, Field(description="How old a value of a grid may be.")] = ""
    points: Annotated[
        int | None, Field(ge=4, le=MOST_POINTS, description="Reduce each tag to so many.")
    ] = None
    reduce: Annotated[Literal["minmax", "lttb"], Field(description="How.")] = "minmax"
    sloped: Annotated[bool, Field(description="Straight lines between the samples of numbers.")] = (
        False
    )
    wide: Annotated[bool, Field(description="A column for each tag.")] = False
    rows: Annotated[
        int,
        Field(
            ge=1,
            le=MOST_FLOW,
            description="Samples at most; beyond 5 million as Arrow stream only.",
        ),
    ] = 1_000_000
    treat_uncertain_as_bad: Annotated[bool, Field(description="Part 13, 4.2.1.2.")] = True
    percent_data_good: Annotated[float, Field(ge=0, le=100, description="Good from it on.")] = 100.0
    percent_data_bad: Annotated[float, Field(ge=0, le=100, description="Bad from it on.")] = 100.0
    form: Annotated[
        Form | None, Field(alias="format", description="Instead of the header `Accept`.")
    ] = None

    def question(self, place: Place) -> Question:
        """The question that these words ask at `place`; Refused where they make none.

        A start that is so long ago, with intervals, moves back to where one of them begins.
        """
        try:
            rules = Rules(
                self.treat_uncertain_as_bad, self.percent_data_bad, self.percent_data_good
            )
        except ValueError as error:
            raise Refused(str(error), hint="see OPC UA Part 13, 4.2.1.2") from error
        start = moment(self.start, place.zone, place.now)
        if self.every not in ("", SHIFT) and self.start.strip().casefold().startswith("now"):
            start = Step.parse(self.every).floor(start, place.zone)
        return Question(
            start,
            moment(self.end, place.zone, place.now),
            aggregate=[word for word in self.aggregate.split(",") if word.strip()],
            every=self.every,
            grid=self.grid,
            points=self.points,
            reduce=self.reduce,
            fill=self.fill,
            most_age=length(self.max_age) if self.max_age else None,
            sloped=self.sloped,
            rules=rules,
            wide=self.wide,
            rows=self.rows,
        )
