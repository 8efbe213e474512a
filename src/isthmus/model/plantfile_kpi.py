"""The section `kpis` of a plant file: key figures of the plant's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.model.kpi import Better, Kpi
from isthmus.model.plantfile_fields import Entry, Text, UnitName


class KpiEntry(Entry):
    """One key figure: a formula over elements and other key figures."""

    formula: Annotated[
        Text, Field(description="`GQ / EN`; `isthmus kpi elements` lists names.", min_length=1)
    ]
    unit: Annotated[UnitName, Field(description="The unit of what it gives: `1/kWh`.")] = "1"
    title: Annotated[Text, Field(description="Name for people.")] = ""
    better: Annotated[
        Literal["more", "less"] | None, Field(description="Which way it is to go.")
    ] = None
    note: Annotated[Text, Field(description="What people should know who read it.")] = ""

    def kpi(self, name: str) -> Kpi:
        """The key figure that this entry describes."""
        better = Better(self.better or "")
        title, unit = self.title or name, self.unit or "1"
        return Kpi(name, title, self.formula, unit, better, note=self.note)
