"""The planner against an oracle that tries every choice of windows."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.connectors.modbus.planner import Block, Span, halves, plan

LIMIT = 8
spans = st.lists(
    st.builds(Span, st.integers(0, 24), st.integers(1, 4)), min_size=1, max_size=7, unique=True
)


def holes(wanted: set[int], start: int, end: int) -> int:
    """The longest run of places in [start, end) that nobody wants."""
    longest = run = 0
    for place in range(start, end):
        run = 0 if place in wanted else run + 1
        longest = max(longest, run)
    return longest


def fewest(found: list[Span], limit: int, gap: int) -> int:
    """The least number of allowed windows of which each span lies in one, by trying them all."""
    wanted = {place for span in found for place in range(span.start, span.end)}
    starts, ends = {span.start for span in found}, {span.end for span in found}
    windows = [
        frozenset(span for span in found if start <= span.start and span.end <= end)
        for start in starts
        for end in ends
        if 0 < end - start <= limit and holes(wanted, start, end) <= gap
    ]
    for size in range(1, len(found) + 1):
        for chosen in combinations(set(windows), size):
            if frozenset().union(*chosen) == set(found):
                return size
    raise AssertionError("no choice of windows covers all")


@given(spans, st.integers(4, LIMIT), st.integers(0, 5))
def test_the_plan_is_complete_legal_and_minimal(found, limit, gap):
    blocks = plan(found, limit=limit, gap=gap)
    wanted = {place for span in found for place in range(span.start, span.end)}
    assert sorted(span for block in blocks for span in block.spans) == sorted(found)
    for block in blocks:
        assert block.count <= limit
        assert holes(wanted, block.start, block.start + block.count) <= gap
        assert min(span.start for span in block.spans) == block.start
        assert max(span.end for span in block.spans) == block.start + block.count
    assert len(blocks) == fewest(found, limit, gap)


@given(spans)
def test_halving_ends_with_single_values_and_loses_none(found):
    asking, single, rounds = list(plan(found, limit=100, gap=100)), [], 0
    while asking:
        rounds += 1
        assert rounds <= 2 * len(found)
        block = asking.pop()
        parts = halves(block)
        if parts is None:
            single.append(block)
        else:
            asking += parts
    assert sorted(block.spans[0] for block in single) == sorted(found)
    assert all(block == Block.around(block.spans) for block in single)


def test_a_value_is_never_torn():
    with pytest.raises(ValueError, match="do not fit one read"):
        plan([Span(0, 4)], limit=3, gap=0)
