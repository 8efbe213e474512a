"""Why a unit stands, in the plant's words: a tree of reasons, each with the loss it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from isthmus.model.state import CAUSE, Cause

FIRST_LEVEL = 10  # what a person takes in at a glance
_STEP = 16  # the low four bits of a reason's number are the cause as which it counts


class Category(StrEnum):
    """The loss that a reason stands for; it says how the time counts."""

    BREAKDOWN = "breakdown"
    SETUP = "setup"
    MICRO_STOP = "micro-stop"
    SPEED = "speed"
    START_UP_REJECT = "start-up reject"
    PRODUCTION_REJECT = "production reject"
    ORGANISATION = "organisation"  # nobody there, no material, no papers
    STARVED = "starved"
    BLOCKED = "blocked"
    PLANNED = "planned"
    NO_ORDER = "no order"


CAUSES: Mapping[Category, Cause] = {
    Category.BREAKDOWN: Cause.BREAKDOWN,
    Category.SETUP: Cause.CHANGEOVER,
    Category.ORGANISATION: Cause.MATERIAL,
    Category.STARVED: Cause.STARVED,
    Category.BLOCKED: Cause.BLOCKED,
    Category.PLANNED: Cause.BREAK,
    Category.NO_ORDER: Cause.NO_ORDER,
}  # all others are stops by own fault, as a micro-stop is


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: `name` is its path in the tree (`breakdown/bearing`)."""

    name: str
    title: str
    category: Category

    @property
    def cause(self) -> Cause:
        """The cause as which it counts."""
        return CAUSES.get(self.category, Cause.MICRO_STOP)

    @property
    def parent(self) -> str:
        """The reason above it, empty at the first level."""
        return self.name.rpartition("/")[0]


class Reasons:
    """A plant's reasons by name, and the number that stands for each beside a state.

    A number below 16 is a cause that machines tell. Numbers are for columns, not for files: there
    the name stands.
    """

    def __init__(self, tree: Sequence[Reason]) -> None:
        self.tree = tuple(tree)
        told = {str(word): int(cause) for cause, word in CAUSE.items() if cause}
        self._number = {
            each.name: told[each.name]
            if told.get(each.name) == each.cause
            else _STEP * place + each.cause
            for place, each in enumerate(self.tree, start=1)
        }
        self._reason = {self._number[each.name]: each for each in self.tree}
        self.words: Mapping[int, str] = {
            **CAUSE,
            **{number: each.name for number, each in self._reason.items()},
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reasons) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.tree)

    def __iter__(self) -> Iterator[Reason]:
        return iter(self.tree)

    def number(self, name: str) -> int | None:
        """The number of the reason `name`, also of a cause that machines tell; None: unknown."""
        if name in self._number:
            return self._number[name]
        told = {word: number for number, word in CAUSE.items() if number}
        return told.get(name)

    def reason(self, name: str) -> Reason | None:
        """The reason of that name."""
        return self._reason.get(self._number.get(name, -1))

    def named(self, number: int) -> Reason | None:
        """The reason of that number; None where it is no reason of the tree."""
        return self._reason.get(number)

    def title(self, number: int) -> str:
        """What people call it; empty where no reason is told."""
        found = self._reason.get(number)
        if found is not None:
            return found.title
        return CAUSE[number].replace("_", " ") if number in CAUSE and number else ""


DEFAULT = (
    Reason("breakdown", "Breakdown", Category.BREAKDOWN),
    Reason("breakdown/mechanical", "Mechanical", Category.BREAKDOWN),
    Reason("breakdown/electrical", "Electrical", Category.BREAKDOWN),
    Reason("breakdown/control", "Control, sensor", Category.BREAKDOWN),
    Reason("breakdown/utilities", "Air, power, water", Category.BREAKDOWN),
    Reason("micro_stop", "Jam, short stop", Category.MICRO_STOP),
    Reason("changeover", "Changeover", Category.SETUP),
    Reason("adjustment", "Adjustment, quality", Category.PRODUCTION_REJECT),
    Reason("material", "Material missing", Category.ORGANISATION),
    Reason("people", "Nobody free", Category.ORGANISATION),
    Reason("starved", "Waits for the unit before", Category.STARVED),
    Reason("blocked", "Unit behind is full", Category.BLOCKED),
    Reason("break", "Break, cleaning, meeting", Category.PLANNED),
    Reason("no_order", "No order", Category.NO_ORDER),
)
