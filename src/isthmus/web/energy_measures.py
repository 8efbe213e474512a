"""The measures of a line for the page: what each saved, by which baseline, how sure."""

from __future__ import annotations

import math
from datetime import timedelta

from isthmus.insight.accounting.calendar import instant
from isthmus.insight.energy.regression import Regression, Term
from isthmus.model.plant import Equipment
from isthmus.runtime.app import App
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.measure import Amount, Verified, verified
from isthmus.web import contract
from isthmus.web.contract.energy import DriverTerm, SavedAmount

SURE = 0.05
GOAL = (
    " The probability of the goal is that of a true saving of so much of what the baseline expects "
    "or more, by Student's t of the saving, its standard error and those independent hours."
)
GOOD_FIT = 0.75  # R2 that ISO 50006 guides ask for


def judged(app: App, line: Equipment) -> list[contract.MeasureVerified]:
    """The measures at `line`, in the order of the plant file."""
    found = (verified(app.records, each) for each in app.plant.measures if each.line == line.path)
    return [_told(app, each) for each in found if each is not None]


def _told(app: App, found: Verified) -> contract.MeasureVerified:
    measure, fit, zone = found.measure, found.regression, app.records.zone
    won = found.saving
    first, last = measure.baseline
    day = timedelta(days=1)
    return contract.MeasureVerified(
        name=measure.name,
        title=measure.title or measure.name,
        line=measure.line,
        start=instant(measure.first, 0, zone) / 1e6,
        baseline_start=instant(first, 0, zone) / 1e6,
        baseline_end=instant(last + day, 0, zone) / 1e6,
        kwh=_amount(won.kwh if won else None),
        money=_amount(won.money if won else None),
        currency=app.plant.currency,
        co2_kg=_amount(won.co2 if won else None),
        percent=None if won is None or won.share is None else 100 * won.share,
        hours=won.hours if won else 0,
        terms=[driver_term(term) for term in fit.terms] if fit else [],
        r2=fit.r2 if fit else None,
        cv_percent=100 * fit.cv if fit and math.isfinite(fit.cv) else None,
        baseline_hours=fit.hours if fit else 0,
        effective_hours=fit.effective if fit else 0.0,
        goal_percent=None if measure.goal is None else 100 * measure.goal,
        goal_by=measure.by.isoformat() if measure.by else "",
        goal_probability=found.probability,
        days=[instant(each + day, 0, zone) / 1e6 for each in found.days],
        saved_kwh=found.saved.tolist(),
        margin_kwh=found.margin.tolist(),
        why=_why(fit) + (GOAL if fit and measure.goal is not None else ""),
        notes=[*_notes(found, fit), *(assumptions(app.plant) if won else [])],
    )


def _amount(told: Amount | None) -> SavedAmount | None:
    return None if told is None else SavedAmount(value=told[0], margin=told[1])


def driver_term(term: Term) -> DriverTerm:
    """One term for the pages."""
    return DriverTerm(
        name=term.name,
        value=term.value,
        error=term.error,
        t=term.t if math.isfinite(term.t) else None,
        p=term.p,
    )


def formula(fit: Regression) -> str:
    """The terms of a baseline as people write them: `12.1 + 0.0081 x good pieces`."""
    parts = [f"{fit.terms[0].value:.3g}"]
    return " + ".join([*parts, *(f"{term.value:.4g} x {term.name}" for term in fit.terms[1:])])


def _why(fit: Regression | None) -> str:
    if fit is None:
        return "No baseline: its days have too few whole hours of energy, pieces and drivers."
    return (
        f"kWh an hour = {formula(fit)}, least squares over {fit.hours} whole hours before the "
        "measure. Saved is what that expects of the hours since, at their own drivers, minus what "
        "was used. The margin is 95 %, of the hours and of the baseline; the residuals of "
        f"neighbouring hours correlate by {fit.alike:.2f}, so that they are worth "
        f"{fit.effective:.0f} independent ones (IPMVP option C, ASHRAE Guideline 14)."
    )


def _notes(found: Verified, fit: Regression | None) -> list[str]:
    notes = []
    if fit is None:
        notes.append(_why(None))
    elif found.saving is None:
        notes.append("No whole hour to judge since the measure began.")
    elif abs(found.saving.kwh[0]) <= found.saving.kwh[1]:
        notes.append("The saving is smaller than its margin: it may be chance.")
    if fit and fit.r2 < GOOD_FIT:
        notes.append(f"The baseline explains {100 * fit.r2:.0f} % of the hours; 75 % are usual.")
    if fit:
        weak = [term.name for term in fit.terms[1:] if term.p > SURE]
        notes += [f"{name} may have no influence: p > {SURE}." for name in weak]
    notes += [f"{name} told nothing of its own in the baseline." for name in found.dropped]
    return notes
