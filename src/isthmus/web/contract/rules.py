"""Rules as they are now, what each would have done, and the work that they propose."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class RuleSeen(Answer):
    """The last back-test that a person has seen; `present` where it was of the rule's text now."""

    by: str
    time: Milliseconds
    firings: int
    days: float
    present: bool


class RuleConcern(Answer):
    """One thing of a rule that a person should look at."""

    text: str
    advice: str


class RuleInfo(Answer):
    """A rule as it is now; `why` says why it does not act, empty where it does. Times in s.

    `dark` are inputs that are not known now, `to_live` is what to write so that it acts.
    """

    name: str
    title: str
    mode: Literal["test", "live"]
    acting: bool
    why: str
    disabled: bool
    when: str
    until: str = ""
    lasting: float
    at_most_every: float
    during: str = ""
    step: float
    places: list[str]
    does: list[str]
    on: Annotated[list[str], Field(description="Where it holds now.")]
    last: Annotated[Milliseconds | None, Field(description="When it fired last.")] = None
    fired: Annotated[int, Field(description="Firings since the start.")]
    in_a_day: Annotated[int, Field(description="Firings in the last 24 hours.")]
    deadband: str = ""
    unknown: str = "keep"
    writes: bool
    dark: list[str]
    concerns: list[RuleConcern]
    to_live: str = ""
    seen: RuleSeen | None = None


class RuleList(Answer):
    """All rules, and how judging them goes.

    `late` samples came after their moment was judged, `lost` ones too fast to be judged; `dropped`
    events and proposals found no room.
    """

    now: Milliseconds
    rules: list[RuleInfo]
    seconds: Annotated[float, Field(description="What the last look took.")]
    late: int
    lost: int
    done: int
    refused: int
    held_back: int
    dropped: int
    last_refusal: str = ""
    trouble: str = ""


class RuleWish(Answer):
    """Over how much of the past a rule is tested."""

    seconds: Annotated[float, Field(ge=60, le=400 * 86_400)] = 30 * 86_400.0


class RuleTry(RuleWish):
    """What to try instead of the rule's own words; what is left out stays, what is empty goes."""

    when: Annotated[str | None, Field(max_length=2_000)] = None
    until: Annotated[str | None, Field(max_length=2_000)] = None
    deadband: Annotated[str | None, Field(max_length=100)] = None
    lasting: Annotated[str | None, Field(max_length=100, alias="for")] = None
    at_most_every: Annotated[str | None, Field(max_length=100)] = None


class RuleFiring(Answer):
    """One firing; `end` is null where it still held at the end."""

    equipment: str
    start: Milliseconds
    end: Milliseconds | None = None


class RuleTest(Answer):
    """What a rule would have done: `firings` holds the newest thousand of `count`."""

    rule: str
    start: Milliseconds
    end: Milliseconds
    count: int
    spared: Annotated[int, Field(description="Those that came too soon after another.")]
    firings: list[RuleFiring]
    would: list[str]
    quiet: Annotated[float, Field(description="Longest time without a firing, s.")]
    held: Annotated[float, Field(description="For how long it held, s.")]
    unknown: Annotated[float, Field(description="Share of the time without data.")]
    step: float
    samples: int
    when: str
    change: Annotated[
        str, Field(description="What to write into the plant file for it to be so, or live.")
    ] = ""
    limits: Annotated[list[str], Field(description="What the past does not tell, and why.")]
    spread: Annotated[list[int], Field(description="Firings in each of 60 equal parts.")]


class RuleSwitch(Answer):
    """Whether a rule may act."""

    enabled: bool


class ProposalDecision(Answer):
    """One version of a proposal: what a person said to it, when, and why."""

    state: Literal["accepted", "rejected"]
    by: str
    time: Milliseconds
    note: str = ""


class ProposalInfo(Answer):
    """Work that a rule proposes; `times` counts how often while it was open, `last` when lastly.

    `state`, `by`, `note` and `decided` are those of the last of its `versions`.
    """

    number: int
    rule: str
    equipment: str
    title: str
    priority: str
    text: str
    time: Milliseconds
    last: Milliseconds
    evidence: dict[str, float | None]
    state: Literal["open", "accepted", "rejected"]
    times: int
    by: str = ""
    note: str = ""
    decided: Milliseconds | None = None
    versions: list[ProposalDecision]


class ProposalWish(Answer):
    """What a person says to proposed work; a reason where it is rejected or decided otherwise."""

    accept: bool
    note: Annotated[str, Field(max_length=1_000)] = ""
