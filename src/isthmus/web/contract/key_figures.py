"""Key figures: what there are, over any windows, and how one came about."""

from __future__ import annotations

from isthmus.web.contract.answer import Answer, Milliseconds, Numbers


class KpiElement(Answer):
    """One time or quantity that formulas are made of; `told` says that something here tells it."""

    name: str
    unit: str
    title: str
    told: bool = True


class KpiInfo(Answer):
    """What a key figure is; `missing` names the elements that nothing tells."""

    id: str
    title: str
    formula: str
    unit: str
    better: str
    standard: str
    note: str
    elements: list[str]
    missing: list[str]


class KpiCatalogue(Answer):
    """All key figures of the plant, and the elements that formulas may name."""

    figures: list[KpiInfo]
    elements: list[KpiElement]


class KpiWindow(Answer):
    """A stretch of time, or what `parts` stretches of one name add up to; of `path`.

    The name is empty where nothing names it: an hour, time without a shift or an order.
    """

    name: str
    start: Milliseconds
    end: Milliseconds
    path: str = ""
    parts: int = 1


class KpiColumn(Answer):
    """One figure, a value a window; `why` says for each that has none what is missing."""

    id: str
    title: str
    unit: str
    values: Numbers
    why: list[str]


class KpiTable(Answer):
    """Figures and elements of a piece of equipment, a row for each window."""

    path: str
    windows: list[KpiWindow]
    figures: list[KpiColumn]
    elements: list[KpiColumn]


class KpiPart(Answer):
    """A figure or element of an explanation with its value."""

    name: str
    title: str
    unit: str
    value: float | None
    formula: str = ""


class KpiSource(Answer):
    """A tag that was read: samples in the window, and how much of it is unknown.

    `shared` is what a counter grew out of reach over an edge of the window, in its unit: when is
    not known, so it is shared out by what its unit did meanwhile.
    """

    path: str
    samples: int
    gaps_percent: float
    shared: float


class KpiComputed(Answer):
    """One figure over one window: formula, what it is made of, tags, version, when computed."""

    figure: KpiInfo
    window: KpiWindow
    value: float | None
    why: str
    made_of: list[KpiPart]
    elements: list[KpiPart]
    sources: list[KpiSource]
    version: str
    computed: Milliseconds


class BottleneckShare(Answer):
    """One unit: minutes as the bottleneck, alone and shifting, and minutes it waited."""

    unit: str
    sole: float
    shifting: float
    starved: float
    blocked: float
    percent: float


class BottleneckDay(Answer):
    """The unit that held a line back longest in one local day; empty where none worked."""

    name: str
    start: Milliseconds
    end: Milliseconds
    unit: str
    percent: float
    turning_point: str | None


class Bottleneck(Answer):
    """What holds a line back, the unit of most active periods first.

    `turning_point` is where waiting turns from blocked to starved, `plain` where it is just one;
    `days` are told where they are asked for.
    """

    path: str
    start: Milliseconds
    end: Milliseconds
    units: list[BottleneckShare]
    turning_point: str | None
    plain: bool
    days: list[BottleneckDay] = []


class Bar(Answer):
    """Pieces that took from `first` to `last` seconds."""

    first: float
    last: float
    pieces: float


class CycleTimes(Answer):
    """How long pieces took while a unit ran, in seconds; `ideal` from the plant file."""

    path: str
    pieces: float
    mean: float | None
    percentiles: dict[str, float | None]
    ideal: float | None
    bars: list[Bar]


class ControlChart(Answer):
    """The points of a control chart with its limits; `signals` are points that break a rule."""

    kind: str
    time: list[Milliseconds]
    points: list[float]
    centre: float
    lower: float
    upper: float
    signals: list[ControlSignal]


class ControlSignal(Answer):
    """A rule of Western Electric, 1 to 4, that the point `at` breaks."""

    rule: int
    at: int
    says: str


class ControlAnswer(Answer):
    """A tag's control charts and its capability; null where a limit is missing."""

    path: str
    unit: str
    count: int
    mean: float | None
    within: float | None
    overall: float | None
    lower: float | None
    upper: float | None
    cp: float | None
    cpk: float | None
    pp: float | None
    ppk: float | None
    charts: list[ControlChart]
