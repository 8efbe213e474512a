"""What each route of the API needs: one right, and where its question says at which equipment.

A route that stands not here is for the owner of the data folder alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from isthmus.model.access import Right


class At(StrEnum):
    """Where the right is needed."""

    SITE = "the whole site"
    LINE = "the line of the question, the first where it names none"
    PLACE = "the equipment of the question, the first line where it names none"
    BELOW = "the equipment of the question, the whole site where it names none"
    TAGS = "each tag that is named; patterns select what may be seen"
    LINK = "each tag of the connection"
    SEEN = "anywhere: the answer holds what may be seen"
    OPEN = "nowhere, for anybody: it signs in"
    SELF = "nowhere: it is about who asks"
    HOUSE = "the owner of the data folder alone"
    OWN = "decided where the question is read: it names equipment in its body"


@dataclass(frozen=True, slots=True)
class Need:
    """The right that a route needs, and where; None where being signed in is enough."""

    right: Right | None
    at: At = At.SITE


_READ, _GOVERN, _AUDIT = Right.READ, Right.GOVERN, Right.AUDIT
_FILE, _ACCOUNTS = Need(Right.CONFIGURE), Need(Right.ADMINISTER)
_OPEN = Need(None, At.OPEN)
_ONESELF = Need(None, At.SELF)

NEEDS: Mapping[str, Need] = MappingProxyType(
    {
        "GET /api/plant": Need(_READ, At.SEEN),
        "GET /api/live": Need(_READ, At.TAGS),
        "GET /api/history": Need(_READ, At.TAGS),
        "GET /api/statistics": Need(_READ, At.TAGS),
        "GET /api/together": Need(_READ, At.TAGS),
        "GET /api/query": Need(_READ, At.TAGS),
        "GET /api/last": Need(_READ, At.TAGS),
        "GET /api/gaps": Need(_READ, At.TAGS),
        "GET /api/export": Need(Right.EXPORT, At.TAGS),
        "GET /api/events": Need(_READ, At.SEEN),
        "GET /api/states": Need(_READ, At.PLACE),
        "GET /api/periods": Need(_READ, At.LINE),
        "GET /api/overview": Need(_READ, At.LINE),
        "GET /api/reasons": Need(_READ, At.SEEN),
        "GET /api/stops": Need(_READ, At.PLACE),
        "GET /api/stops/explain": Need(_READ, At.PLACE),
        "GET /api/operator": Need(_READ, At.PLACE),
        "POST /api/operator/call": Need(Right.ACKNOWLEDGE, At.OWN),
        "POST /api/stops": Need(Right.ANNOTATE, At.OWN),
        "POST /api/stops/split": Need(Right.ANNOTATE, At.OWN),
        "POST /api/stops/undo": Need(Right.ANNOTATE, At.OWN),
        "GET /api/performance": Need(_READ, At.LINE),
        "GET /api/energy": Need(_READ, At.LINE),
        "GET /api/energy/forecast": Need(_READ, At.LINE),
        "GET /api/report": Need(Right.EXPORT, At.OWN),
        "GET /api/reports": Need(Right.EXPORT, At.SEEN),
        "POST /api/reports/{name}/make": Need(Right.EXPORT, At.SEEN),
        "GET /api/reports/{name}/{start}/{revision}/{form}": Need(Right.EXPORT, At.SEEN),
        "GET /api/scorecard": Need(_READ, At.SEEN),
        "GET /api/scorecard/notes": Need(_READ, At.SEEN),
        "GET /api/scorecard/notes/{number}": Need(_READ, At.SEEN),
        "POST /api/scorecard/notes": Need(Right.ANNOTATE, At.OWN),
        "POST /api/scorecard/notes/{number}": Need(Right.ANNOTATE, At.OWN),
        "GET /api/energy/split": Need(_READ, At.PLACE),
        "GET /api/energy/meters": Need(_READ, At.SEEN),
        "GET /api/energy/measures": Need(_READ, At.LINE),
        "GET /api/kpi": Need(_READ, At.BELOW),
        "GET /api/kpi/explain": Need(_READ, At.BELOW),
        "GET /api/kpi/catalogue": Need(_READ, At.SEEN),
        "GET /api/kpi/table": Need(_READ, At.BELOW),
        "GET /api/kpi/formula": Need(_READ, At.BELOW),
        "GET /api/bottleneck": Need(_READ, At.LINE),
        "GET /api/cycles": Need(_READ, At.BELOW),
        "GET /api/spc": Need(_READ, At.TAGS),
        "GET /api/alarms": Need(_READ, At.SEEN),
        "POST /api/alarms/{step}": Need(Right.ACKNOWLEDGE, At.OWN),
        "GET /api/alarms/journal": Need(_READ, At.SEEN),
        "GET /api/alarms/statistics": Need(_READ, At.SEEN),
        "GET /api/alarms/rationalise": Need(_READ, At.SEEN),
        "GET /api/notify": Need(_READ),
        "GET /api/notify/on-call": Need(_READ),
        "GET /api/notify/log": Need(_READ),
        "POST /api/notify/test": _FILE,
        "GET /api/rules": Need(_READ, At.SEEN),
        "POST /api/rules/{name}/test": _FILE,
        "POST /api/rules/{name}/try": _FILE,
        "POST /api/rules/{name}/switch": _FILE,
        "GET /api/proposals": Need(_READ, At.SEEN),
        "POST /api/proposals/{number}": Need(Right.ACKNOWLEDGE, At.OWN),
        "GET /api/sql": Need(_READ),
        "GET /api/sql/status": Need(_READ),
        "GET /api/sinks": Need(_READ),
        "GET /api/links": Need(_READ),
        "GET /api/links/{name}/tap": Need(_READ, At.LINK),
        "GET /api/links/{name}/browse": Need(Right.CONFIGURE, At.LINK),
        "POST /api/links/{name}/retry": Need(Right.CONFIGURE, At.LINK),
        "GET /api/exports": Need(Right.EXPORT),
        "GET /api/grafana": Need(Right.EXPORT),
        "GET /api/imports": _FILE,
        "POST /api/imports": _FILE,
        "POST /api/imports/preview": _FILE,
        "POST /api/imports/lost": _FILE,
        "POST /api/imports/{number}/parts": _FILE,
        "POST /api/imports/{number}/end": _FILE,
        "POST /api/sign-in-links": Need(Right.ADMINISTER, At.HOUSE),
        "GET /api/ledger": Need(_AUDIT),
        "POST /api/ledger/notes": Need(Right.ADMINISTER, At.HOUSE),
        "GET /api/ledger/verify": Need(_AUDIT),
        "GET /api/ledger/export": Need(_AUDIT),
        "GET /api/permits": Need(_READ, At.SEEN),
        "GET /api/permits/{number}": Need(_READ, At.SEEN),
        "POST /api/permits": Need(Right.REQUEST, At.OWN),
        "POST /api/permits/{number}/{step}": Need(Right.APPROVE, At.OWN),
        "GET /api/locks": Need(_READ, At.SEEN),
        "POST /api/locks": Need(Right.LOCK, At.OWN),
        "POST /api/locks/free": Need(Right.LOCK, At.OWN),
        "POST /api/writes": Need(Right.WRITE, At.OWN),
        "POST /api/writes/preview": Need(Right.WRITE, At.OWN),
        "GET /api/sign-in": _OPEN,
        "GET /api/sign-in/company": _OPEN,
        "GET /api/sign-in/company/back": _OPEN,
        "POST /api/sign-in/password": _OPEN,
        "POST /api/sign-in/recovery": _OPEN,
        "POST /api/sign-in/enrolment": _OPEN,
        "POST /api/sign-in/enrol": _OPEN,
        "POST /api/sign-in/passkey/options": _OPEN,
        "POST /api/sign-in/passkey": _OPEN,
        "POST /api/session/prove/options": _ONESELF,
        "POST /api/session/prove/passkey": _ONESELF,
        "POST /api/account/passkeys/options": _ONESELF,
        "POST /api/account/passkeys": _ONESELF,
        "DELETE /api/account/passkeys/{key}": _ONESELF,
        "GET /api/session": _ONESELF,
        "POST /api/session/prove": _ONESELF,
        "POST /api/session/lock": _ONESELF,
        "POST /api/session/hand": _ONESELF,
        "POST /api/session/sign-out": _ONESELF,
        "POST /api/session/sign-out-everywhere": _ONESELF,
        "DELETE /api/session/others/{number}": _ONESELF,
        "GET /api/account": _ONESELF,
        "POST /api/account/password": _ONESELF,
        "POST /api/account/recovery-codes": _ONESELF,
        "POST /api/account/tokens": _ONESELF,
        "DELETE /api/account/tokens/{number}": _ONESELF,
        "GET /api/accounts": _ACCOUNTS,
        "POST /api/accounts": _ACCOUNTS,
        "GET /api/accounts/{name}": _ACCOUNTS,
        "PATCH /api/accounts/{name}": _ACCOUNTS,
        "DELETE /api/accounts/{name}": _ACCOUNTS,
        "GET /api/accounts/{name}/sessions": _ACCOUNTS,
        "POST /api/accounts/{name}/enrolment": _ACCOUNTS,
        "POST /api/accounts/{name}/sign-out": _ACCOUNTS,
        "GET /api/tokens": _ACCOUNTS,
        "POST /api/tokens": _ACCOUNTS,
        "DELETE /api/tokens/{which}": _ACCOUNTS,
        "GET /api/emergencies": _ACCOUNTS,
        "POST /api/emergencies/{which}/review": _ACCOUNTS,
        "GET /api/zones": Need(_READ),
        "GET /api/zones/levels": Need(_READ),
        "GET /api/zones/reach": Need(_READ),
        "POST /api/zones/{zone}/island": Need(_GOVERN),
        "POST /api/zones/boundary": Need(_GOVERN),
        "GET /api/certificates": Need(Right.TRUST),
        "GET /api/certificates/inventory": Need(Right.TRUST),
        "GET /api/certificates/forecast": Need(Right.TRUST),
        "GET /api/certificates/pending": Need(Right.TRUST),
        "GET /api/certificates/findings": Need(Right.TRUST),
        "GET /api/certificates/crl": Need(_READ, At.SEEN),
        "GET /api/certificates/authority": Need(_READ, At.SEEN),
        "POST /api/certificates/approve": Need(Right.TRUST),
        "POST /api/certificates/refuse": Need(Right.TRUST),
        "POST /api/certificates/revoke": Need(Right.TRUST),
        "POST /api/certificates/issue": Need(Right.TRUST),
        "POST /api/certificates/renew": Need(Right.TRUST),
        "GET /api/policy": Need(_AUDIT),
        "GET /api/policy/who-can": Need(_AUDIT),
        "GET /api/policy/explain": Need(_AUDIT),
        "POST /api/policy/diff": Need(_GOVERN),
        "POST /api/policy/apply": Need(_GOVERN),
        "POST /api/policy/rollback": Need(_GOVERN),
        "GET /api/rights": _ONESELF,
    }
)
"""Each route by its method and the pattern of its path."""
