import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Loss } from "../api/contract";
import { number } from "../draw/number";
import { Part } from "./part";

export type LossUnit = "minutes" | "pieces" | "money";

const MOST = 9;

/** Losses, largest first, in minutes, pieces or money, with what they add up to. */
@customElement("isthmus-pareto")
export class Pareto extends Part {
  @property({ attribute: false }) losses: readonly Loss[] = [];
  @property() unit: LossUnit = "minutes";
  @property() currency = "";

  override render() {
    const size = (loss: Loss) => (this.unit === "minutes" ? loss.minutes : this.unit === "pieces" ? loss.pieces : loss.money ?? 0);
    const word = this.unit === "minutes" ? "min" : this.unit === "pieces" ? "pc" : this.currency;
    const sorted = [...this.losses].sort((one, other) => size(other) - size(one));
    const total = sorted.reduce((sum, loss) => sum + size(loss), 0);
    const most = size(sorted[0] ?? this.losses[0]!);
    let sum = 0;
    const rows = sorted.map((loss) => ({ loss, share: total > 0 ? (100 * (sum += size(loss))) / total : 0 }));
    const rest = rows.slice(MOST);
    return html`<ol class="pareto">${rows.slice(0, MOST).map(({ loss, share }) => html`<li>
        <div class="row between"><span class="clip">${loss.unit ? html`${loss.unit}, ` : nothing}${loss.cause.replaceAll("_", " ")}</span><span class="tiny muted nowrap">${loss.stops ? `${loss.stops} ${loss.stops === 1 ? "stop" : "stops"}, ` : ""}cumulative ${number(share, 0)} %</span></div>
        <div class="row"><div class="track"><div class="fill" style="width:${most > 0 ? (100 * size(loss)) / most : 0}%"></div></div><b class="num nowrap" style="min-width:86px">${number(size(loss), this.unit === "minutes" ? 1 : 0)} ${word}</b></div></li>`)}
      ${rest.length ? html`<li class="small muted">and ${rest.length} smaller ones, ${number(rest.reduce((all, { loss }) => all + size(loss), 0), 1)} ${word}</li>` : nothing}</ol>`;
  }
}
