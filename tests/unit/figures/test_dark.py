"""From which moment on an edge's history may lack something."""

import pytest

from isthmus.model.plant import Connection, Edge, Equipment, Level, Plant
from isthmus.model.ports import Address, SourceConfig
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime.edge.status import EdgeStatus
from isthmus.runtime.edge.view import EdgeView, Reach
from isthmus.runtime.figures.dark import dark_since

S = 10**9
NOW = Nanoseconds(1_700_000_000 * S)
OURS, FAR = "hall/line1/ours", "hall/line1/far"
EDGE = Edge("edge1", "tls://site.acme:4222", "edge1-identity", silence=15.0)


class Unopened(SourceConfig):
    """A connection that nobody opens here."""

    def build(self, bindings, *, now, state):
        raise AssertionError("nobody opens a connection to judge an edge")

    @property
    def endpoint(self):
        return "nowhere:"


@pytest.fixture
def view(tmp_path):
    unit = Equipment("hall/line1", Level.WORK_CENTER, tags=(Tag(OURS), Tag(FAR)))
    plant = Plant(
        *("acme", "riverside"),
        areas=(Equipment("hall", Level.AREA, children=(unit,)),),
        connections={
            "plc": Connection(Unopened(name="plc"), {OURS: Address()}),
            "far": Connection(Unopened(name="far"), {FAR: Address()}, "edge1"),
        },
        edges={"edge1": EDGE},
    )
    namespace = Namespace()
    for tag in plant.tags():
        namespace.bind(tag)
    return EdgeView(EDGE, plant, namespace, tmp_path, lambda: NOW)


def told(seconds_ago):
    return EdgeStatus(Nanoseconds(NOW - seconds_ago * S), "up", "up")


@pytest.mark.parametrize(
    ("reach", "ago", "lag", "dark"),
    [
        (Reach.UP, 1, 0, None),
        (Reach.SILENT, 7 * 3600, 0, 7 * 3600),
        (Reach.SILENT, 60, 30, 90),
        (Reach.BEHIND, 1, 600, 601),
        (Reach.STARTING, 1, 0, None),
        (Reach.STARTING, 7 * 3600, 0, 7 * 3600),
    ],
)
def test_history_ends_where_the_edge_last_told_of_itself(view, reach, ago, lag, dark):
    view.reach, view.status, view.lag = reach, told(ago), lag
    found = dark_since([view], int(view.ids[0]), NOW)
    assert found == (None if dark is None else NOW - dark * S)


def test_an_edge_never_heard_of_is_dark_since_it_was_found_silent(view):
    assert dark_since([view], int(view.ids[0]), NOW) is None
    view.reach = Reach.SILENT
    assert dark_since([view], int(view.ids[0]), NOW) == view.since


def test_the_sites_own_tags_are_never_dark(view):
    view.reach, view.status = Reach.SILENT, told(3600)
    ours = 1 - int(view.ids[0])
    assert dark_since([view], ours, NOW) is None
