import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ReasonTime } from "../api/contract";
import { number } from "../draw/number";
import { Part } from "./part";

const SURE: [keyof ReasonTime & ("said" | "told" | "likely" | "unknown"), string, string][] = [
  ["said", "said by people", "said"], ["told", "told by machines", "told"], ["likely", "likely, not confirmed", "likely"], ["unknown", "no reason is known", "none"],
];

/** Stops by own fault, by reason: what people said and machines told is filled, what is only likely is hatched. */
@customElement("isthmus-reasons")
export class ReasonBars extends Part {
  @property({ attribute: false }) reasons: readonly ReasonTime[] = [];

  override render() {
    const rows = this.reasons.map((row) => ({ row, seconds: row.said + row.told + row.likely + row.unknown })).sort((one, other) => other.seconds - one.seconds);
    const most = rows[0]?.seconds ?? 0;
    const total = rows.reduce((sum, { seconds }) => sum + seconds, 0);
    let sum = 0;
    return html`<ol class="pareto reasons" tabindex="0" aria-label="Stops by reason">${rows.map(({ row, seconds }) => {
      sum += seconds;
      const words = SURE.filter(([key]) => row[key] > 0).map(([key, word]) => `${number(row[key] / 60, 1)} min ${word}`).join(", ");
      return html`<li><div class="row between"><span class="clip">${row.title}</span><span class="tiny muted nowrap">${row.stops} ${row.stops === 1 ? "stop" : "stops"}, cumulative ${number(total > 0 ? (100 * sum) / total : 0, 0)} %</span></div>
        <div class="row"><div class="track" role="img" aria-label=${words}>${SURE.map(([key, word, look]) => (row[key] > 0 ? html`<div class="fill ${look}" title="${number(row[key] / 60, 1)} min ${word}" style="width:${(100 * row[key]) / most}%"></div>` : nothing))}</div>
          <b class="num nowrap" style="min-width:86px">${number(seconds / 60, 1)} min</b></div></li>`;
    })}</ol>
    <div class="legend">${SURE.map(([, word, look]) => html`<span><i class="fill ${look}"></i>${word}</span>`)}</div>`;
  }
}
