"""History by the plant's names: a schema for each line, in it a wide view for each unit.

The schema of a line has the line's own name, `line1`, or `packaging_line1` where two areas have a
line of that name. A view has the name of its unit, and a column for each tag at or below it. Names
differ in more than capitals, as SQL wants it; the later of two gets a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from isthmus.historian.tags import encode_tags
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.sample import TagId
from isthmus.model.tag import Kind, Tag

RESERVED = frozenset(
    "public pg info pg_catalog information_schema main temp system memory plant".split()  # noqa: SIM905
)
MOST_COLUMNS = 1_000  # of one view; PostgreSQL's clients bear 1,600
Visible = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column: its name, its type in DuckDB's words, what it means."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """A tag whose last value a wide view carries, and the columns that show it."""

    tag: int
    path: str
    kind: Kind
    columns: tuple[str, ...]  # the value, and the word where it has a legend
    legend: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table that may be read: by a query over the base views, or of carried values."""

    schema: str
    name: str
    columns: tuple[Attribute, ...]
    comment: str
    sql: str = ""
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Curated:
    """Everything that one reader may see; `tags`, `words` and `places` hold nothing else."""

    relations: Mapping[tuple[str, str], Relation]
    tags: pa.Table
    words: pa.Table
    places: pa.Table | None  # None where the reader may see all


def curated(
    plant: Plant, tags: Iterable[tuple[int, Tag]], visible: Visible | None = None
) -> Curated:
    """What a reader sees of a plant; with `visible` only the paths for which it holds."""
    seen = visible or (lambda _: True)
    known = [(TagId(number), tag) for number, tag in tags if seen(tag.path)]
    numbers = {tag.path: number for number, tag in known}
    found = [*_general(restricted=visible is not None), *_units(plant, numbers)]
    places = None
    if visible is not None:
        paths = {equipment.path for equipment in plant.walk() if seen(equipment.path)}
        places = pa.table({"path": pa.array(sorted({*paths, *numbers}), pa.string())})
    return Curated(
        {(relation.schema, relation.name.lower()): relation for relation in found},
        encode_tags(known),
        _word_table(known),
        places,
    )


# ------------------------------------------------------------------ general tables
_SAMPLES = """
select s.time, t.path, t.equipment, t.name, s.value, w.word as text, t.unit, s.quality,
       s.quality < 1073741824 as good
from main.stored s join plant.tags t on t.tag = s.tag
  left join plant.words w on w.tag = s.tag and w.value = s.value"""
_TAGS = """
select path, area, line, work_unit, module, equipment, type, title, name, unit, kind, role,
       description, range_low, range_high, normal_low, normal_high, low_low, low, high, high_high,
       counter, legend
from plant.tags"""
_EVENTS = "select time, path, kind, text, severity, data from main.events"
_KPI = """
select time, until, path, kpi, period, shift, value, unit, quality, formula, version, inputs,
       computed
from main.kpi"""
_OURS = " where path in (select path from plant.places)"
TIME = Attribute("time", "timestamptz", "When it was so, in UTC.")
_PATH = Attribute("path", "varchar", "The place in the plant: area/line/unit/tag.")
_QUALITY = Attribute("quality", "bigint", "OPC UA StatusCode; good is below 1073741824.")
_SAMPLE_COLUMNS = (
    *(TIME, _PATH),
    Attribute("equipment", "varchar", "The path of the equipment."),
    Attribute("name", "varchar", "The tag's own name."),
    Attribute("value", "double", "The number, in the tag's unit."),
    Attribute("text", "varchar", "The word that the number stands for, where it has one."),
    Attribute("unit", "varchar", "The unit of the value."),
    _QUALITY,
    Attribute("good", "boolean", "Whether the value can be trusted."),
)
_TAG_COLUMNS = (
    _PATH,
    Attribute("area", "varchar", "The area that it is in (ISA-95)."),
    Attribute("line", "varchar", "The work center: the production line."),
    Attribute("work_unit", "varchar", "The machine."),
    Attribute("module", "varchar", "The part of the machine, where it is one's."),
    _SAMPLE_COLUMNS[2],
    Attribute("type", "varchar", "The type of the equipment."),
    Attribute("title", "varchar", "The equipment's name for people."),
    _SAMPLE_COLUMNS[3],
    Attribute("unit", "varchar", "The unit of its values."),
    Attribute("kind", "varchar", "number, boolean, enumeration or text."),
    Attribute("role", "varchar", "What it means to figures: state, power, ..."),
    Attribute("description", "varchar", "What it measures."),
    Attribute("range_low", "double", "The lower end of the instrument's range."),
    Attribute("range_high", "double", "The upper end of the instrument's range."),
    Attribute("normal_low", "double", "From here on a healthy machine works."),
    Attribute("normal_high", "double", "Up to here a healthy machine works."),
    Attribute("low_low", "double", "Below it: act now."),
    Attribute("low", "double", "Below it: take care."),
    Attribute("high", "double", "Above it: take care."),
    Attribute("high_high", "double", "Above it: act now."),
    Attribute("counter", "boolean", "Whether it only grows."),
    Attribute("legend", "varchar", "Words by number, as JSON."),
)
_EVENT_COLUMNS = (
    *(TIME, Attribute("path", "varchar", "The tag, equipment or connection.")),
    Attribute("kind", "varchar", "text, order, shift, link-down, ..."),
    Attribute("text", "varchar", "What happened; the value of a text tag."),
    Attribute("severity", "integer", "1 to 1000, as in OPC UA."),
    Attribute("data", "varchar", "Details, as JSON."),
)
_KPI_COLUMNS = (
    Attribute("time", "timestamptz", "When the window begins."),
    Attribute("until", "timestamptz", "When it ends."),
    Attribute("path", "varchar", "The equipment."),
    Attribute("kpi", "varchar", "Which figure (ISO 22400): oee_index, availability, ..."),
    Attribute("period", "varchar", "How long the window is: hour or shift."),
    Attribute("shift", "varchar", "The shift, where the window is one."),
    Attribute("value", "double", "The figure, in its unit."),
    Attribute("unit", "varchar", "The unit of the value."),
    _QUALITY,
    Attribute("formula", "varchar", "How it was computed."),
    Attribute("version", "integer", "Of the formula."),
    Attribute("inputs", "varchar", "What it was computed from, as JSON."),
    Attribute("computed", "timestamptz", "When it was computed."),
)


