import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Bottleneck, Performance } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { setQuery } from "../app/route";
import { type Site, lacking } from "../app/site";
import { number } from "../draw/number";
import { type LossUnit } from "../parts/pareto";
import { Part } from "../parts/part";
import { legend } from "../parts/state-ribbon";
import "../parts/card";
import "../parts/figure";
import "../parts/gantt";
import "../parts/pareto";
import "../parts/waterfall";
import "../parts/window-switch";

const WINDOWS = ["hour", "shift", "day", "week"] as const;
const REFRESH_MS = 15_000;
const MINUTE_MS = 60_000;

/** The performance page: what did we lose? */
@customElement("isthmus-performance-page")
export class PerformancePage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly answer = new Resource<Performance>(this, () => (this.line ? address("/api/performance", { line: this.line.path, window: this.window }) : undefined), { every: () => REFRESH_MS });
  private readonly limit = new Resource<Bottleneck>(this, () => this.limitAddress(), { keep: true });

  private limitAddress(): string | undefined {
    const value = this.answer.value;
    if (!this.line || !value?.ribbons.length) return undefined;
    const [from, to] = [value.start, value.end].map((time) => Math.floor(time / MINUTE_MS) * MINUTE_MS);
    return address("/api/bottleneck", { line: this.line.path, from, to });
  }

  private get line() {
    return this.site.line(this.query.get("line"));
  }

  private get window(): string {
    return WINDOWS.find((name) => name === this.query.get("window")) ?? "shift";
  }

  override render() {
    if (!this.line) return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>This plant has no line yet</b><span>Give a work center a <code>flow</code> in plant.yaml.</span></div></isthmus-card></main>`;
    return html`<main id="page" class="fit performance" tabindex="-1"><isthmus-window .site=${this.site} .windows=${WINDOWS} .chosen=${this.window} .line=${this.line.path}></isthmus-window>
      ${this.figures()}<div class="two">${this.time()}${this.losses()}</div>${this.states()}</main>`;
  }

  private figures() {
    const { value, load } = this.answer;
    return html`<isthmus-card class="figures oee" .load=${load} ?hollow=${!value}>${value ? html`
      <isthmus-figure .kpi=${value.oee} size="xl" .lacks=${lacking(this.site, this.line, "oee")}></isthmus-figure><span class="op">=</span><isthmus-figure .kpi=${value.availability}></isthmus-figure><span class="op">×</span>
      <isthmus-figure .kpi=${value.effectiveness}></isthmus-figure><span class="op">×</span><isthmus-figure .kpi=${value.quality}></isthmus-figure>
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
    const lacks = lacking(this.site, this.line, "oee");
    const blank = value && losses.length === 0 ? lacks ? { title: "No loss is known", text: lacks } : { title: "Nothing was lost", text: "no stop, no slow running and no scrap in this window" } : undefined;
    const units: [LossUnit, string][] = [["minutes", "minutes"], ["pieces", "pieces"], ...(priced ? [["money", this.site.info.currency] as [LossUnit, string]] : [])];
    const action = html`<span class="seg" role="group" aria-label="Unit">${units.map(([name, title]) => html`<button aria-pressed=${name === unit} @click=${() => setQuery({ losses: name })}>${title}</button>`)}</span>`;
    const total = losses.reduce((sum, loss) => sum + loss.minutes, 0);
    return html`<isthmus-card heading="Losses" sub="${number(total, 1)} min, largest first" .action=${action} .load=${load} ?hollow=${!value} .blank=${blank}>
      ${losses.length ? html`<isthmus-pareto .losses=${losses} .unit=${unit} .currency=${this.site.info.currency}></isthmus-pareto>` : nothing}</isthmus-card>`;
  }

  private states() {
    const { value, load } = this.answer;
    const blank = value && value.ribbons.length === 0 ? { title: "No unit reports a state", text: lacking(this.site, this.line, "oee") || "no unit has reported one in this window" } : undefined;
    const sub = value ? `${clock.weekday(value.start)} ${clock.minute(value.start)} to ${clock.minute(value.end)}${limiting(this.limit.value)}` : "";
    return html`<isthmus-card heading="States of every unit" sub=${sub} .action=${html`<span class="hide-s">${legend()}</span>`} .load=${load} ?hollow=${!value} .blank=${blank}>
      <isthmus-gantt style="flex:none;height:${(value?.ribbons.length ?? 5) * 36 + 24}px" .rows=${value?.ribbons ?? []} .from=${value?.start ?? 0} .to=${value?.end ?? 0}></isthmus-gantt></isthmus-card>`;
  }
}

/** Which unit limits the line, by active periods and by the turning point. */
function limiting(found: Bottleneck | undefined): string {
  const first = found?.units[0];
  if (!found || !first || first.percent === 0) return "";
  const turning = found.turning_point && found.plain && found.turning_point !== first.unit ? `, waiting turns at ${found.turning_point}` : "";
  return `; ${first.unit} limits the line ${number(first.percent, 0)} % of the time${turning}`;
}
