import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { CycleTimes, EquipmentInfo } from "../api/contract";
import { address } from "../api/get";
import { type Load, Resource } from "../api/resource";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { number, short } from "../draw/number";
import { linear, ticks } from "../draw/scale";
import { rangeText } from "../app/range";
import { Part, Picture } from "./part";

const MINUTE = 60_000;
const WHY = {
  "cycle time": "Between two readings of the counter of good pieces each piece took the same time; only while the unit ran, and not across a stop (ISO 22400: actual unit processing time per piece).",
  bars: "Equal widths up to the 99th percentile (Freedman and Diaconis).",
  ideal: "The planned run time per item, from the unit's ideal rate, else the line's.",
};

/** How long pieces took while a unit ran. */
@customElement("isthmus-cycle-times")
export class CycleTimesCard extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) units: readonly EquipmentInfo[] = [];
  @property({ attribute: false }) query = new URLSearchParams();
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  @property({ type: Number }) ideal: number | null = null;
  private readonly answer = new Resource<CycleTimes>(this, () => this.address(), { keep: true });

  private get unit(): EquipmentInfo | undefined {
    return this.units.find((unit) => unit.path === this.query.get("unit")) ?? this.units[0];
  }

  private address(): string | undefined {
    const [from, to] = [this.from, this.to].map((time) => Math.floor(time / MINUTE) * MINUTE) as [number, number];
    return this.unit && to > from ? address("/api/cycles", { path: this.unit.path, from, to }) : undefined;
  }

  private pens(): string {
    return this.unit ? this.site.pathsOf(this.unit, "good_count", "state").join() : "";
  }

  override render() {
    // the last answer may stay while another window is asked, never under another unit's name
    const value = this.answer.value?.path === this.unit?.path ? this.answer.value : undefined;
    const load: Load = value || this.answer.load.state !== "ready" ? this.answer.load : { state: "loading" };
    const blank = value && !(value.pieces > 0) ? { title: "No piece was counted while it ran", text: "in this window" } : undefined;
    const action = html`<select class="field" aria-label="Unit" @change=${(event: Event) => setQuery({ unit: (event.target as HTMLSelectElement).value })}>${this.units.map((unit) => html`<option value=${unit.path} ?selected=${unit === this.unit}>${unit.title || unit.name}</option>`)}</select>`;
    const ideal = value?.ideal ?? this.ideal;
    return html`<isthmus-card heading="Cycle times" sub=${value && value.pieces > 0 ? `${number(value.pieces, 0)} pieces, ${number(value.mean, 3)} s each on average` : ""} .action=${action} .why=${WHY} .load=${load} ?hollow=${!value} .blank=${blank}>
      ${value && value.pieces > 0 ? html`<isthmus-histogram .told=${value} .ideal=${ideal}></isthmus-histogram>
        <p class="small">${Object.entries(value.percentiles).map(([percent, seconds]) => html`<span class="nowrap"><span class="muted">${percent} % took at most</span> <b class="num">${number(seconds, 3)} s</b></span> `)}</p>
        <a class="why" href="/explore?pens=${this.pens()}&range=${rangeText(this.from, this.to)}">samples of the counter</a>` : nothing}</isthmus-card>`;
  }
}

/** The distribution as bars, with the ideal and the median. */
@customElement("isthmus-histogram")
export class Histogram extends Picture {
  @property({ attribute: false }) told!: CycleTimes;
  @property({ type: Number }) ideal: number | null = null;

  override render() {
    const { width, height, told } = this;
    const bars = told.bars;
    if (width < 160 || height < 80 || !bars.length) return nothing;
    const median = told.percentiles["50"] ?? null;
    const marks = ([["ideal", this.ideal], ["median", median]] as const).filter((mark): mark is readonly ["ideal" | "median", number] => mark[1] !== null);
    const low = Math.min(bars[0]!.first, ...marks.map(([, at]) => at));
    const high = Math.max(bars.at(-1)!.last, ...marks.map(([, at]) => at));
    const most = Math.max(...bars.map((bar) => bar.pieces));
    const base = height - 22;
    const x = linear(low, high, 44, width - 10);
    const y = linear(0, most, base, 22);
    const levels = ticks(0, most, 3);
    const steps = ticks(low, high, Math.max(2, Math.floor(width / 90)));
    const fine = Math.max(0, Math.min(4, Math.ceil(-Math.log10((steps[1] ?? 1) - (steps[0] ?? 0) || 1))));
    return html`<svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label="cycle times from ${number(bars[0]!.first, 2)} to ${number(bars.at(-1)!.last, 2)} seconds; ${marks.map(([word, at]) => `${word} ${number(at, 3)} s`).join(", ")}">
      ${levels.map((at) => svg`<path class="grid" d="M44 ${Math.round(y(at)) + 0.5}H${width - 10}"/><text class="e" x="38" y=${y(at) + 4}>${short(at, levels[1] ?? 1)}</text>`)}
      ${bars.map((bar) => svg`<rect class="fp2" x=${x(bar.first) + 0.5} y=${y(bar.pieces)} width=${Math.max(1, x(bar.last) - x(bar.first) - 1)} height=${base - y(bar.pieces)}><title>${number(bar.first, 3)} to ${number(bar.last, 3)} s: ${number(bar.pieces, 0)} pieces</title></rect>`)}
      ${marks.map(([word, at], place) => svg`<path class=${word === "ideal" ? "pen dash" : "pen"} d="M${x(at)} 8V${base}"/><text class=${x(at) > width - 80 ? "tx e" : "tx"} x=${x(at) + (x(at) > width - 80 ? -4 : 4)} y=${14 + place * 13}>${word} ${number(at, 3)} s</text>`)}
      <path class="axis" d="M44 ${base + 0.5}H${width - 10}"/>${steps.map((at) => svg`<text class="m" x=${x(at)} y=${base + 15}>${number(at, fine)}</text>`)}</svg>`;
  }
}
