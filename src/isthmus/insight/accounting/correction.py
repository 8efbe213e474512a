"""What people said of stops afterwards: kept in versions, laid over what the machine told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.insight.accounting.accounts import RUNNING, Accounts
from isthmus.insight.series import in_order
from isthmus.model.state import State


@dataclass(frozen=True, slots=True)
class Correction:
    """That the time of `unit` in [start, end) was for `reason`; of two, the later one holds.

    Without a reason it only cuts a stop in two at `start`. `made` is when it was said (the plant's
    time, ns), `before` the reason that was told until then. `going` says that the stop went on: the
    reason then holds as long as it does.
    """

    number: int
    unit: str
    start: int
    end: int
    reason: str
    by: str
    made: int
    before: str = ""
    comment: str = ""
    going: bool = False
    alarm: str = ""  # the first one at the unit when it stopped
    state: int = 0  # in which it stood longest


def bounds_of(correction: Correction) -> tuple[int, ...]:
    """The moments (ns) at which what was said cuts a stop."""
    start, end = correction.start, correction.end
    return (start,) if correction.going or not correction.reason else (start, end)


def corrected(accounts: Accounts, corrections: Sequence[tuple[Correction, int | None]]) -> Accounts:
    """The accounts with each correction's reason, told by its number, in order.

    What ran stays so, and what is not known as well: a reason is for time without production.
    """
    moments = [moment for each, _ in corrections for moment in bounds_of(each)]
    bounds = np.unique(np.array(moments, np.int64))
    first, last = accounts.start[0], accounts.end[-1]
    start = in_order(accounts.start, bounds[(bounds > first) & (bounds < last)])
    at = np.searchsorted(accounts.start, start, side="right") - 1
    state, cause = accounts.state[at], accounts.cause[at].copy()
    stands = ~np.isin(state, [*RUNNING, State.UNKNOWN])
    for each, number in corrections:
        end = each.end
        if each.going:
            ended = start[~stands & (start >= each.start)]
            end = int(ended[0]) if len(ended) else int(last)
        if number is not None and each.reason:
            cause[stands & (start >= each.start) & (start < end)] = number
    return Accounts(start, np.append(start[1:], last), state, cause, accounts.words)
