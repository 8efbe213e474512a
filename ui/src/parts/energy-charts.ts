import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Baseline as Fit, EnergyBucket, EnergyForecast, MeasureVerified } from "../api/contract";
import { number, signed } from "../draw/number";
import { Part } from "./part";
import "./chart";

type Column = (number | null)[];

const ratio = (kwh: number | null, pieces: number | null): number | null => (kwh === null || !pieces ? null : kwh / pieces);

/** kWh a piece by hour against what the baseline expects, with its 95 % band. */
@customElement("isthmus-per-piece")
export class PerPiece extends Part {
  @property({ attribute: false }) hours: readonly EnergyBucket[] = [];

  override render() {
    const { hours } = this;
    const busy = Math.max(0, ...hours.map((hour) => hour.pieces ?? 0)) * 0.1;
    // An hour with hardly a piece has no meaningful energy per piece: it would only stretch the scale.
    const kept = (hour: EnergyBucket, kwh: number | null): number | null => ((hour.pieces ?? 0) > busy ? ratio(kwh, hour.pieces) : null);
    const x = hours.map((hour) => hour.start);
    const expected = hours.map((hour) => kept(hour, hour.expected_kwh));
    const start = hours.find((hour, row) => row > 0 && !hour.in_baseline && hours[row - 1]?.in_baseline);
    const points = (baseline: boolean) => ({ name: baseline ? "baseline hours" : "reporting hours", x, y: hours.map((hour): number | null => (hour.in_baseline === baseline ? kept(hour, hour.kwh) : null)), soft: baseline });
    return html`<isthmus-chart label="kWh a piece by hour against the baseline" time digits="4" right="20" .x=${x}
      .lines=${[{ name: "baseline", y: expected, look: "dash" }]} .points=${[points(true), points(false)]} .marks=${start ? [{ at: start.start, name: "baseline ends" }] : []}
      .bands=${[{ name: "baseline, 95 %", low: hours.map((hour) => kept(hour, hour.expected_low)), high: hours.map((hour) => kept(hour, hour.expected_high)) }]}></isthmus-chart>`;
  }
}

/** What was used more or less than expected, summed up; falling saves. */
@customElement("isthmus-cusum")
export class Cusum extends Part {
  @property({ attribute: false }) hours: readonly EnergyBucket[] = [];

  override render() {
    const y: Column = this.hours.map((hour) => hour.cusum_kwh);
    const last = y.filter((one) => one !== null).at(-1);
    const edge = (side: number): Column => this.hours.map((hour) => (hour.cusum_kwh === null ? null : hour.cusum_kwh + side * (hour.cusum_margin ?? 0)));
    return html`<isthmus-chart label="energy used minus expected, cumulated" time zero right="86" .x=${this.hours.map((hour) => hour.start)} .bands=${[{ name: "95 %", low: edge(-1), high: edge(1) }]}
      .lines=${[{ name: "used minus expected, kWh", y, end: last === undefined ? "" : `${signed(last, 0)} kWh` }]}></isthmus-chart>`;
  }
}

/** The regression behind the baseline: kWh an hour by good pieces, or by what several drivers let expect. */
@customElement("isthmus-baseline")
export class BaselinePicture extends Part {
  @property({ attribute: false }) hours: readonly EnergyBucket[] = [];
  @property({ attribute: false }) fit: Fit | null = null;

  override render() {
    const { fit, hours } = this;
    const slope = fit?.kwh_per_piece ?? null;
    const many = fit !== null && slope === null;
    const of = (hour: EnergyBucket) => (many ? hour.expected_kwh : hour.pieces);
    const x = [0, Math.max(1, ...hours.map((hour) => of(hour) ?? 0))];
    const points = (baseline: boolean) => {
      const chosen = hours.filter((hour) => hour.in_baseline === baseline && hour.kwh !== null && of(hour) !== null);
      return { name: baseline ? "baseline" : "now", x: chosen.map(of), y: chosen.map((hour) => hour.kwh), soft: baseline };
    };
    const line = fit ? [{ name: "fit", y: x.map((one) => (slope === null ? one : fit.base_kw + slope * one)), look: "dash" }] : [];
    return html`<isthmus-chart label=${many ? "kWh an hour by what the baseline expects" : "kWh an hour by good pieces an hour"} zero digits="0" right="24" xUnit=${many ? "kWh" : "pc"} .x=${x} .points=${[points(true), points(false)]}
      .lines=${line}></isthmus-chart>${fit ? html`<div class="tiny muted">kWh an hour = ${this.formula(fit)}, ${fit.hours} h</div>` : nothing}`;
  }

  private formula(fit: Fit) {
    const terms = fit.terms.slice(1).map((term) => ` + ${term.value.toPrecision(3)} × ${term.name}`);
    return `${number(fit.base_kw, 1)}${terms.join("")}`;
  }
}

/** The mean day: kW by time of day, now and before. */
@customElement("isthmus-profile")
export class Profile extends Part {
  @property({ attribute: false }) columns: Record<string, Column> = {};

  override render() {
    const { hour = [], now = [], before = [] } = this.columns;
    const known = before.some((one) => one !== null);
    return html`<isthmus-chart label="mean kW by time of day" zero right="20" xUnit="h" xStep="6" .xRange=${[0, 24]} .x=${hour}
      .lines=${[{ name: "now", y: now }, ...(known ? [{ name: "before", y: before, look: "dash" }] : [])]}></isthmus-chart>
      <div class="legend tiny"><span><svg width="22" height="8" aria-hidden="true"><path class="pen" d="M0 4H22" /></svg>now</span>${known ? html`<span><svg width="22" height="8" aria-hidden="true"><path class="pen2 dash" d="M0 4H22" /></svg>before</span>` : nothing}</div>`;
  }
}

/** The load of the coming day: the likeliest, and where it lies in 8 of 10 such days. */
@customElement("isthmus-ahead")
export class Ahead extends Part {
  @property({ attribute: false }) forecast: EnergyForecast | undefined;

  override render() {
    const { forecast } = this;
    if (!forecast) return html``;
    const band = forecast.low.some((one) => one !== null);
    return html`<isthmus-chart label="kW of the next 24 hours" time zero digits="1" right="20" .x=${forecast.start} .lines=${[{ name: "forecast, kW", y: forecast.kw, look: "dash" }]}
      .bands=${band ? [{ name: "80 % of such days", low: forecast.low, high: forecast.high }] : []} .marks=${forecast.peak_at === null ? [] : [{ at: forecast.peak_at, name: "peak" }]}></isthmus-chart>`;
  }
}

/** What a measure saved up to the end of each day, with its 95 % interval. */
@customElement("isthmus-saved")
export class Saved extends Part {
  @property({ attribute: false }) measure: MeasureVerified | undefined;

  override render() {
    const { measure } = this;
    if (!measure) return html``;
    const edge = (side: number) => measure.saved_kwh.map((kwh, row) => kwh + side * (measure.margin_kwh[row] ?? 0));
    const last = measure.saved_kwh.at(-1);
    return html`<isthmus-chart label="kWh saved since the measure" time zero digits="0" right="86" .x=${measure.days} .lines=${[{ name: "saved, kWh", y: measure.saved_kwh, end: last === undefined ? "" : `${signed(last, 0)} kWh` }]}
      .bands=${[{ name: "95 %", low: edge(-1), high: edge(1) }]}></isthmus-chart>`;
  }
}
