"""The plant's tariffs, with the files of CO2 factors that they name."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from isthmus.model.factors import MOST_KG, Factors
from isthmus.model.plant import Equipment
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_tariff import FactorEntry
from isthmus.model.tag import Tag
from isthmus.model.unit import Unit, UnitError
from isthmus.runtime.config.report import Report

MOST_ROWS = 1_000_000
FIRST, LAST = 1970, 2260  # years that ns in 64 bits hold whole
MASS_OF_ENERGY = Unit.parse("kg/kWh")


def tariffs(
    file: PlantFile, areas: Sequence[Equipment], zone: ZoneInfo, report: Report
) -> dict[str, Mapping[str, float | Factors]]:
    """The tariffs by carrier: prices by span, `demand_per_kw`, and `co2` as factors."""
    tags = {tag.path: tag for area in areas for one in area.walk() for tag in one.tags}
    entry, where = file.tariffs.electricity, ("tariffs", "electricity", "co2")
    if entry is None:
        return {}
    told: dict[str, float | Factors] = {
        key: float(value) for key, value in (entry.__pydantic_extra__ or {}).items()
    }
    if entry.demand_per_kw is not None:
        told["demand_per_kw"] = float(entry.demand_per_kw)
    if entry.co2 is not None:
        _check_tag(entry.co2, tags, where, report)
        told["co2"] = entry.co2.factors(_rows(entry.co2, zone, where, report))
    return {"electricity": told}


def _check_tag(
    entry: FactorEntry, tags: Mapping[str, Tag], where: tuple[str, ...], report: Report
) -> None:
    if not entry.tag:
        return
    place = (*where, "tag")
    tag = tags.get(entry.tag)
    if tag is None:
        report.unknown(place, f"there is no tag `{entry.tag}`", entry.tag, sorted(tags))
        return
    try:
        same = not tag.unit or Unit.parse(tag.unit).dimension == MASS_OF_ENERGY.dimension
    except UnitError:
        same = False
    if not same:
        text = f"`{tag.path}` is in {tag.unit}, which is no mass of an energy"
        report.add(place, text, "its values have to be such as kg/kWh or g/kWh")


def _rows(
    entry: FactorEntry, zone: ZoneInfo, where: tuple[str, ...], report: Report
) -> tuple[tuple[int, float], ...]:
    """The rows of the file, in order of time; what is wrong with it is reported."""
    if not entry.csv:
        return ()
    place = (*where, "csv")
    path = Path(report.root.at(place).file).parent / entry.csv
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return tuple(sorted(_read(lines, zone)))
    except (OSError, UnicodeDecodeError) as error:
        report.add(place, f"reading {entry.csv}: {error}", "the file lies beside the plant file")
    except ValueError as error:
        hint = "a line is such as `2026-11-27T14:00+01:00,0.38`: a time, and kg a kWh"
        report.add(place, f"{entry.csv}: {error}", hint)
    except csv.Error as error:
        report.add(place, f"{entry.csv}: {error}", "is a quotation mark not closed there?")
    return ()


def _read(lines: Iterator[str], zone: ZoneInfo) -> Iterator[tuple[int, float]]:
    """Time (ns) and kg of each line; ValueError or csv.Error name the line that makes no sense.

    A time without an offset is local. Where the clocks are set back the hour that comes twice is
    told twice: the second one is the later.
    """
    last: datetime | None = None
    again = False
    for number, cells in _numbered(lines):
        if number > MOST_ROWS:
            raise ValueError(f"has more than {MOST_ROWS:,} lines")
        if not cells or (number == 1 and not cells[0][:1].isdigit()):
            continue  # the names of the columns
        try:
            time, kg = datetime.fromisoformat(cells[0].strip()), float(cells[1])
        except (ValueError, IndexError):
            raise ValueError(f"line {number} is no time and number") from None
        if not FIRST <= time.year <= LAST:
            raise ValueError(f"line {number}: {cells[0].strip()} is not in {FIRST} to {LAST}")
        if kg > MOST_KG:
            raise ValueError(f"line {number}: {kg:g} kg cannot be, in kg it is {kg / 1000:g}")
        if not kg >= 0:
            raise ValueError(f"line {number}: {kg:g} kg cannot be")
        if time.tzinfo is None:
            local = time.replace(tzinfo=zone)
            twice = local.timestamp() < local.replace(fold=1).timestamp()
            again = twice and (again or (last is not None and time <= last))
            last, time = time, local.replace(fold=int(again))
        yield round(time.timestamp()) * 10**9, kg


def _numbered(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row with the number of the line at which it begins; csv.Error names it."""
    rows = csv.reader(lines)
    number = 1
    try:
        for cells in rows:
            yield number, cells
            number = rows.line_num + 1
    except csv.Error as error:
        raise csv.Error(f"line {number}: {error}") from error
