import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { address } from "../api/get";
import type { Kpi, Look, Overview } from "../api/contract";
import { LiveTags, live } from "../api/live";
import { Resource } from "../api/resource";
import { brief, clock, when } from "../app/clock";
import { type Site, lacking } from "../app/site";
import { number } from "../draw/number";
import { Part } from "../parts/part";
import { legend } from "../parts/state-ribbon";
import { lookNow } from "../parts/unit";
import "../parts/attention";
import "../parts/card";
import "../parts/chart";
import "../parts/figure";
import "../parts/machines";
import "../parts/unit";

const REFRESH_MS = 5000;

/** The plant page: is anything wrong? */
@customElement("isthmus-plant-page")
export class PlantPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly overview = new Resource<Overview>(this, () => (this.line ? address("/api/overview", { line: this.line.path }) : undefined), { every: () => REFRESH_MS });
  protected readonly follow = new LiveTags(this, () => this.units.flatMap((unit) => [unit.state, unit.cause]).filter((tag) => tag !== null));

  private get line() {
    return this.site.line(this.query.get("line"));
  }

  private get units() {
    return this.line ? this.site.unitsOf(this.line) : [];
  }

  override render() {
    const { line } = this;
    if (!line) {
      return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>This plant has no line yet</b>
        <span>Give a work center a <code>flow</code> in plant.yaml, or look at single machines under <a class="link" href="/asset">Asset</a>.</span></div></isthmus-card></main>`;
    }
    return html`<main id="page" class="fit plant" tabindex="-1">${this.figures()}${this.picture()}
      <div class="low">${this.needs()}${this.count()}${this.power()}${this.orders()}</div></main>`;
  }

  private figures() {
    const { value, load } = this.overview;
    return html`<isthmus-card class="figures" .load=${load} ?hollow=${!value}>${value ? html`
      <div class="fig"><div class="small muted">${value.title || value.path}</div><div class="state big ${value.look}">${capital(value.state)}</div>
        <div class="small muted">${value.state_since ? `since ${clock.minute(value.state_since)}, ${brief(clock.now() - value.state_since)}` : ""}</div></div>
      ${value.figures.map((kpi: Kpi) => html`<isthmus-figure .kpi=${kpi} .lacks=${lacking(this.site, this.line, kpi.key)}></isthmus-figure>`)}${this.data()}` : nothing}</isthmus-card>`;
  }

  /** Whether data flows, from the live status. */
  private data() {
    const { status, stale } = live;
    if (!status) return nothing;
    const all = status.links_up === status.links && !stale;
    return html`<div class="fig"><div class="small muted">Links up</div><div class="state big ${all ? "run" : stale || status.links_up === 0 ? "stop" : "part"}">${stale ? "silent" : `${status.links_up} of ${status.links}`}</div>
      <div class="small muted">lag ${number(status.lag_s, 1)} s, lost ${number(status.lost, 0)}</div></div>`;
  }

  private picture() {
    const { line, units } = this;
    const { value } = this.overview;
    if (!line) return nothing;
    const ribbons = new Map(value?.ribbons.map((ribbon) => [ribbon.path, ribbon]));
    const looks = new Map<string, Look>(units.map((unit) => [unit.path, lookNow(unit, this.site, ribbons.get(unit.path)).look]));
    const since = value ? `, states since ${clock.minute(value.shift_start)}` : "";
    return html`<isthmus-card class="line" heading=${line.path.replaceAll("/", " / ")} sub="live values against their normal range${since}" .action=${html`<span class="hide-s">${legend()}</span>`}>
      <isthmus-flow-picture class="hide-s" .units=${units} .looks=${looks}></isthmus-flow-picture>
      <div class="units" style="--units:${units.length}">${units.map((unit) => html`<isthmus-unit class="stack unit" .asset=${unit} .site=${this.site} .ribbon=${ribbons.get(unit.path)} .from=${value?.shift_start ?? 0} .to=${clock.now()}></isthmus-unit>`)}</div>
    </isthmus-card>`;
  }

  private needs() {
    const { value, load } = this.overview;
    const items = [...(value?.attention ?? [])].sort((one, other) => one.priority - other.priority);
    return html`<isthmus-card heading="Needs attention" sub=${items.length ? `${items.length}, most urgent first` : ""} .load=${load} ?hollow=${!value}>
      ${items.length ? html`<isthmus-attention class="scroll" .items=${items}></isthmus-attention>` : html`<div><p class="t15">Nothing.</p><p class="muted">A link that stops, a lost sample, a full disk: what needs a person stands here, with what to do.</p></div>`}</isthmus-card>`;
  }

  private count() {
    const { value, load } = this.overview;
    const columns = value?.count ?? {};
    const time = columns["time"] ?? [];
    const actual = columns["count"] ?? [];
    const plan = columns["plan"] ?? [];
    const last = actual.filter((one) => one !== null).at(-1);
    const tip: [number, number] | undefined = value && typeof last === "number" ? [value.now, last] : undefined;
    const blank = value && !actual.some((one) => one !== null) ? { title: "No piece counted in this shift", text: lacking(this.site, this.line, "quality") || "the line's good count is drawn here against its plan" } : undefined;
    return html`<isthmus-card heading="Count against plan" sub="pieces" .load=${load} ?hollow=${!value} .blank=${blank} .action=${html`<a class="why" href="/performance${this.suffix}">performance</a>`}>
      <isthmus-chart label="good pieces against the plan" time zero digits="0" right="46" .x=${time} .now=${value?.now} .xRange=${value ? [value.shift_start, value.shift_end] : undefined}
        .lines=${[{ name: "good pieces", y: actual, tip, end: last === undefined ? "" : number(last, 0) }, { name: "plan", y: plan, look: "dash", end: "plan" }]}></isthmus-chart></isthmus-card>`;
  }

  private power() {
    const { value, load } = this.overview;
    const columns = value?.power ?? {};
    const kw = columns["kw"] ?? [];
    const tip = tipOf(value, "power");
    const low = columns["low"];
    const high = columns["high"];
    const last = tip?.[1] ?? kw.filter((one) => one !== null).at(-1);
    const blank = value && !kw.some((one) => one !== null) ? { title: "No power measured in this shift", text: lacking(this.site, this.line, "power") || "set energy_meter of the line in plant.yaml" } : undefined;
    return html`<isthmus-card heading="Line power" sub=${low && high ? "kW, band: expected" : "kW"} .load=${load} ?hollow=${!value} .blank=${blank} .action=${html`<a class="why" href="/energy${this.suffix}">energy</a>`}>
      <isthmus-chart label="line power in kW" time zero right="66" .x=${columns["time"] ?? []} .bands=${low && high ? [{ name: "expected", low, high }] : []}
        .lines=${[{ name: "kW", y: kw, tip, end: last === undefined ? "" : `${number(last, 1)} kW` }]}></isthmus-chart></isthmus-card>`;
  }

  private orders() {
    const { value, load } = this.overview;
    const blank = value && value.orders.length === 0 ? { title: "No order is known", text: "orders appear as the machines' events tell of them" } : undefined;
    return html`<isthmus-card heading="Orders" sub="pieces" .load=${load} ?hollow=${!value} .blank=${blank}><div class="scroll" tabindex="0"><table class="fixed orders">
      <thead><tr><th>Order</th><th class="num">Planned</th><th>Due</th></tr></thead>
      <tbody>${value?.orders.map((order) => html`<tr><td><b>${order.order}</b><small>${order.product}</small></td>
        <td class="num nowrap">${number(order.planned, 0)}<small>${order.state === "next" ? "waits" : `${number(order.planned ? (100 * order.done) / order.planned : null, 0)} % done`}</small></td>
        <td>${order.due ? when(order.due) : "—"}<small>${order.start ? `from ${when(order.start)}` : order.state}</small></td></tr>`)}</tbody></table></div></isthmus-card>`;
  }

  private get suffix(): string {
    const line = this.query.get("line");
    return line ? `?line=${line}` : "";
  }
}

/** The end of a line at now, from the figure of that name: slots of the past lag by up to one of them. */
function tipOf(value: Overview | undefined, key: string): [number, number] | undefined {
  const figure = value?.figures.find((kpi) => kpi.key === key)?.value;
  return value && typeof figure === "number" ? [value.now, figure] : undefined;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
