"""The sections `reports` and `branding`: what is made by itself after a shift, day or week."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from isthmus.model.plantfile_fields import Entry, Name, Period, Text, WrongError
from isthmus.model.report import ACCENT, Form, Plan

DAY = 86_400
LEAST_CONTRAST = 4.5  # of text on white paper (WCAG 2.2, 1.4.3)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _forms(forms: list[Form]) -> list[Form]:
    return list(dict.fromkeys(forms))


def contrast(colour: str) -> float:
    """The contrast of `#rrggbb` with white, 1 to 21 (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for each in channels
    ]
    red, green, blue = linear
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _accent(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise WrongError(f"`{text}` is no colour", hint='write it in quotes, like `"#1f5f8b"`')
    found = contrast(text)
    if found < LEAST_CONTRAST:
        raise WrongError(
            f"`{text}` is too pale for white paper: its contrast is {found:.1f} to 1",
            hint=f"take a darker one, {LEAST_CONTRAST} to 1 at least",
        )
    return text.lower()


class ReportEntry(Entry):
    """One report that is made by itself, again and again."""

    what: Annotated[
        Literal["shift", "day", "week"], Field(description="After which time it is made.")
    ]
    of: Annotated[Text, Field(description="A line or an area; the whole site where empty.")] = ""
    title: Annotated[Text, Field(description="Name for people.")] = ""
    wait: Annotated[
        Period, Field(ge=0, le=7 * DAY, description="Made so long after its end, for late values.")
    ] = 900.0
    forms: Annotated[
        list[Form],
        BeforeValidator(_listed, json_schema_input_type=list[str] | str),
        AfterValidator(_forms),
        Field(min_length=1, description="As which files: `[pdf, html, xlsx]`."),
    ] = ["html", "pdf"]
    keep: Annotated[int, Field(ge=1, le=2_000, description="So many stay.")] = 100
    to: Annotated[
        Text, Field(description="A folder: inside the data folder, or an absolute path.")
    ] = "reports"
    notify: Annotated[
        list[Name],
        BeforeValidator(_listed, json_schema_input_type=list[str] | str),
        Field(max_length=50, description="Who gets it: people, teams, channels of `notify`."),
    ] = []

    def plan(self, name: str) -> Plan:
        """The report that this entry describes."""
        return Plan(
            *(name, self.what, self.of.strip("/"), self.title, self.wait, tuple(self.forms)),
            *(self.keep, self.to, tuple(self.notify)),
        )


class BrandingEntry(Entry):
    """How reports look."""

    name: Annotated[Text, Field(description="The company's name on them.")] = ""
    logo: Annotated[
        Text, Field(description="An SVG or PNG file beside the plant file, 256 KB at most.")
    ] = ""
    accent: Annotated[
        Annotated[Text, AfterValidator(_accent)],
        Field(description='One colour for titles and bars: `"#1f5f8b"`.'),
    ] = ACCENT
    footer: Annotated[Text, Field(description="The last line of each page.")] = ""
