"""What the API answers: one pydantic model an answer; the pages' types are generated from these.

Times are milliseconds since 1970 UTC on the plant's clock. `null` in a column is a gap. Qualities
are OPC UA status codes (uint32): good below 0x4000_0000.
"""

from isthmus.web.contract.answer import Answer, Milliseconds, Numbers, Problem
from isthmus.web.contract.exports import GrafanaFiles, ScheduledExport
from isthmus.web.contract.figures import (
    Baseline,
    Energy,
    EnergyBucket,
    Kpi,
    Loss,
    Meter,
    OrderInfo,
    Overview,
    Performance,
    WaterfallStep,
)
from isthmus.web.contract.gaps import GapInfo
from isthmus.web.contract.history import (
    Companion,
    History,
    Interval,
    LateStretch,
    MovedTogether,
    Pen,
    Period,
    QualityStretch,
    Ribbon,
    StateShare,
    Statistics,
)
from isthmus.web.contract.imports import (
    ImportBegin,
    ImportCounts,
    ImportEnd,
    ImportInfo,
    ImportLost,
    ImportNews,
    ImportSpan,
    NewTag,
)
from isthmus.web.contract.kpi import Derived, DerivedInput, DerivedValue, Explanation
from isthmus.web.contract.ledger import (
    LedgerFault,
    LedgerRecord,
    LedgerRecords,
    LedgerVerdict,
)
from isthmus.web.contract.links import BrowseNode, LinkInfo, Links, PathStep, TapRow
from isthmus.web.contract.live import Attention, LiveStatus, LiveValues
from isthmus.web.contract.plant import EquipmentInfo, LimitsInfo, PlantInfo, TagInfo
from isthmus.web.contract.sinks import SinkInfo
from isthmus.web.contract.sql import SqlCounts, SqlStatus
from isthmus.web.contract.zones import (
    BoundaryNews,
    Changed,
    ConduitInfo,
    IslandInfo,
    IslandWish,
    Reached,
    ZoneFinding,
    ZoneInfo,
    ZoneMap,
)

__all__ = [
    "Answer",
    "Attention",
    "Baseline",
    "BoundaryNews",
    "BrowseNode",
    "Changed",
    "Companion",
    "ConduitInfo",
    "Derived",
    "DerivedInput",
    "DerivedValue",
    "Energy",
    "EnergyBucket",
    "EquipmentInfo",
    "Explanation",
    "GapInfo",
    "GrafanaFiles",
    "History",
    "ImportBegin",
    "ImportCounts",
    "ImportEnd",
    "ImportInfo",
    "ImportLost",
    "ImportNews",
    "ImportSpan",
    "Interval",
    "IslandInfo",
    "IslandWish",
    "Kpi",
    "LateStretch",
    "LedgerFault",
    "LedgerRecord",
    "LedgerRecords",
    "LedgerVerdict",
    "LimitsInfo",
    "LinkInfo",
    "Links",
    "LiveStatus",
    "LiveValues",
    "Loss",
    "Meter",
    "Milliseconds",
    "MovedTogether",
    "NewTag",
    "Numbers",
    "OrderInfo",
    "Overview",
    "PathStep",
    "Pen",
    "Performance",
    "Period",
    "PlantInfo",
    "Problem",
    "QualityStretch",
    "Reached",
    "Ribbon",
    "ScheduledExport",
    "SinkInfo",
    "SqlCounts",
    "SqlStatus",
    "StateShare",
    "Statistics",
    "TagInfo",
    "TapRow",
    "WaterfallStep",
    "ZoneFinding",
    "ZoneInfo",
    "ZoneMap",
]
