"""What the API answers: one pydantic model an answer; the pages' types are generated from these.

Times are milliseconds since 1970 UTC on the plant's clock. `null` in a column is a gap. Qualities
are OPC UA status codes (uint32): good below 0x4000_0000.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Milliseconds = Annotated[float, Field(description="Milliseconds since 1970 UTC, plant clock.")]
Numbers = Annotated[list[float | None], Field(description="One number a row; null is a gap.")]


class Answer(BaseModel):
    """Base: unknown fields are mistakes of ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ---------------------------------------- the plant
class LimitsInfo(Answer):
    """Process limits in the tag's unit."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


class TagInfo(Answer):
    """One tag of the catalogue; `id` is what live and history are asked with."""

    id: int
    path: str
    name: str
    equipment: str
    unit: str = ""
    kind: Literal["number", "boolean", "enumeration", "text"] = "number"
    range: tuple[float, float] | None = None
    normal: tuple[float, float] | None = None
    limits: LimitsInfo = LimitsInfo()
    legend: dict[int, str] = {}
    counter: bool = False
    role: str = ""
    description: str = ""
    link: str = ""


class EquipmentInfo(Answer):
    """One piece of equipment; `tags` are ids; children are nested."""

    path: str
    name: str
    title: str
    level: Literal["area", "work_center", "work_unit", "equipment_module"]
    type: str = ""
    tags: list[int] = []
    headline: Annotated[list[int], Field(description="Up to 3 analog tags for the strip.")] = []
    state: Annotated[int | None, Field(description="Tag id of the PackML state.")] = None
    cause: Annotated[int | None, Field(description="Tag id of the reason not to run.")] = None
    flow: list[str] = []
    buffers: list[int] = []
    ideal_rate_per_min: float | None = None
    facts: dict[str, str | float] = {}
    owners: dict[str, str] = {}
    links: list[str] = []
    zone: str = ""
    children: list[EquipmentInfo] = []


class PlantInfo(Answer):
    """The whole plant and where its clock stands; asked once a page."""

    enterprise: str
    site: str
    timezone: str
    currency: str
    version: str
    now: Milliseconds
    clock_rate: Annotated[float, Field(description="Plant seconds per real second.")] = 1.0
    areas: list[EquipmentInfo]
    tags: list[TagInfo]


# ---------------------------------------- live: GET /api/live?tags=1,2 (SSE)
class LiveValues(Answer):
    """SSE `values`, at most 4 a second: only rows that changed since the last message.

    The first message has every tag asked for; a tag never seen is BadWaitingForInitialData.
    `text` has the text tags' values by id.
    """

    now: Milliseconds
    tag: list[int]
    time: list[float]
    value: Numbers
    quality: list[int]
    text: dict[int, str] = {}


class Attention(Answer):
    """Something that needs a person: text, since when, where to look."""

    priority: Literal[1, 2, 3, 4]
    title: str
    detail: str
    advice: str
    since: Milliseconds
    href: str


class LiveStatus(Answer):
    """SSE `status`, once a second: the foot of the rail and the clock."""

    now: Milliseconds
    shift: str = ""
    links_up: int
    links: int
    lag_s: float
    lost: int
    values_per_s: float
    bus: Literal["up", "down", "full"] = "up"
    history: Literal["up", "behind", "full", "down"] = "up"
    attention: Annotated[dict[str, int], Field(description="Page -> worst priority 1-4.")] = {}
    waiting: Annotated[list[Attention], Field(description="Most urgent first, at most 50.")] = []


# ---------------------------------------- history: GET /api/history
class Pen(Answer):
    """One tag's trend: per bucket its first time, min, max, mean; raw points if few.

    Draw `min` and `max` as a band, `mean` as a line; null rows are gaps (bad or no data).
    `last` is the newest value inside the range.
    """

    tag: int
    raw: bool
    time: list[float]
    min: Numbers
    max: Numbers
    mean: Numbers
    samples: int
    good_percent: float
    last: float | None = None


class History(Answer):
    """Trends over one range; binary with Accept `application/vnd.isthmus.columns`."""

    start: Milliseconds
    end: Milliseconds
    pens: list[Pen]


class Statistics(Answer):
    """One tag between two times; `mean` and `std` are time-weighted."""

    tag: int
    at_start: float | None
    at_end: float | None
    min: float | None
    mean: float | None
    max: float | None
    std: float | None
    samples: int
    good_percent: float


# ---------------------------------------- states: GET /api/states
class Interval(Answer):
    """One stretch of one state; `look` is how to draw it."""

    start: Milliseconds
    end: Milliseconds
    state: str
    cause: str = ""
    look: Literal["run", "stop", "starved", "blocked", "setup", "break", "unknown"]


class Ribbon(Answer):
    """A unit's states, without holes: what is not known says so."""

    path: str
    title: str
    intervals: list[Interval]


# ---------------------------------------- performance: GET /api/performance
class Kpi(Answer):
    """One number with its unit and the sentence that says how it came about."""

    key: str
    title: str
    value: float | None
    unit: str
    digits: int = 1
    detail: str = ""
    low: float | None = None
    high: float | None = None
    target: float | None = None
    normal: tuple[float, float] | None = None
    formula: str = ""


class Loss(Answer):
    """One bar of the Pareto; cumulative percent in the order given."""

    unit: str
    cause: str
    minutes: float
    pieces: float
    money: float | None = None
    stops: int
    cumulative_percent: float


