import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Bottleneck, EquipmentInfo } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { rangeText } from "../app/range";
import type { Site } from "../app/site";
import { number } from "../draw/number";
import { Part } from "./part";

const DAY = 86_400_000;
const DAYS = 7;
const WHY = {
  "active periods": "At each moment the unit that has run, been set up or been repaired longest without waiting holds the line back (Roser); where two such periods overlap the bottleneck shifts. Shares are of planned time.",
  "turning point": "Upstream of it units are rather blocked, downstream rather starved, and it waits less than its neighbours (Li).",
  "read from": "the states and causes of every unit of the line; the link below opens their samples.",
};

/** Which unit held the line back: on how many of the days, and how much of the time. */
@customElement("isthmus-limiting")
export class Limiting extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) line!: EquipmentInfo;
  @property({ attribute: false }) units: readonly EquipmentInfo[] = [];
  /** When the last of the days ends; 0 is now. */
  @property({ type: Number }) until = 0;
  private readonly answer = new Resource<Bottleneck>(this, () => {
    const [from, to] = this.span;
    return this.line ? address("/api/bottleneck", { line: this.line.path, from, to, each: "day" }) : undefined;
  }, { every: () => 300_000 });

  private get span(): [number, number] {
    const to = this.until || Math.floor(clock.now() / 300_000) * 300_000;
    return [to - DAYS * DAY, to];
  }

  override render() {
    const { value, load } = this.answer;
    const days = value?.days.filter((day) => day.unit) ?? [];
    const blank = value && days.length === 0 ? { title: "No unit limited the line", text: "no unit worked in planned time of these days" } : undefined;
    return html`<isthmus-card heading="What limits the line" sub=${this.until ? `the ${DAYS} days until ${clock.moment(this.until)}` : `the last ${DAYS} days`} .why=${WHY} .load=${load} ?hollow=${!value} .blank=${blank}>${value && days.length ? this.told(value) : nothing}</isthmus-card>`;
  }

  private told(found: Bottleneck) {
    const days = found.days.filter((day) => day.unit);
    const often = new Map<string, number>();
    for (const day of days) often.set(day.unit, (often.get(day.unit) ?? 0) + 1);
    const [first, count] = [...often].sort((one, other) => other[1] - one[1])[0]!;
    const turning = found.turning_point ? `; waiting turns at ${found.turning_point}${found.plain ? "" : ", not a plain one"}` : "";
    const states = this.units.flatMap((unit) => this.site.pathsOf(unit, "state"));
    return html`<p><b>${first}</b> on ${count} of ${days.length} ${days.length === 1 ? "day" : "days"}${turning}</p>
      <ol class="day-strip" aria-label="The bottleneck of each day">${found.days.map((day) => html`<li title="${day.unit || "nothing worked"}${day.turning_point ? `, turning point ${day.turning_point}` : ""}" class=${day.unit === first ? "same" : ""}><span class="tiny muted">${clock.day(day.start)}</span><b class="clip">${day.unit || "—"}</b><span class="tiny">${day.unit ? `${number(day.percent, 0)} %` : ""}</span></li>`)}</ol>
      <div class="scroll-x" tabindex="0"><table class="data"><thead><tr><th>Unit</th><th>Held the line back</th><th class="e">Alone</th><th class="e">Shifting</th><th class="e">Starved</th><th class="e">Blocked</th></tr></thead><tbody>
      ${found.units.map((unit) => html`<tr><th scope="row">${unit.unit}${unit.unit === found.turning_point ? html` <span class="tiny muted">turning point</span>` : nothing}</th><td><div class="row"><span class="meter wide" aria-hidden="true"><i style="width:${unit.percent}%"></i></span><span class="num nowrap">${number(unit.percent, 0)} %</span></div></td>
        ${[unit.sole, unit.shifting, unit.starved, unit.blocked].map((minutes) => html`<td class="e num nowrap">${number(minutes / 60, 1)} h</td>`)}</tr>`)}</tbody></table></div>
      <a class="why" href="/explore?pens=${states.join()}&range=${rangeText(found.start, found.end)}">samples of the states</a>`;
  }
}
