"""Which registers to read together: pure geometry of one unit and one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Places that hold one value and must be read at once, lest it be torn."""

    start: int
    count: int

    @property
    def end(self) -> int:
        """The first place behind it."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Block:
    """Places read by one request, and the values among them in the order of their places."""

    start: int
    count: int
    spans: tuple[Span, ...]

    @classmethod
    def around(cls, spans: tuple[Span, ...]) -> Block:
        """The smallest block that holds all `spans`, which come in order."""
        start = spans[0].start
        return cls(start, max(span.end for span in spans) - start, spans)


def plan(spans: Iterable[Span], *, limit: int, gap: int) -> tuple[Block, ...]:
    """The fewest blocks that cover all `spans`.

    No block is longer than `limit`; none reads more than `gap` places in a row that nobody wants.
    Raises ValueError for a span longer than `limit`.

    Taking values in the order of their places and opening a new block only when the next one does
    not fit is optimal: a window is worth most when it begins at the first value still unread, and
    a hole wider than `gap` in the union of all spans separates blocks in every valid plan.
    """
    blocks: list[Block] = []
    taken: list[Span] = []
    end = 0
    for span in sorted(set(spans)):
        if span.count > limit:
            raise ValueError(
                f"{span.count} places at {span.start} do not fit one read of at most {limit}"
            )
        if taken and (span.start > end + gap or span.end - taken[0].start > limit):
            blocks.append(Block.around(tuple(taken)))
            taken = []
        taken.append(span)
        end = max(end, span.end)
    if taken:
        blocks.append(Block.around(tuple(taken)))
    return tuple(blocks)


def halves(block: Block) -> tuple[Block, Block] | None:
    """Two blocks in place of one that a device refused; None where it holds a single value.

    Cut at the widest hole, for what nobody asked for is the first suspect; else in the middle.
    """
    if len(block.spans) == 1:
        return None
    cut, widest, end = len(block.spans) // 2, 0, block.spans[0].end
    for place, span in enumerate(block.spans[1:], start=1):
        if span.start - end > widest:
            cut, widest = place, span.start - end
        end = max(end, span.end)
    return Block.around(block.spans[:cut]), Block.around(block.spans[cut:])
