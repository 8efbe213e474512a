"""What a plant file says of writing: which tags, under which conditions, and whether for real."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from isthmus.model.plantfile_fields import Band, Duration, Entry, Number, Text, WrongError
from isthmus.model.write import FRESH, Condition, Need, Risk, WriteMode, WriteRules


def _condition(text: str) -> str:
    try:
        Condition.parse(text)
    except ValueError as error:
        raise WrongError(str(error), hint="write it like `filler/state != execute`") from error
    return text


class WriteEntry(Entry):
    """Within which bounds people and rules may write a tag."""

    range: Annotated[Band | None, Field(description="Values that may be written.")] = None
    max_step: Annotated[Number | None, Field(gt=0, description="Largest change at once.")] = None
    max_rate: Annotated[
        Number | None, Field(gt=0, description="Largest change in a minute, all writes together.")
    ] = None
    needs: Annotated[
        list[Need], Field(description="What a write needs: `permit`, `second-person`.")
    ] = []
    interlocks: Annotated[
        list[Annotated[Text, AfterValidator(_condition)]],
        Field(description="What must hold: `filler/state != execute`; paths nearest first."),
    ] = []
    states: Annotated[
        list[Text], Field(description="States of its machine in which it may be written.")
    ] = []
    risk: Annotated[Risk, Field(description="`high` needs a permit that two others approved.")] = (
        Risk.MEDIUM
    )
    fresh: Annotated[
        Duration, Field(gt=0, description="How old values may be that a guard relies on.")
    ] = FRESH

    @property
    def rules(self) -> WriteRules:
        """The rules that this entry describes."""
        return WriteRules(
            range=self.range,
            max_step=self.max_step,
            max_rate=self.max_rate,
            needs=frozenset(self.needs),
            interlocks=tuple(Condition.parse(text) for text in self.interlocks),
            states=tuple(self.states),
            risk=self.risk,
            fresh=self.fresh,
        )


def _write(value: object) -> object:
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


Write = Annotated[
    WriteEntry | None,
    BeforeValidator(_write, json_schema_input_type=bool | WriteEntry | None),
    Field(description="That it may be written, and within which bounds."),
]


class WritesEntry(Entry):
    """Whether writes reach the machines."""

    mode: Annotated[
        WriteMode, Field(description="`simulate` does all but the last step; `live` writes.")
    ] = WriteMode.SIMULATE