class WaterfallStep(Answer):
    """One column: a total (`kept`) or what was lost since the column before."""

    title: str
    minutes: float
    kept: bool
    percent: float | None = None


class Performance(Answer):
    """A line over a window: ISO 22400 numbers, where the time went, and the states."""

    path: str
    window: str
    start: Milliseconds
    end: Milliseconds
    oee: Kpi
    availability: Kpi
    effectiveness: Kpi
    quality: Kpi
    produced: float | None
    good: float | None
    scrap: float | None
    waterfall: list[WaterfallStep]
    losses: list[Loss]
    ribbons: list[Ribbon]
    why: Annotated[dict[str, str], Field(description="Formula and inputs in words, by key.")]
    data_percent: Annotated[float, Field(description="Share of the window with good data.")]
    notes: list[str] = []


# ---------------------------------------- energy: GET /api/energy
class EnergyBucket(Answer):
    """One hour: kWh, good pieces, kWh a piece, and what the baseline expects (95 % band)."""

    start: Milliseconds
    kwh: float | None
    pieces: float | None
    kwh_per_piece: float | None
    expected_kwh: float | None
    expected_low: float | None
    expected_high: float | None
    cusum_kwh: float | None
    in_baseline: bool


class Meter(Answer):
    """Where the power goes: one machine or meter."""

    path: str
    title: str
    kw: float | None
    expected_kw: float | None
    kwh: float | None
    kwh_per_piece: float | None
    quality: int = 0


class Baseline(Answer):
    """kWh an hour = base + slope * good pieces (least squares), with its fit."""

    base_kw: float
    kwh_per_piece: float
    r2: float
    cv_percent: float
    hours: int
    start: Milliseconds
    end: Milliseconds


class Energy(Answer):
    """A line's energy over a window, per piece, against its baseline regression."""

    path: str
    window: str
    start: Milliseconds
    end: Milliseconds
    per_piece: Kpi
    baseline_per_piece: Kpi
    saved: Kpi
    money: Kpi
    co2: Kpi
    base_load: Kpi
    hours: list[EnergyBucket]
    profile: Annotated[
        dict[str, list[float | None]],
        Field(description="`hour` 0..23.75, `now` and `before`: mean kW of the day."),
    ]
    baseline: Baseline | None
    meters: list[Meter]
    why: dict[str, str]
    notes: list[str] = []


# ---------------------------------------- plant page: GET /api/overview
class OrderInfo(Answer):
    """One order of the line, as the machines' events tell it."""

    order: str
    product: str
    planned: float
    done: float
    start: Milliseconds | None = None
    due: Milliseconds | None = None
    state: Literal["running", "next", "done"]


class Overview(Answer):
    """One line's strip of figures, its attention list, count against plan, power, orders."""

    path: str
    title: str
    now: Milliseconds
    shift: str
    shift_start: Milliseconds
    shift_end: Milliseconds
    state: str
    state_since: Milliseconds | None
    look: Literal["run", "stop", "starved", "blocked", "setup", "break", "unknown"]
    figures: list[Kpi]
    attention: list[Attention]
    count: dict[str, list[float | None]]
    power: dict[str, list[float | None]]
    orders: list[OrderInfo]
    ribbons: list[Ribbon]


# ---------------------------------------- connections: GET /api/links
class LinkInfo(Answer):
    """One link's health; `lost` counts samples known to be lost, always shown, also at 0."""

    name: str
    kind: str
    endpoint: str
    zone: str
    wire: str
    state: Literal["up", "partly", "down", "refused", "starting"]
    since: Milliseconds
    tags: int
    silent_tags: int
    rate: float
    rate_history: list[float]
    lag_p95_s: float | None
    queue: int
    oldest_s: float
    lost: int
    good_percent: float
    error: str = ""
    hint: str = ""
    next_try_s: float | None = None
    counts: dict[str, int] = {}
    can_browse: bool = False
    edge: str = ""  # that runs it, empty for the site itself
    uplink_lag_s: float | None = None


class PathStep(Answer):
    """One box of 'path of a value'."""

    name: Literal["device", "read", "transform", "stream", "historian", "live page"]
    rate: float | None
    delay_s: float | None
    detail: str = ""
    queued: int | None = None
    fill_percent: float | None = None
    state: Literal["up", "behind", "full", "down"] = "up"


class Links(Answer):
    """All links, the path of a value, and totals since install."""

    now: Milliseconds
    links: list[LinkInfo]
    path: list[PathStep]
    stored: int
    lost: int
    rejected: int


class TapRow(Answer):
    """SSE `tap` of GET /api/links/{name}/tap?stage=read|transform|stream, at most 4 a second."""

    time: Milliseconds
    tag: str
    raw: float | None
    value: float | None
    text: str = ""
    quality: int
    then: Literal["kept", "inside deadband", "uncertain", "bad", "stored"]
    after_s: float | None = None


class BrowseNode(Answer):
    """One node of a browsed device; `tag` is set where the plant file reads it already."""

    address: str
    name: str
    kind: Literal["folder", "variable"]
    data_type: str = ""
    unit: str = ""
    value: str = ""
    tag: Annotated[str, Field(description="The tag path that reads it already.")] = ""


class Problem(Answer):
    """Every error: what, and what to do next."""

    error: str
    hint: str = ""
