"""Since when history may lack what an edge's devices did: the edge is silent, or behind."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.model.sample import Nanoseconds, TagId
from isthmus.runtime.edge.view import EdgeView, Reach

SECOND = 10**9


def dark_since(views: Iterable[EdgeView], tag: TagId, now: Nanoseconds) -> Nanoseconds | None:
    """The last moment that the edge of `tag` told of, None where all is told.

    It is the edge's last word of itself, less by how much its samples were behind then. The last
    value still holds in history, but nobody knows whether it does on the floor.
    """
    view = next((view for view in views if (view.ids == tag).any()), None)
    if view is None or view.reach is Reach.UP:
        return None
    if view.status is None:
        return None if view.reach is Reach.STARTING else view.since
    fresh = (now - view.status.time) / SECOND <= view.edge.silence
    if view.reach is Reach.STARTING and fresh:
        return None
    return Nanoseconds(view.status.time - round(view.lag * SECOND))
