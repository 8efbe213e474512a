import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Energy, EnergyForecast, EnergySplit, MeasureVerified, MeterTree } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { type Site, assetHref } from "../app/site";
import { number, signed } from "../draw/number";
import { qualityOf, reasonOf } from "../draw/quality";
import { metersTable, ordersTable, statesTable, wasteTable } from "../parts/energy-tables";
import { marker } from "../parts/marker";
import { Part } from "../parts/part";
import "../parts/card";
import "../parts/energy-charts";
import "../parts/figure";
import "../parts/value";
import "../parts/window-switch";

const WINDOWS = ["day", "week", "month"] as const;
const REFRESH_MS = 20_000;
const MINUTE_MS = 60_000;
const MEASURES_MS = 300_000;
const HOUR = 3_600_000;

/** The energy page: does the pilot pay? */
@customElement("isthmus-energy-page")
export class EnergyPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly answer = new Resource<Energy>(this, () => (this.line ? address("/api/energy", { line: this.line.path, window: this.window }) : undefined), { every: () => REFRESH_MS });

  private readonly ahead = new Resource<EnergyForecast>(this, () => (this.line ? address("/api/energy/forecast", { line: this.line.path }) : undefined), { every: () => REFRESH_MS });

  private readonly judged: Resource<MeasureVerified[]> = new Resource<MeasureVerified[]>(this, () => (this.line ? address("/api/energy/measures", { line: this.line.path }) : undefined), { every: () => (this.judged?.value?.every((one) => one.days.length) ? MEASURES_MS : REFRESH_MS) });

  private readonly split = new Resource<EnergySplit>(this, () => (this.line ? address("/api/energy/split", { path: this.line.path, window: this.window }) : undefined), { every: () => MINUTE_MS });

  private readonly tree = new Resource<MeterTree>(this, () => (this.line ? address("/api/energy/meters", { line: this.line.path, window: this.window }) : undefined), { every: () => MINUTE_MS });

  private get line() {
    return this.site.line(this.query.get("line"));
  }

  private get window(): string {
    return WINDOWS.find((name) => name === this.query.get("window")) ?? "day";
  }

  override render() {
    if (!this.line) return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>This plant has no line yet</b><span>Give a work center a <code>flow</code> and an <code>energy_meter</code> in plant.yaml.</span></div></isthmus-card></main>`;
    const { value } = this.answer;
    return html`<main id="page" class="fit energy" tabindex="-1"><div class="row between"><isthmus-window .site=${this.site} .windows=${WINDOWS} .chosen=${this.window} .line=${this.line.path}></isthmus-window>
        ${value?.notes.length ? html`<span class="small muted clip" title=${value.notes.join(" ")}>${value.notes.join(" ")}</span>` : nothing}</div>
      ${this.figures()}${(this.judged.value ?? []).map((measure) => this.pilot(measure))}<div class="tc">${this.perPiece()}${this.cusum()}</div><div class="bmx">${this.profile()}${this.baseline()}${this.meters()}</div><div class="ev">${this.states()}${this.waste()}</div><div class="ev">${this.orders()}${this.meterTree()}</div><div class="tc">${this.forecast()}${this.moves()}</div></main>`;
  }

  private figures() {
    const { value, load } = this.answer;
    return html`<isthmus-card class="figures barless" .load=${load} ?hollow=${!value}>${value ? html`<isthmus-figure .kpi=${value.per_piece} size="xl"></isthmus-figure>${[value.baseline_per_piece, value.saved, value.money, value.co2, value.base_load].map((kpi) => html`<isthmus-figure .kpi=${kpi}></isthmus-figure>`)}` : nothing}</isthmus-card>`;
  }

  /** Whole hours only: an hour just begun compares a part with a whole. */
  private get hours() {
    const value = this.answer.value;
    return value ? value.hours.filter((hour) => hour.start >= value.start && hour.start + HOUR <= value.end) : [];
  }

  private perPiece() {
    const { value, load } = this.answer;
    const hours = this.hours;
    const blank = value && !hours.some((hour) => hour.kwh_per_piece !== null) ? { title: "No hour with both energy and pieces yet", text: "the first point appears when a whole hour has passed" } : undefined;
    return html`<isthmus-card heading="kWh per piece, by hour" sub="light: baseline hours; band: expected at the same output, 95 %" .why=${value?.why} .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-per-piece .hours=${hours}></isthmus-per-piece></isthmus-card>`;
  }

  private cusum() {
    const { value, load } = this.answer;
    const hours = this.hours;
    const blank = value && !hours.some((hour) => hour.cusum_kwh !== null) ? { title: "Nothing to compare with yet", text: "needs a baseline and hours after it" } : undefined;
    return html`<isthmus-card heading="CUSUM" sub="kWh used minus expected; falls = saves" .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-cusum .hours=${hours}></isthmus-cusum></isthmus-card>`;
  }

  private forecast() {
    const { value, load } = this.ahead;
    const blank = value && value.kw.length === 0 ? { title: "Nothing to forecast from yet", text: value.notes[0] ?? "" } : undefined;
    return html`<isthmus-card heading="The next 24 h" sub=${value ? foreseen(value) : ""} .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-ahead .forecast=${value}></isthmus-ahead>
      ${value?.notes.length ? html`<div class="tiny muted">${value.notes.join(" ")}</div>` : nothing}</isthmus-card>`;
  }

  private moves() {
    const { value, load } = this.ahead;
    const moves = value?.moves ?? [];
    const blank = value && moves.length === 0 ? { title: "Nothing worth moving", text: value.notes.at(-1) ?? "" } : undefined;
    return html`<isthmus-card heading="Worth moving" sub="an hour of work each, best first" .load=${load} ?hollow=${!value} .blank=${blank}><div class="scroll" tabindex="0"><table>
      <thead><tr><th>Machine</th><th class="num">From</th><th class="num">To</th><th class="num">kWh</th><th class="num">Saves ${value?.currency}</th><th class="num">Peak kW</th></tr></thead>
      <tbody>${moves.map((move) => html`<tr><td class="nowrap"><a href=${assetHref(move.path)}>${move.title}</a></td><td class="num">${clock.minute(move.start)}</td><td class="num">${clock.minute(move.to)}</td><td class="num">${number(move.kwh, 1)}</td><td class="num">${number(move.money, 2)}</td><td class="num">${move.peak_kw > 0 ? signed(-move.peak_kw, 1) : "—"}</td></tr>`)}</tbody></table></div></isthmus-card>`;
  }

  private states() {
    const { value, load } = this.split;
    return html`<isthmus-card heading="Where the energy went" sub="by what the line did" .why=${value ? { states: value.why } : undefined} .load=${load} ?hollow=${!value} .blank=${this.unsplit(value)}>${value ? statesTable(value) : nothing}${value?.total && value.notes.length ? html`<div class="tiny muted">${value.notes.join(" ")}</div>` : nothing}</isthmus-card>`;
  }

  private orders() {
    const { value, load } = this.split;
    return html`<isthmus-card heading="Energy by order" sub="newest first" .load=${load} ?hollow=${!value} .blank=${this.unsplit(value)}>${value ? ordersTable(value) : nothing}</isthmus-card>`;
  }

  private waste() {
    const { value, load } = this.split;
    const blank = value && value.machines.length === 0 ? { title: "No machine tells both energy and state", text: "give machines tags with the roles energy or power, and state" } : undefined;
    return html`<isthmus-card heading="Idle waste by machine" sub="drawn while it makes nothing" .load=${load} ?hollow=${!value} .blank=${blank}>${value ? wasteTable(value) : nothing}</isthmus-card>`;
  }

  private meterTree() {
    const { value, load } = this.tree;
    const blank = value && value.meters.length === 0 ? { title: "No meter is computed", text: value.notes[0] ?? "" } : undefined;
    return html`<isthmus-card heading="Meters" sub="whole before part; kWh of whole hours" .load=${load} ?hollow=${!value} .blank=${blank}>${value ? metersTable(value, this.site) : nothing}</isthmus-card>`;
  }

  private unsplit(value: EnergySplit | undefined) {
    return value && value.total === null ? { title: "Nothing to split yet", text: value.notes[0] ?? "" } : undefined;
  }

  /** The goal of a measure: reached or not, and how likely the true saving is so much. */
  private goal(measure: MeasureVerified) {
    const { goal_percent: goal, goal_probability: chance, percent } = measure;
    if (goal === null) return nothing;
    const sure = chance === null ? "" : chance < 0.01 ? "< 0.01" : chance > 0.99 ? "> 0.99" : number(chance, 2);
    const stands = chance === null || percent === null ? "not known yet" : `${percent >= goal ? "reached" : "not reached"}, probability ${sure}`;
    return html`<div class="small"><b>Goal ${number(goal, Number.isInteger(goal) ? 0 : 1)} %${measure.goal_by ? ` by ${measure.goal_by}` : ""}: ${stands}</b></div>`;
  }

  /** One measure: what it saved, in energy, money and CO2, each with its margin, and how that grew. */
  private pilot(measure: MeasureVerified) {
    const amounts: [string, MeasureVerified["kwh"], string, number][] = [["Saved", measure.kwh, "kWh", 0], ["in money", measure.money, measure.currency, 2], ["in CO2", measure.co2_kg, "kg", 0]];
    const share = measure.percent === null ? "" : `${number(measure.percent, 1)} % of what the baseline expects of ${measure.hours} h`;
    const figures = amounts.map(([title, amount, unit, digits], row) => ({ key: unit, title, value: amount?.value ?? null, unit, digits, detail: amount ? `± ${number(amount.margin, digits)} (95 %)${row === 0 ? `, ${share}` : ""}` : "not known yet", formula: measure.why }));
    const blank = measure.days.length ? undefined : { title: "Nothing to verify yet", text: measure.notes[0] ?? "" };
    return html`<isthmus-card class="pilot" heading=${measure.title} sub=${`since ${clock.day(measure.start)}, against ${clock.day(measure.baseline_start)} to ${clock.day(measure.baseline_end - 1)}`} .why=${{ saved: measure.why }} .blank=${blank}>
      <div class="pilot-row"><div class="figures">${figures.map((kpi) => html`<isthmus-figure .kpi=${kpi}></isthmus-figure>`)}</div><isthmus-saved .measure=${measure}></isthmus-saved><div class="scroll" tabindex="0"><table>
      <thead><tr><th>kWh an hour of</th><th class="num">Value</th><th class="num">± error</th><th class="num">p</th></tr></thead>
      <tbody>${measure.terms.map((term) => html`<tr><td>${term.name}</td><td class="num">${term.value.toPrecision(4)}</td><td class="num">${term.error.toPrecision(2)}</td><td class="num">${term.p < 0.001 ? "< 0.001" : number(term.p, 3)}</td></tr>`)}</tbody></table>
      ${this.goal(measure)}<div class="tiny muted">R² ${number(measure.r2, 2)}, CV(RMSE) ${number(measure.cv_percent, 1)} %; ${measure.baseline_hours} h, worth ${number(measure.effective_hours, 0)} independent ones. ${measure.notes.join(" ")}</div></div></div></isthmus-card>`;
  }

  private profile() {
    const { value, load } = this.answer;
    const now = value?.profile["now"] ?? [];
    const blank = value && !now.some((one) => one !== null) ? { title: "No power measured", text: "set energy_meter of the line in plant.yaml" } : undefined;
    return html`<isthmus-card heading="Load of a day" sub="kW, mean" .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-profile .columns=${value?.profile ?? {}}></isthmus-profile></isthmus-card>`;
  }

  private baseline() {
    const { value, load } = this.answer;
    const fit = value?.baseline ?? null;
    const blank = value && !fit ? { title: "No baseline yet", text: value.notes[0] ?? "it needs whole hours with different output" } : undefined;
    return html`<isthmus-card heading="Baseline model" sub=${fit ? `kWh an hour by output; R² ${number(fit.r2, 2)}, CV ${number(fit.cv_percent, 1)} %` : ""} .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-baseline .hours=${this.hours} .fit=${fit}></isthmus-baseline></isthmus-card>`;
  }

  private meters() {
    const { value, load } = this.answer;
    const meters = value?.meters ?? [];
    const blank = value && meters.length === 0 ? { title: "No machine has a meter", text: "give machines a tag with role: power" } : undefined;
    return html`<isthmus-card heading="Where the power goes" sub="now; kWh of the window" .load=${load} ?hollow=${!value} .blank=${blank}><div class="scroll" tabindex="0"><table>
      <thead><tr><th>Meter</th><th class="num">Now</th><th class="num">Expected</th><th class="num">Difference</th><th class="num">kWh</th></tr></thead>
      <tbody>${meters.map((meter) => {
        const quality = qualityOf(meter.quality, meter.kw);
        const difference = meter.kw !== null && meter.expected_kw ? (100 * (meter.kw - meter.expected_kw)) / meter.expected_kw : null;
        return html`<tr><td class="nowrap">${this.site.equipment.has(meter.path) ? html`<a href=${assetHref(meter.path)}>${meter.title}</a>` : meter.title} ${quality === "stale" || quality === "bad" ? marker(4) : nothing}</td>
          <td class="num"><isthmus-value size="s" .value=${meter.kw} unit="kW" .quality=${quality} .reason=${reasonOf(meter.quality)}></isthmus-value></td>
          <td class="num">${number(meter.expected_kw, 1)}</td><td class="num nowrap">${difference === null ? "—" : `${signed(difference, 1)} %`}</td><td class="num">${number(meter.kwh, 1)}</td></tr>`;
      })}</tbody></table></div></isthmus-card>`;
  }
}

/** Peak with its interval, energy, money and CO2 of the coming day, in a line; what is not known is left out. */
function foreseen(value: EnergyForecast): string {
  const between = value.peak_low === null ? "" : ` (80 %: ${number(value.peak_low, 1)} to ${number(value.peak_high, 1)})`;
  const peak = value.peak_kw === null ? [] : [`peak ${number(value.peak_kw, 1)} kW${between} about ${clock.minute(value.peak_at ?? value.now)}`];
  const total = value.kwh === null ? [] : [`${number(value.kwh, 0)} kWh, ${number(value.money, 2)} ${value.currency}, ${number(value.co2_kg, 0)} kg CO2`];
  return [...peak, ...total].join("; ");
}
