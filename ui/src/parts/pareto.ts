import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Loss } from "../api/contract";
import { number } from "../draw/number";
import { Picture } from "./part";

export type LossUnit = "minutes" | "pieces" | "money";

const MOST = 9;
/** Height of a bar with its words, and of the line that says what is left out. */
const ROW = 44;
const REST = 32;

/** Losses, largest first, in minutes, pieces or money, with what they add up to; as many as there is room for. */
@customElement("isthmus-pareto")
export class Pareto extends Picture {
  @property({ attribute: false }) losses: readonly Loss[] = [];
  @property() unit: LossUnit = "minutes";
  @property() currency = "";
  @state() private all = false;

  /** Bars that fit; a page that scrolls has room for the most. */
  private most(count: number): number {
    if (this.all) return count;
    if (this.height === 0 || matchMedia("(max-width: 1180px)").matches) return MOST;
    const room = Math.floor((this.height + 7) / ROW);
    return count <= room ? count : Math.max(1, Math.floor((this.height + 7 - REST) / ROW));
  }

  override render() {
    const size = (loss: Loss) => (this.unit === "minutes" ? loss.minutes : this.unit === "pieces" ? loss.pieces : loss.money ?? 0);
    const word = this.unit === "minutes" ? "min" : this.unit === "pieces" ? "pc" : this.currency;
    const sorted = [...this.losses].sort((one, other) => size(other) - size(one));
    const total = sorted.reduce((sum, loss) => sum + size(loss), 0);
    const most = size(sorted[0] ?? this.losses[0]!);
    let sum = 0;
    const rows = sorted.map((loss) => ({ loss, share: total > 0 ? (100 * (sum += size(loss))) / total : 0 }));
    const shown = this.most(rows.length);
    const rest = rows.slice(shown);
    return html`<ol class="pareto" tabindex=${this.all ? 0 : nothing}>${rows.slice(0, shown).map(({ loss, share }) => html`<li>
        <div class="row between"><span class="clip">${loss.unit ? html`${loss.unit}, ` : nothing}${loss.cause.replaceAll("_", " ")}</span><span class="tiny muted nowrap">${loss.stops ? `${loss.stops} ${loss.stops === 1 ? "stop" : "stops"}, ` : ""}cumulative ${number(share, 0)} %</span></div>
        <div class="row"><div class="track"><div class="fill" style="width:${most > 0 ? (100 * size(loss)) / most : 0}%"></div></div><b class="num nowrap" style="min-width:86px">${number(size(loss), this.unit === "minutes" ? 1 : 0)} ${word}</b></div></li>`)}
      ${rest.length ? html`<li class="row small"><button class="plain" @click=${() => (this.all = true)}>show ${rest.length} more</button><span class="muted">${number(rest.reduce((all, { loss }) => all + size(loss), 0), this.unit === "minutes" ? 1 : 0)} ${word} together</span></li>` : nothing}
      ${this.all && rows.length > MOST ? html`<li class="small"><button class="plain" @click=${() => (this.all = false)}>show fewer</button></li>` : nothing}</ol>`;
  }
}
