import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Performance, Period, StopsInfo } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { fromTo } from "../app/clock";
import { FollowOutbox } from "../app/outbox";
import { setQuery } from "../app/route";
import { type Site, lacking } from "../app/site";
import { ChosenWindow, WINDOWS } from "../app/window";
import { number } from "../draw/number";
import { explained } from "../parts/explained";
import { type LossUnit } from "../parts/pareto";
import { Part } from "../parts/part";
import { legend } from "../parts/state-ribbon";
import "../parts/card";
import "../parts/control";
import "../parts/cycle-times";
import "../parts/explained";
import "../parts/figure";
import "../parts/gantt";
import "../parts/limiting";
import "../parts/outbox";
import "../parts/pareto";
import "../parts/reasons";
import "../parts/side-by-side";
import "../parts/stop-sheet";
import "../parts/waterfall";
import "../parts/window-switch";

const REFRESH_MS = 15_000;
const MINUTE_MS = 60_000;
const MINUTE_S = 60;
const REASONS = {
  "what counts": "Planned time in which a unit stood by its own fault: breakdowns and short stops of every unit, not time in which it waited for another one.",
  "who says so": "What a person said goes before what the machine told; where neither says enough, the likely reason is shown as such. A stop opens its card with all that speaks for it.",
};
const FACTORS = [["availability", "="], ["effectiveness", "×"], ["quality", "×"]] as const;
const IDS = { oee: "oee_index", availability: "availability", effectiveness: "effectiveness", quality: "quality_ratio" } as const;

