import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { RuleTest } from "../api/contract";
import { clock, duration } from "../app/clock";
import { number } from "../draw/number";
import { linear } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { Picture } from "./part";

const ROW = 26;
const TALL = 14;
const MOST = 8;
const SHOWN = 5;

/** "7 times", "once", "never". */
export function times(count: number): string {
  return count === 0 ? "never" : count === 1 ? "once" : `${count} times`;
}

/** "a day", "30 days": how long a test looks back. */
export function span(test: RuleTest): string {
  const days = (test.end - test.start) / 86_400_000;
  return Math.abs(days - 1) < 0.01 ? "a day" : `${number(days, days < 3 ? 1 : 0)} days`;
}

/** When a rule would have fired: a row a place, a bar a firing as long as it held. */
@customElement("isthmus-rule-past")
export class RulePast extends Picture {
  @property({ attribute: false }) test: RuleTest | undefined;

  override render() {
    const { test, width } = this;
    if (!test || width < 200) return nothing;
    const counts = new Map<string, number>();
    for (const firing of test.firings) counts.set(firing.equipment, (counts.get(firing.equipment) ?? 0) + 1);
    const places = [...counts].sort((one, other) => other[1] - one[1]).map(([place]) => place);
    const rows = places.length ? places.slice(0, MOST) : [""];
    const left = width < 500 ? 84 : 150;
    const x = linear(test.start, test.end, left, width - 6);
    const bottom = rows.length * ROW;
    const label = `would have fired ${times(test.count)} in ${span(test)}`;
    return html`<svg width=${width} height=${bottom + 22} viewBox="0 0 ${width} ${bottom + 22}" role="img" aria-label="when it ${label}">
      ${rows.map((place, row) => svg`<text x="0" y=${row * ROW + 15} style="font-size:12px;fill:var(--text)">${this.short(place, left)}</text><path class="grid" d="M${left} ${row * ROW + 4 + TALL}H${width - 6}"/>
        ${test.firings.filter((firing) => firing.equipment === place).map((firing) => svg`<rect class="fired" x=${x(firing.start)} y=${row * ROW + 4} width=${Math.max(2, x(firing.end ?? test.end) - x(firing.start))} height=${TALL}><title>${clock.moment(firing.start)}, ${firing.end ? `for ${duration(firing.end - firing.start)}` : "and still then"}</title></rect>`)}`)}
      <path class="axis" d="M${left} ${bottom + 0.5}H${width - 6}"/>
      ${timeAxis(test.start, test.end, Math.max(2, Math.floor((width - left) / 90))).map(({ time, label }) => svg`<path class="axis" d="M${Math.round(x(time)) + 0.5} ${bottom}v4"/><text class=${x(time) > width - 24 ? "e" : x(time) < left + 16 ? "" : "m"} x=${x(time)} y=${bottom + 17}>${label}</text>`)}</svg>
      ${places.length > MOST ? html`<p class="small muted">and ${places.length - MOST} more places</p>` : nothing}
      ${test.count ? html`<details><summary class="small link">the newest firings</summary><table aria-label="The newest firings"><tbody>${test.firings.slice(-SHOWN).reverse().map((firing) => html`<tr><td class="nowrap">${clock.moment(firing.start)}</td><td>${firing.equipment}</td><td class="num">${firing.end ? duration(firing.end - firing.start) : "holds still"}</td></tr>`)}</tbody></table></details>` : nothing}`;
  }

  private short(place: string, left: number): string {
    const name = place.split("/").slice(-2).join(" / ");
    const room = Math.floor(left / 6.4);
    return name.length > room ? `…${name.slice(1 - room)}` : name;
  }
}