def _general(*, restricted: bool) -> list[Relation]:
    narrow = _OURS if restricted else ""
    events, kpi = _EVENTS + narrow, _KPI + narrow
    return [
        Relation("public", "samples", _SAMPLE_COLUMNS, "Every sample, one a row.", _SAMPLES),
        Relation("public", "tags", _TAG_COLUMNS, "What is measured: names, units, meaning.", _TAGS),
        Relation("public", "events", _EVENT_COLUMNS, "What happened, and text values.", events),
        Relation("public", "kpi", _KPI_COLUMNS, "Derived values, the newest of each.", kpi),
    ]


# ------------------------------------------------------------------ wide views
def _units(plant: Plant, numbers: Mapping[str, int]) -> Iterable[Relation]:
    lines = [one for one in plant.walk() if one.level in (Level.AREA, Level.WORK_CENTER)]
    schemas = _schemas(lines)
    for line in lines:
        taken: set[str] = set()
        own = [(line, line.tags)] if line.tags else []
        below = [] if line.level is Level.AREA else [(u, tuple(_below(u))) for u in line.children]
        for unit, tags in [*below, *own]:
            known = [tag for tag in tags if tag.path in numbers][:MOST_COLUMNS]
            if known:
                name = _free(unit.name, taken)
                yield _wide(schemas[line.path], name, unit, known, numbers)


def _below(unit: Equipment) -> Iterable[Tag]:
    for equipment in unit.walk():
        yield from equipment.tags


def _schemas(lines: Sequence[Equipment]) -> dict[str, str]:
    """The schema of each line: its name, with the area's where that is not enough."""
    names = [line.name.lower() for line in lines]
    taken = set(RESERVED)
    schemas = {}
    for line in lines:
        clash = names.count(line.name.lower()) > 1 or line.name.lower() in RESERVED
        schemas[line.path] = _free(line.path.replace("/", "_") if clash else line.name, taken)
    return schemas


def _free(name: str, taken: set[str]) -> str:
    """`name`, with a number where something differs from it in capitals only."""
    tried, number = name, 1
    while tried.lower() in taken:
        number += 1
        tried = f"{name}_{number}"
    taken.add(tried.lower())
    return tried


def _wide(
    schema: str, name: str, unit: Equipment, tags: Sequence[Tag], numbers: Mapping[str, int]
) -> Relation:
    columns, carried, taken = [TIME], [], {"time"}
    for tag in tags:
        below = tag.path.removeprefix(unit.path + "/")
        value = _free(re.sub(r"\W+", "_", below.replace("/", "_")), taken)
        shown = [value]
        columns.append(Attribute(value, _TYPES[tag.kind], _meaning(tag)))
        if tag.kind is Kind.ENUMERATION or (tag.legend and tag.kind is Kind.NUMBER):
            shown.append(_free(f"{value}_text", taken))
            columns.append(Attribute(shown[1], "varchar", f"The word for {value}."))
        carried.append(
            Carried(numbers[tag.path], tag.path, tag.kind, tuple(shown), dict(tag.legend))
        )
    title = unit.title or unit.path
    comment = f"{title}: a row whenever something changes, each value as it was last."
    return Relation(schema, name, tuple(columns), comment, carried=tuple(carried))


_TYPES = {
    Kind.NUMBER: "double",
    Kind.BOOLEAN: "boolean",
    Kind.ENUMERATION: "bigint",
    Kind.TEXT: "varchar",
}


def _meaning(tag: Tag) -> str:
    unit = f" [{tag.unit}]" if tag.unit else ""
    return (tag.description or tag.path) + unit


# ------------------------------------------------------------------ what names the ids
def _word_table(tags: Sequence[tuple[TagId, Tag]]) -> pa.Table:
    rows = [
        {"tag": number, "value": float(code), "word": word}
        for number, tag in tags
        for code, word in tag.legend.items()
    ]
    schema = pa.schema([("tag", pa.int32()), ("value", pa.float64()), ("word", pa.string())])
    return pa.Table.from_pylist(rows, schema)
