"""What stops cost by reason, and how sure that is: said by people, told by machines, likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from isthmus.model.reason import Reasons
from isthmus.runtime.stops.found import Found


@dataclass(frozen=True, slots=True)
class ReasonTime:
    """Seconds of planned work lost to one reason, in so many stops.

    `said` people said, `told` machines told, `likely` nobody confirmed yet; `unknown` is time of
    which nothing is known, its reason is empty.
    """

    reason: str
    title: str
    stops: int = 0
    said: float = 0.0
    told: float = 0.0
    likely: float = 0.0
    unknown: float = 0.0

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.said + self.told + self.likely + self.unknown


def by_reason(found: Sequence[Found], reasons: Reasons) -> list[ReasonTime]:
    """The stops by own fault in `found`, the longest reason first."""
    rows: dict[str, ReasonTime] = {}
    for each in found:
        if not each.stop.own:
            continue
        name, kind = _reason(each, reasons)
        known = reasons.reason(name)
        title = known.title if known else name.replace("_", " ") or "no reason is known"
        row = rows.get(name, ReasonTime(name, title))
        spent = getattr(row, kind) + each.inside
        rows[name] = replace(row, stops=row.stops + 1, **{kind: spent})
    return sorted(rows.values(), key=lambda row: -row.seconds)


def _reason(found: Found, reasons: Reasons) -> tuple[str, str]:
    """The reason's name, and who gives it: a field of ReasonTime."""
    if found.correction is not None and found.correction.reason:
        return found.correction.reason, "said"
    cause = found.stop.cause
    if found.suggestion is not None and (found.asks or not cause):
        return found.suggestion.reason, "likely"
    if not cause:
        return "", "unknown"
    named = reasons.named(cause)
    return named.name if named else reasons.words.get(cause, str(cause)), "told"
