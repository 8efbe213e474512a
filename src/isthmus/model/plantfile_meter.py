"""The grammar of computed meters: what adds up, what is left over, what is shared out."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from isthmus.model.meter import Meter
from isthmus.model.plantfile_fields import Entry, Number, Text, WrongError

Part = Annotated[Text, Field(min_length=1)]


class MeterEntry(Entry):
    """One computed meter: `{sum: [...]}`, `{of: main, less: [...]}` or `{of: air, share: 0.6}`."""

    total: Annotated[
        list[Part],
        Field(alias="sum", description="Meters by name, or equipment by path, that add up."),
    ] = []
    of: Annotated[Text, Field(description="The meter that something is taken from.")] = ""
    less: Annotated[list[Part], Field(description="What is taken away: the rest is left.")] = []
    share: Annotated[Number | None, Field(gt=0, le=1, description="A fixed part of it: `0.6`.")] = (
        None
    )
    key: Annotated[
        Text, Field(description="Counter by whose growth it is shared out: `.../good_count`.")
    ] = ""
    among: Annotated[
        list[Part], Field(description="The counters that share it, `key` is one of them.")
    ] = []
    title: Annotated[Text, Field(description="Name for people.")] = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.total) == bool(self.of):
            raise WrongError("a meter is a sum or a part", hint="either `sum: [...]` or `of: ...`")
        how = [bool(self.less), self.share is not None, bool(self.key)]
        if self.of and sum(how) != 1:
            raise WrongError(
                f"what of `{self.of}` it is has to be told once",
                hint="one of `less: [...]`, `share: 0.6`, or `key: ...` with `among: [...]`",
            )
        if self.total and any(how):
            raise WrongError("a sum has no `less`, `share` or `key`", hint="write `of` for a part")
        if bool(self.key) != bool(self.among) or (self.key and self.key not in self.among):
            raise WrongError(
                "a key is shared among counters of which it is one",
                hint="`among` lists all counters, `key` among them",
            )
        return self

    def meter(self, name: str) -> Meter:
        """The meter of that name."""
        return Meter(
            name,
            tuple(self.total) if self.total else (self.of,),
            tuple(self.less),
            1.0 if self.share is None else self.share,
            self.key,
            tuple(self.among),
            self.title,
        )
