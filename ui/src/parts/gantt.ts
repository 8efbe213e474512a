import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Ribbon } from "../api/contract";
import { clock } from "../app/clock";
import { layoutRibbon } from "../draw/ribbon";
import { linear } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { Picture } from "./part";
import { stretch, tale } from "./state-ribbon";

const LEFT = 96;
const ROW = 36;
const TALL = 24;

/** The states of several units over one time axis. */
@customElement("isthmus-gantt")
export class Gantt extends Picture {
  @property({ attribute: false }) rows: readonly Ribbon[] = [];
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;

  override render() {
    const { width, rows } = this;
    if (width < 240 || rows.length === 0 || !(this.to > this.from)) return nothing;
    const left = width < 500 ? 70 : LEFT;
    const x = linear(this.from, this.to, left, width - 4);
    const bottom = rows.length * ROW;
    return html`<svg width=${width} height=${bottom + 22} role="img" aria-label="states of ${rows.map((row) => row.title).join(", ")} from ${clock.minute(this.from)} to ${clock.minute(this.to)}">
      ${rows.map((row, place) => svg`<text class="t13" style="font-size:13px;fill:var(--text)" x="0" y=${place * ROW + 20}>${row.title || row.path.split("/").at(-1)}</text>
        <g transform="translate(${left} ${place * ROW + 4})">${layoutRibbon(row.intervals, this.from, this.to, width - left - 4).map((piece) => svg`${stretch(piece, 0, TALL, tale(piece.interval))}${this.word(piece.width, piece.interval.look, piece.interval.cause || piece.interval.state, piece.x)}`)}</g>`)}
      <path class="axis" d="M${left} ${bottom + 0.5}H${width - 4}" />
      ${timeAxis(this.from, this.to, Math.max(2, Math.floor((width - left) / 90))).map(({ time, label }) => svg`<path class="axis" d="M${Math.round(x(time)) + 0.5} ${bottom}v4"/><text class=${x(time) > width - 20 ? "e" : x(time) < left + 14 ? "" : "m"} x=${x(time)} y=${bottom + 17}>${label}</text>`)}</svg>`;
  }

  /** The state's word where it fits and says more than the fill. */
  private word(width: number, look: string, text: string, x: number) {
    const wanted = look === "break" || look === "stop" || look === "setup";
    if (!wanted || width < text.length * 6.6 + 10) return nothing;
    return svg`<rect class="fc" x=${x + width / 2 - text.length * 3.3 - 3} y="4" width=${text.length * 6.6 + 6} height="15"/><text class="tx m" x=${x + width / 2} y="16">${text.replaceAll("_", " ")}</text>`;
  }
}
