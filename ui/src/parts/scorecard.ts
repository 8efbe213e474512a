import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { GoalStand } from "../api/contract";
import { clock } from "../app/clock";
import { number } from "../draw/number";
import { dayOf, priorityOf, targetOf, verdictOf, withUnit } from "../draw/standing";
import { marker } from "./marker";
import { Part } from "./part";
import "./sparkline";

const GOING = { better: "getting better", worse: "getting worse", steady: "steady", "": "" };

/** Every goal with its owners of both sides, its value, its trend, its target, and whether it is reached. */
@customElement("isthmus-scorecard")
export class ScorecardTable extends Part {
  @property({ attribute: false }) goals: readonly GoalStand[] = [];

  override render() {
    return html`<table class="goals"><thead><tr><th scope="col">Goal</th><th scope="col">Owners</th><th scope="col" class="num">Target</th><th scope="col" class="num">Now</th><th scope="col">Trend</th><th scope="col">Verdict</th><th scope="col" class="hide-m">By</th></tr></thead>
      <tbody>${this.goals.map((goal) => this.row(goal))}</tbody></table>`;
  }

  private row(goal: GoalStand) {
    return html`<tr><td><details><summary title="how is this computed"><b>${goal.title}</b></summary><div class="small muted">${goal.says}</div></details>
        <small>${goal.line ? `${goal.line}, ` : ""}<a class="link" href=${goal.page}>see where</a></small></td>
      <td class="small"><div>OT: ${goal.owner_ot || "nobody"}</div><div>IT: ${goal.owner_it || "nobody"}</div></td>
      <td class="num nowrap">${targetOf(goal)}</td>
      <td class="num nowrap"><b>${withUnit(goal.value, goal)}</b><small>${this.window(goal)}</small></td>
      <td class="nowrap"><isthmus-sparkline .trend=${this.trend(goal)} role="img" aria-label=${this.told(goal)}></isthmus-sparkline><small>${GOING[goal.way]}</small></td>
      <td>${this.verdict(goal)}</td>
      <td class="nowrap hide-m">${goal.by ? dayOf(goal.by) : "always"}</td></tr>`;
  }

  private window(goal: GoalStand) {
    if (goal.value === null || goal.end <= goal.start) return nothing;
    const gaps = goal.gaps_percent >= 0.05 ? `, ${number(goal.gaps_percent, 1)} % unknown` : ", no gap";
    return html`${clock.moment(goal.start)} to ${clock.moment(goal.end)}${gaps}`;
  }

  private verdict(goal: GoalStand) {
    const priority = priorityOf(goal);
    const sign = priority ? marker(priority, goal.verdict === "unknown", false) : goal.verdict === "reached" ? html`<svg viewBox="0 0 14 14" aria-hidden="true"><path class="pen" d="M2 7.5 5.5 11 12 3.5" /></svg>` : nothing;
    return html`<span class="verdict">${sign}<span>${verdictOf(goal)}${goal.why ? html`<small>${goal.why}</small>` : nothing}</span></span>`;
  }

  private trend(goal: GoalStand) {
    return { time: goal.trend_time, mean: goal.trend.map((value) => value ?? Number.NaN) };
  }

  private told(goal: GoalStand): string {
    const known = goal.trend.filter((value): value is number => value !== null);
    if (known.length < 2) return "no trend yet";
    return `${known.length} shifts or days, from ${withUnit(known[0], goal)} to ${withUnit(known[known.length - 1], goal)}, between ${withUnit(Math.min(...known), goal)} and ${withUnit(Math.max(...known), goal)}`;
  }
}
