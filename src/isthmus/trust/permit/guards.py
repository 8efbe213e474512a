"""The guards: each looks at a wish and its circumstances, and says why; none stops the others.

What cannot be known is refused: a value that is bad or stale holds no interlock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from isthmus.model.tag import Kind, Tag
from isthmus.model.write import COMPARE, Condition, WriteMode, WriteRules
from isthmus.trust.permit.permit import Permit, State
from isthmus.trust.permit.verdict import Circumstances, Seen, Verdict

CLOSE = 1e-9  # relative: a limit that binary fractions miss is not broken


def judged(case: Circumstances) -> list[Verdict]:
    """What every guard says, in the order in which people read them."""
    rules = case.tag.write
    if rules is None:
        return [
            Verdict(
                "writable",
                ok=False,
                reason=f"{case.tag.path} has no `write:` in the plant file",
                change="an engineer adds `write:` with its bounds to the tag",
            )
        ]
    return [guard(case, rules) for guard in GUARDS]


def limits(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether the value is one that may be written at all."""
    return within(case.tag, case.value, rules)


def within(tag: Tag, value: float, rules: WriteRules) -> Verdict:
    """Whether `value` is one that `tag` may have by its rules, its range and its words."""
    low, high = rules.range or tag.range or (-math.inf, math.inf)
    unit = f" {tag.unit}" if tag.unit else ""
    if not math.isfinite(value):
        return Verdict("limits", ok=False, reason="it is no number", change="wish a number")
    if tag.kind in (Kind.ENUMERATION, Kind.BOOLEAN) and value not in tag.legend:
        words = ", ".join(f"{code:g} {word}" for code, word in tag.legend.items())
        reason = f"{value:g} is none of its words"
        return Verdict("limits", ok=False, reason=reason, change=f"one of {words}")
    slack = CLOSE * max(abs(low) if math.isfinite(low) else 0, abs(value))
    if not low - slack <= value <= high + slack:
        reason = f"{value:g}{unit} is outside of {low:g} to {high:g}"
        return Verdict("limits", ok=False, reason=reason, change=f"wish {low:g} to {high:g}")
    if math.isfinite(low) or math.isfinite(high):
        return Verdict("limits", ok=True, reason=f"within {low:g} to {high:g}{unit}")
    return Verdict("limits", ok=True, reason="no limits are set")


