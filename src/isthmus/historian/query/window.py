"""What every aggregate is computed from: the samples inside, the pieces, the bounds; made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from isthmus.historian.query.pieces import Bounds, Lines, Pieces
from isthmus.historian.query.rows import BAD_ROW, GOOD_ROW, UNCERTAIN_ROW, Rows, States
from isthmus.historian.query.rules import Column, Rules
from isthmus.model.sample import Bools, Floats, Int64s, Uint32s


@dataclass(eq=False)
class Window:
    """Rows with everything that aggregates ask of them; `cut` marks shortened intervals.

    Arrays of results have the shape (tags, intervals).
    """

    rows: Rows
    sloped: Bools  # by tag
    rules: Rules
    cut: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    kept: dict[object, Any] = field(default_factory=dict)  # what several aggregates share

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Tags and intervals."""
        return self.rows.count, self.rows.intervals

    @cached_property
    def lines(self) -> Lines:
        """Simple bounding values (3.1.9), as each tag is."""
        return Lines.simple(self.rows, self.sloped)

    @cached_property
    def simple(self) -> Pieces:
        """Pieces of the simple lines."""
        return self.lines.pieces()

    @cached_property
    def bounds(self) -> Bounds:
        """Simple bounding values at the edges."""
        return self.lines.bounds()

    @cached_property
    def stepped(self) -> Pieces:
        """Pieces that hold the last value, whatever the tag is: states."""
        if not self.sloped.any():
            return self.simple
        return Lines.simple(self.rows, np.zeros_like(self.sloped)).pieces()

    @cached_property
    def interpolated(self) -> Pieces:
        """Pieces of straight lines between good samples, for every tag (5.4.3.6)."""
        return Lines.interpolated(self.rows, np.ones_like(self.sloped)).pieces()

    @cached_property
    def width(self) -> Floats:
        """How long each interval is, in seconds."""
        return np.broadcast_to(np.diff(self.rows.edges) / 1e9, self.shape)

    @cached_property
    def covered(self) -> Floats:
        """How many seconds of each interval lie before the end of what is known."""
        edges, to = self.rows.edges, self.rows.known_to[:, None]
        ends = np.minimum(edges[None, 1:], to)
        return np.maximum(ends - edges[None, :-1], 0) / 1e9

    @cached_property
    def known(self) -> Bools:
        """Which intervals lie inside what is known of their tag."""
        edges = self.rows.edges
        begun = edges[None, 1:] > self.rows.known_from[:, None]
        return begun & (edges[None, :-1] < self.rows.known_to[:, None])

    @cached_property
    def partial(self) -> Bools:
        """Which intervals are not complete (5.3.3.2)."""
        edges = self.rows.edges
        late = self.rows.known_from[:, None] > edges[None, :-1]
        early = self.rows.known_to[:, None] < edges[None, 1:]
        part = late | early
        return part | self.cut if len(self.cut) else part

    # ------------------------------------------------------------------ samples inside
    @cached_property
    def inside(self) -> Int64s:
        """The rows that are samples of an interval."""
        return self.rows.inside

    @cached_property
    def group(self) -> Int64s:
        """The interval of each sample inside, counted through all tags."""
        return self.rows.group

    @cached_property
    def state(self) -> States:
        """The state of each sample inside."""
        return self.rows.state[self.inside]

    def counted(self, keep: Bools) -> Floats:
        """How many of the samples inside are kept, by interval."""
        size = self.shape[0] * self.shape[1]
        made = np.bincount(self.group[keep], minlength=size)
        return made.astype(np.float64).reshape(self.shape)

    def added(self, keep: Bools, of: Floats) -> Floats:
        """The sum of `of` over the samples kept, by interval."""
        size = self.shape[0] * self.shape[1]
        with np.errstate(over="ignore", invalid="ignore"):
            made = np.bincount(self.group[keep], of[keep], minlength=size)
        return made.astype(np.float64).reshape(self.shape)

    @cached_property
    def good_count(self) -> Floats:
        """Good samples by interval."""
        return self.counted(self.state == GOOD_ROW)

    @cached_property
    def uncertain_count(self) -> Floats:
        """Uncertain samples by interval, where they are not taken for bad."""
        return self.counted(self.state == UNCERTAIN_ROW)

    @cached_property
    def bad_count(self) -> Floats:
        """Bad samples by interval."""
        return self.counted(self.state == BAD_ROW)

    @cached_property
    def by_count(self) -> Uint32s:
        """The status by numbers of samples; Good where there is none."""
        good, uncertain, bad = self.good_count, self.uncertain_count, self.bad_count
        whole = good + uncertain + bad
        status = self.rules.status(good, uncertain, bad, whole)
        return np.where(whole == 0, 0, status).astype(np.uint32)

    def by_time(self, pieces: Pieces) -> Uint32s:
        """The status by seconds of pieces; what lies before the first sample is bad."""
        good = pieces.lasting(GOOD_ROW)
        uncertain = pieces.lasting(UNCERTAIN_ROW)
        bad = pieces.sum(np.where(pieces.state >= BAD_ROW, pieces.seconds, 0.0))
        return self.rules.status(good, uncertain, bad, self._exact(pieces))

    def _exact(self, pieces: Pieces) -> Floats:
        """The width as the sum of its pieces, so that all of it is all of it in floats too."""
        whole = pieces.sum(pieces.seconds)
        return np.where(self.covered == self.width, whole, self.width)


Function = Callable[[Window], Column]
