import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ControlAnswer, EquipmentInfo, TagInfo } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { rangeText } from "../app/range";
import { setQuery } from "../app/route";
import { type Site, tail } from "../app/site";
import { digitsOf, number } from "../draw/number";
import { linear, ticks } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { Part, Picture } from "./part";

type Chart = ControlAnswer["charts"][number];

const MINUTE = 60_000;
const SIZES = [1, 2, 3, 4, 5, 6, 8, 10];
const SIGNALS = 20;
/** About so many subgroups a window: more of them nobody could tell apart. */
const SUBGROUPS = 96;
const WHY = {
  values: "One subgroup of neighbouring values in each stretch of the window, measured while the unit ran.",
  limits: "Three sigma of the spread within subgroups (Shewhart): of ranges where a subgroup has several values (Xbar-R), of neighbours where it has one.",
  rules: "Western Electric, 1956: 1 one point beyond three sigma; 2 two of three beyond two sigma on one side; 3 four of five beyond one; 4 eight in a row on one side.",
  "Cp and Cpk": "Specification against the spread within: Cp = (upper - lower) / 6 sigma, Cpk = the nearer limit's distance from the mean / 3 sigma; Pp and Ppk with the spread of all values (ISO 22514-2).",
  specification: "The tag's in the plant file, or what you write here; limits of alarms are none.",
};

/** Whether a measured value stays in control: its chart with limits and broken rules, and its capability. */
@customElement("isthmus-control")
export class Control extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) units: readonly EquipmentInfo[] = [];
  @property({ attribute: false }) query = new URLSearchParams();
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  private readonly answer = new Resource<ControlAnswer>(this, () => this.address(), { keep: true });

  /** What measures something, those with a specification first. */
  private get tags(): TagInfo[] {
    const found = this.units.flatMap((unit) => this.site.tagsOf(unit)).filter((tag) => tag.kind === "number" && !tag.counter);
    return found.sort((one, other) => Number(Boolean(other.specification)) - Number(Boolean(one.specification)));
  }

  private get tag(): TagInfo | undefined {
    const { tags } = this;
    return tags.find((tag) => tag.path === this.query.get("tag")) ?? tags[0];
  }

  private get size(): number {
    return SIZES.find((size) => String(size) === this.query.get("size")) ?? 5;
  }

  private limit(name: "lower" | "upper"): number | undefined {
    const text = this.query.get(name);
    return text && Number.isFinite(Number(text)) ? Number(text) : this.tag?.specification?.[name === "lower" ? 0 : 1];
  }

  private address(): string | undefined {
    const [from, to] = [this.from, this.to].map((time) => Math.floor(time / MINUTE) * MINUTE) as [number, number];
    return this.tag && to > from ? address("/api/spc", { tag: this.tag.path, from, to, size: this.size, every: Math.max(60, Math.round((to - from) / SUBGROUPS / MINUTE) * 60), lower: this.limit("lower"), upper: this.limit("upper") }) : undefined;
  }

  override render() {
    const { value, load } = this.answer;
    const { tag } = this;
    const blank = !tag ? { title: "Nothing is measured", text: "bind a tag that measures a number" } : value && !value.charts.length ? { title: "Too few values", text: `${value.count} in this window; a chart has two points at least` } : undefined;
    return html`<isthmus-card heading="In control" sub=${value ? `${tail(value.path)}, ${number(value.count, 0)} values` : ""} .why=${WHY} .load=${tag ? load : { state: "ready" }} ?hollow=${!value} .blank=${blank}>
      ${this.form()}${value && value.charts.length ? this.told(value, tag) : nothing}</isthmus-card>`;
  }

  private form() {
    const { tag } = this;
    const pick = (name: string) => (event: Event) => setQuery({ [name]: (event.target as HTMLInputElement).value || undefined, ...(name === "tag" ? { lower: undefined, upper: undefined } : {}) });
    return html`<div class="toolbar"><select class="field" aria-label="Tag" @change=${pick("tag")}>${this.tags.map((one) => html`<option value=${one.path} ?selected=${one === tag}>${tail(one.path)}</option>`)}</select>
      <label class="small">subgroup of <select class="field" @change=${pick("size")}>${SIZES.map((size) => html`<option value=${size} ?selected=${size === this.size}>${size}</option>`)}</select></label>
      ${(["lower", "upper"] as const).map((name) => html`<label class="small">${name} limit <input class="field num" type="number" step="any" style="width:84px" .value=${String(this.limit(name) ?? "")} @change=${pick(name)} /></label>`)}</div>`;
  }

  private told(found: ControlAnswer, tag: TagInfo | undefined) {
    const digits = tag ? digitsOf(tag) : 2;
    const signals = found.charts.flatMap((chart) => chart.signals.map((signal) => ({ chart, signal, time: chart.time[signal.at] ?? 0 })));
    const indices = (["cp", "cpk", "pp", "ppk"] as const).map((key) => html`<span class="nowrap"><span class="muted">${key[0]!.toUpperCase()}${key.slice(1)}</span> <b class="num">${number(found[key], 2)}</b></span>`);
    const broken = new Set(signals.map(({ chart, signal }) => `${chart.kind} ${signal.at}`)).size;
    const kept = broken ? `${broken} ${broken === 1 ? "point breaks" : "points break"} a rule` : "in control: no rule is broken";
    return html`<div class="row wrap small indices">${indices}<span class="muted">mean ${number(found.mean, digits)} ${found.unit}, sigma within ${number(found.within, digits + 1)}; ${kept}</span></div>
      ${found.charts.map((chart) => html`<isthmus-control-chart .chart=${chart} .digits=${digits} .unit=${found.unit} .limits=${chart.kind === "ranges" ? [] : [found.lower, found.upper]}></isthmus-control-chart>`)}
      ${signals.length ? html`<details class="as-table"><summary class="small">Broken rules as a table</summary><div class="scroll-x"><table class="data"><thead><tr><th>When</th><th>Chart</th><th class="e">Rule</th><th>What it says</th></tr></thead><tbody>${signals.slice(-SIGNALS).reverse().map(({ chart, signal, time }) => html`<tr><td class="nowrap">${clock.moment(time)}</td><td>${chart.kind}</td><td class="e">${signal.rule}</td><td>${signal.says}</td></tr>`)}</tbody></table></div></details>` : nothing}
      <a class="why" href="/explore?pens=${found.path}&range=${rangeText(this.from, this.to)}">samples of the tag</a>`;
  }
}