def step(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether the change is no larger than is allowed at once."""
    most = rules.max_step
    if most is None:
        return Verdict("step", ok=True, reason="any step is allowed")
    unknown = _unknown(case.present, rules, old=True)
    if unknown:
        reason = f"the step is not known: {unknown}"
        return Verdict("step", ok=False, reason=reason, change="wait for a good value")
    change = abs(case.value - case.present.value)
    if change > most * (1 + CLOSE):
        near = case.present.value + math.copysign(most, case.value - case.present.value)
        reason = f"a step of {change:g}, and {most:g} is the most at once"
        return Verdict("step", ok=False, reason=reason, change=f"wish {near:g} first")
    return Verdict("step", ok=True, reason=f"{change:g} of {most:g}")


def rate(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether all changes of the last minute together are no larger than is allowed."""
    most = rules.max_rate
    if most is None:
        return Verdict("rate of change", ok=True, reason="any rate is allowed")
    unknown = _unknown(case.present, rules, old=True)
    if unknown:
        reason = f"the change is not known: {unknown}"
        return Verdict("rate of change", ok=False, reason=reason, change="wait for a good value")
    total = case.moved + abs(case.value - case.present.value)
    told = f"{total:g} of {most:g} a minute"
    if total > most * (1 + CLOSE):
        return Verdict("rate of change", ok=False, reason=told, change="wait up to a minute")
    return Verdict("rate of change", ok=True, reason=told)


def interlocks(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether all that must hold does, by values that are good and fresh."""
    wrong = []
    for condition, seen in case.conditions:
        if seen is None:
            wrong.append(f"{condition}: there is no tag {condition.path}")
        elif unknown := _unknown(seen, rules):
            wrong.append(f"{condition}: {unknown}")
        elif not _holds(condition, seen):
            wrong.append(f"{condition}: it is {seen.word}")
    if wrong:
        change = "bring the machine into that condition; what is not known does not hold"
        return Verdict("interlock", ok=False, reason="; ".join(wrong), change=change)
    if not case.conditions:
        return Verdict("interlock", ok=True, reason="none is set")
    return Verdict("interlock", ok=True, reason="; ".join(str(each) for each, _ in case.conditions))


def machine_state(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether the machine is in a state in which it may be written."""
    if not rules.states:
        return Verdict("machine state", ok=True, reason="any state")
    words = ", ".join(rules.states)
    if case.state is None:
        reason = "its machine tells no state"
        return Verdict("machine state", ok=False, reason=reason, change=f"it needs {words}")
    if unknown := _unknown(case.state, rules):
        return Verdict("machine state", ok=False, reason=unknown, change=f"it needs {words}")
    ok = case.state.word in rules.states
    change = "" if ok else f"wait for {words}"
    return Verdict("machine state", ok=ok, reason=case.state.word, change=change)


def maintenance(case: Circumstances, _rules: WriteRules) -> Verdict:
    """Whether nobody locked the machine to work on it."""
    if not case.locks:
        return Verdict("maintenance lock", ok=True, reason="nobody works on it")
    lock = case.locks[0]
    reason = f"{lock.owner} locked {lock.path}: {lock.reason}"
    change = f"{lock.owner} frees it, or two others do: `isthmus unlock {lock.path}`"
    return Verdict("maintenance lock", ok=False, reason=reason, change=change)


def role(case: Circumstances, _rules: WriteRules) -> Verdict:
    """Whether who asks may write here."""
    decision = case.decision
    return Verdict("role", ok=decision.allowed, reason=decision.reason, change=decision.hint)


def permit(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether a work permit that is active covers the wish, where one is needed or named."""
    found = case.permit
    if found is None and not case.permit_fault and not rules.permit:
        return Verdict("permit", ok=True, reason="none is needed")
    wrong = (
        (case.permit_fault or "it needs a work permit") if found is None else _lacks(found, case)
    )
    if wrong or found is None:
        ask = f"`isthmus permit request {case.tag.path}`"
        return Verdict("permit", ok=False, reason=wrong, change=ask)
    left = math.ceil((found.end - case.wall) / 60e9)
    return Verdict("permit", ok=True, reason=f"{found.name}, {left} min left")


def _lacks(found: Permit, case: Circumstances) -> str:
    """Why the permit does not cover the wish; empty where it does."""
    state = found.state(case.wall)
    if state is not State.ACTIVE:
        return f"{found.name} is {state}"
    if found.holder != case.by:
        return f"{found.name} is {found.holder}'s, not {case.by}'s"
    if not found.covers(case.tag.path):
        return f"{found.name} is for {found.at}"
    if not found.low <= case.value <= found.high:
        return f"{found.name} is for {found.low:g} to {found.high:g}"
    return ""


def second_person(case: Circumstances, rules: WriteRules) -> Verdict:
    """Whether two others approved, where the risk asks for it."""
    if not rules.second:
        return Verdict("second person", ok=True, reason="none is needed")
    others = set(case.permit.approved if case.permit else ()) - {case.by}
    if len(others) >= 2:  # noqa: PLR2004 - who approved, and a second person
        return Verdict("second person", ok=True, reason=" and ".join(sorted(others)))
    reason = "two others have to approve the permit"
    told = f"so far: {', '.join(sorted(others)) or 'nobody'}"
    return Verdict("second person", ok=False, reason=f"{reason}; {told}", change="ask a second one")


def reason_given(case: Circumstances, _rules: WriteRules) -> Verdict:
    """Whether it is said why."""
    if case.reason.strip():
        return Verdict("reason", ok=True, reason=case.reason.strip())
    return Verdict("reason", ok=False, reason="no reason is given", change="say why")


def reachable(case: Circumstances, _rules: WriteRules) -> Verdict:
    """Whether the machine's connection is up and can write."""
    if case.reach:
        change = "see the page Connections"
        return Verdict("connection", ok=False, reason=case.reach, change=change)
    reason = f"up, by the edge {case.edge}" if case.edge else "up"
    return Verdict("connection", ok=True, reason=reason)


def mode(case: Circumstances, _rules: WriteRules) -> Verdict:
    """What happens when all is well: simulation stops nobody, and writes nothing."""
    if case.mode is WriteMode.LIVE:
        return Verdict("mode", ok=True, reason="live: the machine is written")
    return Verdict(
        "mode",
        ok=True,
        reason="simulation: everything but the last step",
        change="`writes: {mode: live}` in the plant file",
    )


Guard = Callable[[Circumstances, WriteRules], Verdict]
GUARDS: Sequence[Guard] = (
    *(limits, step, rate, interlocks, machine_state, maintenance, role, permit),
    *(second_person, reason_given, reachable, mode),
)


def _unknown(seen: Seen, rules: WriteRules, *, old: bool = False) -> str:
    """Why a value cannot be relied on; a setting may be `old`, it stays until it is written."""
    if not seen.good:
        return f"{seen.path} is not good"
    if not old and seen.age > rules.fresh:
        return f"{seen.path} is {seen.age:.0f} s old, and {rules.fresh:g} s is the most"
    return ""


def _holds(condition: Condition, seen: Seen) -> bool:
    words = {word: float(code) for code, word in seen.legend.items()}
    try:
        wanted = words[condition.value] if condition.value in words else float(condition.value)
    except ValueError:
        return False
    return COMPARE[condition.sign](seen.value, wanted)
