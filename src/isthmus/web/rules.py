"""Rules over HTTP: how they are, what they would have done, and the work that they propose."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Path, Request

from isthmus.insight.rule.past import Past
from isthmus.model.access import Right
from isthmus.model.rule import Rule, Write
from isthmus.model.work import Proposal
from isthmus.runtime.app import App
from isthmus.runtime.rule.act import wish
from isthmus.runtime.rule.concern import concerns, dark, recent
from isthmus.runtime.rule.feeding import limits
from isthmus.runtime.rule.trial import change, live, tried
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import Problem
from isthmus.web.contract import rules as contract
from isthmus.web.writes import principal

MOST_FIRINGS = 1_000
COLUMNS = 60

Name = Annotated[str, Path(description="The rule's name in the plant file.")]


def routes(app: App) -> APIRouter:
    """The routes of rules and of proposed work."""
    router = APIRouter(prefix="/api", tags=["rules"])

    @router.get("/rules", summary="All rules whose equipment may be seen, and how they do")
    def rules(seen: Seen) -> contract.RuleList:
        found = [rule for rule in app.rules.rules.values() if _seen(rule, seen)]
        ours, acts = app.rules, app.rules.acts
        often = recent(app)
        return contract.RuleList(
            now=app.now() / 1e6,
            rules=[told(app, rule, often.get(rule.name, 0)) for rule in found],
            seconds=ours.took,
            late=sum(bench.late for bench in ours.benches),
            lost=ours.heard.lost + sum(bench.dropped for bench in ours.benches),
            done=acts.done,
            refused=acts.refused,
            held_back=acts.held_back,
            dropped=ours.kept.untold.dropped + sum(each.dropped for each in ours.feeds),
            last_refusal=acts.last_refusal if seen.everything else "",
            trouble=ours.trouble,
        )

    @router.post("/rules/{name}/test", summary="What it would have done; recorded as seen")
    def test(name: Name, asked: contract.RuleWish, request: Request) -> contract.RuleTest:
        rule, who = app.rules.find(name), principal(request)
        for place in rule.places:
            Sight(app, who).require(Right.READ, place.equipment)
        found = app.rules.test(rule, asked.seconds, who.id)
        return tested(rule, found, live(rule))

    @router.post("/rules/{name}/try", summary="What it would have done with another condition")
    def try_(name: Name, asked: contract.RuleTry, request: Request) -> contract.RuleTest:
        rule, who = app.rules.find(name), principal(request)
        for place in rule.places:
            Sight(app, who).require(Right.READ, place.equipment)
        wish = asked.model_dump(by_alias=True, exclude_unset=True, exclude={"seconds"})
        other = tried(app.plant, rule, wish)
        return tested(other, app.rules.test(other, asked.seconds), change(rule, other))

    @router.post("/rules/{name}/switch", summary="Let a rule act, or keep it from acting")
    def switch(name: Name, asked: contract.RuleSwitch, request: Request) -> contract.RuleInfo:
        rule = app.rules.find(name)
        app.rules.switch(rule, principal(request).id, enabled=asked.enabled)
        return told(app, rule, recent(app).get(rule.name, 0))

    _work(app, router)
    return router


def _work(app: App, router: APIRouter) -> None:
    @router.get("/proposals", summary="Work that rules propose, newest first")
    def proposals(seen: Seen) -> list[contract.ProposalInfo]:
        found = [one for one in app.rules.kept.proposals if seen.one(one.equipment)]
        return [proposed(one) for one in reversed(found)]

    @router.post("/proposals/{number}", summary="Accept or reject proposed work")
    def decide(
        number: Annotated[int, Path(ge=1)], asked: contract.ProposalWish, request: Request
    ) -> contract.ProposalInfo:
        who = principal(request)
        found = next((one for one in app.rules.kept.proposals if one.number == number), None)
        if found is None:
            raise Problem(404, f"there is no proposal {number}", "GET /api/proposals lists them")
        Sight(app, who).require(Right.ACKNOWLEDGE, found.equipment)
        made = app.rules.acts.decide(number, who.id, asked.note, accept=asked.accept)
        return proposed(made)


def tested(rule: Rule, found: Past, change: str) -> contract.RuleTest:
    """What a rule would have done, with its newest firings and how they spread over the time."""
    starts = np.array([one.start for one in found.firings], np.float64)
    spread, _ = np.histogram(starts, bins=COLUMNS, range=(found.start, found.end))
    return contract.RuleTest(
        rule=rule.name,
        start=found.start / 1e6,
        end=found.end / 1e6,
        count=len(found.firings),
        spared=found.spared,
        firings=[
            contract.RuleFiring(
                equipment=one.equipment,
                start=one.start / 1e6,
                end=None if one.end is None else one.end / 1e6,
            )
            for one in found.firings[-MOST_FIRINGS:]
        ],
        would=_does(rule),
        quiet=found.quiet,
        held=found.held,
        unknown=found.unknown,
        step=found.step,
        samples=found.samples,
        change=change,
        when=str(rule.text.get("when", "")),
        limits=limits(feed for place in rule.places for feed in place.feeds),
        spread=[int(count) for count in spread],
    )


def _seen(rule: Rule, seen: Sight) -> bool:
    return all(seen.one(place.equipment) for place in rule.places)


def _does(rule: Rule) -> list[str]:
    return list(dict.fromkeys(wish(act) for place in rule.places for act in place.acts))


def told(app: App, rule: Rule, often: int) -> contract.RuleInfo:
    """A rule as it is told; `often` is how often it fired in a day."""
    present = app.rules.present(rule)
    text, seen = rule.text, present.seen
    return contract.RuleInfo(
        name=rule.name,
        title=rule.title,
        mode=_mode(rule),
        acting=present.acting,
        why=present.why,
        disabled=rule.name in app.rules.kept.disabled,
        when=str(text.get("when", "")),
        until=str(text.get("until", "")),
        lasting=rule.lasting,
        at_most_every=rule.at_most_every,
        during=rule.during,
        step=rule.step,
        places=[place.equipment for place in rule.places],
        does=_does(rule),
        on=list(present.on),
        last=present.last / 1e6 if present.last else None,
        fired=present.fired,
        in_a_day=often,
        deadband=str(text.get("deadband", "")),
        unknown=str(text.get("unknown", "keep")),
        writes=any(isinstance(act, Write) for place in rule.places for act in place.acts),
        dark=dark(app.rules, rule),
        concerns=[
            contract.RuleConcern(text=one.text, advice=one.advice)
            for one in concerns(app.rules, rule, often)
        ],
        to_live=live(rule),
        seen=contract.RuleSeen(
            by=seen.by,
            time=seen.time / 1e6,
            firings=seen.firings,
            days=seen.days,
            present=seen.digest == rule.digest,
        )
        if seen
        else None,
    )


def _mode(rule: Rule) -> Literal["test", "live"]:
    return "live" if rule.mode == "live" else "test"


def proposed(one: Proposal) -> contract.ProposalInfo:
    """Proposed work as it is told."""
    versions = [
        {"state": str(each.state), "by": each.by, "time": each.time / 1e6, "note": each.note}
        for each in one.versions
    ]
    last = versions[-1] if versions else {"by": "", "time": None, "note": ""}
    return contract.ProposalInfo.model_validate(
        {
            "number": one.number,
            "rule": one.rule,
            "equipment": one.equipment,
            "title": one.title,
            "priority": one.priority,
            "text": one.text,
            "time": one.time / 1e6,
            "last": (one.last or one.time) / 1e6,
            "evidence": dict(one.evidence),
            "state": str(one.state),
            "times": one.times,
            "by": last["by"],
            "note": last["note"],
            "decided": last["time"],
            "versions": versions,
        }
    )