/** One chart: points, centre, limits, specification; what breaks a rule is ringed with the rule's number. */
@customElement("isthmus-control-chart")
export class ControlChart extends Picture {
  @property({ attribute: false }) chart!: Chart;
  @property({ attribute: false }) limits: readonly (number | null)[] = [];
  @property({ type: Number }) digits = 2;
  @property() unit = "";

  override render() {
    const { width, height, chart } = this;
    if (width < 160 || height < 80 || chart.points.length < 2) return nothing;
    const spec = this.limits.filter((limit): limit is number => limit !== null);
    const lines = [chart.lower, chart.upper, ...spec];
    const low = Math.min(...chart.points, ...lines);
    const high = Math.max(...chart.points, ...lines);
    const pad = (high - low || 1) * 0.06;
    const [left, right, base] = [52, width - 46, height - 20];
    const x = linear(chart.time[0]!, chart.time.at(-1)!, left, right);
    const y = linear(low - pad, high + pad, base, 8);
    const first = new Map<number, number>();
    for (const signal of chart.signals) if (!first.has(signal.at)) first.set(signal.at, signal.rule);
    const line = (at: number, kind: string, word: string) => svg`<path class=${kind} d="M${left} ${y(at)}H${right}"/><text x=${right + 4} y=${y(at) + 4}>${word}</text>`;
    return html`<svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.kind}: ${chart.points.length} points, centre ${number(chart.centre, this.digits)} ${this.unit}, limits ${number(chart.lower, this.digits)} to ${number(chart.upper, this.digits)}, ${first.size} points break a rule">
      ${ticks(low, high, Math.max(2, Math.floor(height / 50))).map((at) => svg`<path class="grid" d="M${left} ${Math.round(y(at)) + 0.5}H${right}"/><text class="e" x=${left - 6} y=${y(at) + 4}>${number(at, this.digits)}</text>`)}
      ${line(chart.centre, "axis", "mean")}${line(chart.upper, "pen2 dash", "UCL")}${line(chart.lower, "pen2 dash", "LCL")}
      ${spec.map((limit) => svg`<path class="pen" d="M${left} ${y(limit)}H${right}"/><text x=${right + 4} y=${y(limit) + 4}>spec</text>`)}
      <path class="pen2" d=${chart.points.map((point, at) => `${at ? "L" : "M"}${x(chart.time[at]!).toFixed(1)} ${y(point).toFixed(1)}`).join("")} />
      ${[...first].map(([at, rule]) => svg`<g><title>${clock.moment(chart.time[at]!)}: rule ${rule}</title><circle class="hol" cx=${x(chart.time[at]!)} cy=${y(chart.points[at]!)} r="6"/><text class="v m" style="font-size:9px" x=${x(chart.time[at]!)} y=${y(chart.points[at]!) + 3}>${rule}</text></g>`)}
      <path class="axis" d="M${left} ${base + 0.5}H${right}"/>${timeAxis(chart.time[0]!, chart.time.at(-1)!, Math.max(2, Math.floor((right - left) / 90))).map(({ time, label }) => svg`<text class="m" x=${x(time)} y=${base + 15}>${label}</text>`)}</svg>`;
  }
}