/** The performance page: what did we lose? */
@customElement("isthmus-performance-page")
export class PerformancePage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly chosen: ChosenWindow = new ChosenWindow(this, () => this.query, () => this.line?.path);
  private readonly answer: Resource<Performance> = new Resource<Performance>(this, () => (this.line && this.chosen.value.ask ? address("/api/performance", { line: this.line.path, ...this.chosen.value.ask }) : undefined), { every: () => (this.chosen.value.ended ? MINUTE_MS : REFRESH_MS) });
  private readonly stops = new Resource<StopsInfo>(this, () => this.within("/api/stops", { path: this.line?.path }), { keep: true });
  private readonly orders = new Resource<Period[]>(this, () => this.within("/api/periods", { line: this.line?.path, kind: "order" }), { keep: true });
  private readonly shifts = new Resource<Period[]>(this, () => this.within("/api/periods", { line: this.line?.path, kind: "shift" }), { keep: true });

  protected readonly words = new FollowOutbox(this, () => {
    this.stops.again();
    this.answer.again();
  });

  /** A question about the window that is shown, by whole minutes. */
  private within(path: string, query: Record<string, string | undefined>): string | undefined {
    const value = this.answer.value;
    if (!this.line || !value?.ribbons.length || !(value.end > value.start)) return undefined;
    const [from, to] = [value.start, value.end].map((time) => Math.floor(time / MINUTE_MS) * MINUTE_MS) as [number, number];
    return to > from ? address(path, { ...query, from, to }) : undefined;
  }

  private get line() {
    return this.site.line(this.query.get("line"));
  }

  override render() {
    if (!this.line) return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>This plant has no line yet</b><span>Give a work center a <code>flow</code> in plant.yaml.</span></div></isthmus-card></main>`;
    const { name, ask, lacks, ended } = this.chosen.value;
    const choice = html`<isthmus-window .site=${this.site} .windows=${WINDOWS} .chosen=${name} .line=${this.line.path} past .range=${name ? "" : this.query.get("range") ?? ""}></isthmus-window>`;
    if (!ask) return html`<main id="page" class="performance" tabindex="-1">${choice}<isthmus-card .load=${this.chosen.load} .blank=${lacks ? { title: name === "order" ? "No order to tell of" : "No shift to tell of", text: lacks } : undefined}></isthmus-card></main>`;
    const units = this.site.unitsOf(this.line);
    const { start = 0, end = 0 } = this.answer.value ?? {};
    return html`<main id="page" class="performance" tabindex="-1">${choice}<isthmus-outbox></isthmus-outbox>
      ${this.figures()}<div class="two first">${this.time()}${this.losses()}</div>${this.states()}
      <isthmus-side-by-side .path=${this.line.path} .query=${this.query} .until=${ended}></isthmus-side-by-side>
      <isthmus-limiting .site=${this.site} .line=${this.line} .units=${units} .until=${ended}></isthmus-limiting>
      <div class="two"><isthmus-cycle-times .site=${this.site} .units=${units.filter((unit) => this.site.tagsOf(unit).some((tag) => tag.role === "good_count"))} .query=${this.query} .from=${start} .to=${end} .ideal=${this.line.ideal_rate_per_min ? 60 / this.line.ideal_rate_per_min : null}></isthmus-cycle-times>
        <isthmus-control .site=${this.site} .units=${units} .query=${this.query} .from=${start} .to=${end}></isthmus-control></div>
      <isthmus-explained></isthmus-explained><isthmus-stop-sheet .site=${this.site}></isthmus-stop-sheet></main>`;
  }

  private figures() {
    const { value, load } = this.answer;
    const how = (key: keyof typeof IDS, title: string) => value && this.line ? explained("how is this computed", title, { path: this.line.path, kpi: IDS[key], from: value.start, to: value.end }, "why") : nothing;
    return html`<isthmus-card class="figures oee" .load=${load} ?hollow=${!value}>${value ? html`
      <div class="told"><isthmus-figure .kpi=${value.oee} size="xl" .lacks=${lacking(this.site, this.line, "oee")}></isthmus-figure>${how("oee", value.oee.title)}</div>
      ${FACTORS.map(([key, sign]) => html`<span class="op">${sign}</span><div class="told"><isthmus-figure .kpi=${value[key]}></isthmus-figure>${how(key, value[key].title)}</div>`)}
      <div class="fig"><div class="small muted">Pieces</div><div class="b" style="font-size:20px;line-height:1.4">${number(value.good, 0)} good</div><div class="small muted">${number(value.scrap, 0)} scrap of ${number(value.produced, 0)}</div>
        <div class="small muted">good data ${number(value.data_percent, 1)} % of the window</div></div>` : nothing}</isthmus-card>`;
  }

  private time() {
    const { value, load } = this.answer;
    const blank = value && !value.waterfall.some((step) => step.minutes > 0) ? { title: "No time to account for", text: lacking(this.site, this.line, "oee") || "the unit has reported no state in this window" } : undefined;
    const notes = value?.notes.length ? html`<ul class="small muted">${value.notes.map((note) => html`<li>${note}</li>`)}</ul>` : nothing;
    return html`<isthmus-card heading="Where the time went" sub="minutes; filled: kept, hollow: lost" .why=${value?.why} .load=${load} ?hollow=${!value} .blank=${blank}>
      <isthmus-waterfall .times=${value?.waterfall ?? []}></isthmus-waterfall>${notes}</isthmus-card>`;
  }

  private losses() {
    const { value, load } = this.answer;
    const losses = value?.losses ?? [];
    const priced = losses.some((loss) => loss.money !== null);
    const asked = this.query.get("losses") as LossUnit | null;
    const unit: LossUnit = asked === "pieces" || (asked === "money" && priced) ? asked : "minutes";
    const reasons = this.query.get("losses") === "reasons";
    const lacks = lacking(this.site, this.line, "oee");
    const blank = value && losses.length === 0 ? lacks ? { title: "No loss is known", text: lacks } : { title: "Nothing was lost", text: "no stop, no slow running and no scrap in this window" } : undefined;
    const units: [LossUnit, string][] = [["minutes", "minutes"], ["pieces", "pieces"], ...(priced ? [["money", this.site.info.currency] as [LossUnit, string]] : [])];
    const action = html`<span class="seg" role="group" aria-label="Unit">${units.map(([name, title]) => html`<button aria-pressed=${!reasons && name === unit} @click=${() => setQuery({ losses: name })}>${title}</button>`)}<button aria-pressed=${reasons} @click=${() => setQuery({ losses: "reasons" })}>reasons</button></span>`;
    const total = losses.reduce((sum, loss) => sum + loss.minutes, 0);
    if (reasons) return this.reasons(action);
    return html`<isthmus-card heading="Losses" sub="${number(total, 1)} min, largest first" .why=${value?.why} .action=${action} .load=${load} ?hollow=${!value} .blank=${blank}>
      ${losses.length ? html`<isthmus-pareto .losses=${losses} .unit=${unit} .currency=${this.site.info.currency}></isthmus-pareto>` : nothing}</isthmus-card>`;
  }

  /** What stops by own fault cost, by reason. */
  private reasons(action: TemplateResult) {
    const { value, load } = this.stops;
    const blank = value && !value.reasons.length ? { title: "No unit stood by its own fault", text: "in planned time of this window" } : undefined;
    const asked = this.answer.value ? load : this.answer.load;
    const total = value?.reasons.reduce((sum, row) => sum + row.said + row.told + row.likely + row.unknown, 0) ?? 0;
    return html`<isthmus-card heading="Reasons of stops" sub="${number(total / MINUTE_S, 1)} min by own fault, all units" .action=${action} .why=${REASONS} .load=${asked} ?hollow=${!value} .blank=${blank}>
      ${value?.reasons.length ? html`<isthmus-reasons .reasons=${value.reasons}></isthmus-reasons>` : nothing}</isthmus-card>`;
  }

  private states() {
    const { value, load } = this.answer;
    const blank = value && value.ribbons.length === 0 ? { title: "No unit reports a state", text: lacking(this.site, this.line, "oee") || "no unit has reported one in this window" } : undefined;
    const sub = value ? fromTo(value.start, value.end) : "";
    return html`<isthmus-card heading="States of every unit" sub=${sub} .action=${html`<span class="hide-s">${legend()}</span>`} .load=${load} ?hollow=${!value} .blank=${blank}>
      <isthmus-gantt .rows=${value?.ribbons ?? []} .from=${value?.start ?? 0} .to=${value?.end ?? 0} .stops=${this.stops.value?.stops ?? []} .orders=${this.orders.value ?? []} .shifts=${this.shifts.value ?? []}></isthmus-gantt></isthmus-card>`;
  }
}
