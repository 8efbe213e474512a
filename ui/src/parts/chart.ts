import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { chartTable } from "../draw/chart-table";
import { short } from "../draw/number";
import { area, extent, linear, path, ticks } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { Picture } from "./part";

export type Column = readonly (number | null)[];

/** One line over the chart's x; `end` is written at its last value. */
export interface Line {
  name: string;
  y: Column;
  look?: "pen" | "pen2" | "dash" | "dot";
  end?: string;
  /** x and y of a last point after all others, for what is known of now. */
  tip?: [number, number] | undefined;
}

/** One area between two columns. */
export interface Band {
  name: string;
  low: Column;
  high: Column;
}

/** Points, with whiskers where low and high are given. */
export interface Points {
  name: string;
  x: Column;
  y: Column;
  low?: Column;
  high?: Column;
  soft?: boolean;
}

const LEFT = 44;
const BOTTOM = 20;
const TOP = 14;
const MOST_TICKS = 8;

/** A chart of lines, bands and points in SVG, redrawn to the element's size; its numbers are a hidden table. */
@customElement("isthmus-chart")
export class Chart extends Picture {
  @property() label = "";
  @property({ attribute: false }) x: Column = [];
  @property({ attribute: false }) lines: Line[] = [];
  @property({ attribute: false }) bands: Band[] = [];
  @property({ attribute: false }) points: Points[] = [];
  @property({ attribute: false }) xRange: [number, number] | undefined;
  @property({ attribute: false }) now: number | undefined;
  /** Names on vertical lines. */
  @property({ attribute: false }) marks: { at: number; name: string }[] = [];
  /** x is plant time in ms; otherwise plain numbers. */
  @property({ type: Boolean }) time = false;
  @property({ type: Boolean }) zero = false;
  @property({ type: Number }) digits = 1;
  /** Room at the right for what is written at the ends of lines. */
  @property({ type: Number }) right = 12;
  @property() xUnit = "";
  /** Distance of the ticks on x, where a round number of ten would be odd. */
  @property({ type: Number }) xStep = 0;

  override render() {
    const { width, height } = this;
    if (width < 80 || height < 60) return nothing;
    const yRange = this.yRange();
    const xRange = this.xRange ?? extent(this.x, ...this.points.map((one) => one.x));
    if (!yRange || !xRange) return nothing;
    const steps = ticks(yRange[0], yRange[1], Math.min(MOST_TICKS, Math.max(2, Math.floor((height - TOP - BOTTOM) / 40))));
    const step = steps.length > 1 ? (steps[1] ?? 0) - (steps[0] ?? 0) : 1;
    const x = linear(xRange[0], xRange[1], LEFT, width - this.right);
    const y = linear(yRange[0], yRange[1], height - BOTTOM, TOP);
    return html`<svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label=${this.label}>
        ${steps.map((at) => svg`<path class="grid" d="M${LEFT} ${Math.round(y(at)) + 0.5}H${width - this.right}"/><text class="e" x=${LEFT - 6} y=${y(at) + 4}>${short(at, step)}</text>`)}
        ${this.bands.map((band) => svg`<path class="nrm" d=${area(this.x as number[], band.low, band.high, x, y)}><title>${band.name}</title></path>`)}
        ${this.lines.map((line) => svg`<path class=${LOOK[line.look ?? "pen"]} d=${path(this.x as number[], line.y, x, y)}${this.tail(line, x, y)}><title>${line.name}</title></path>`)}
        ${this.points.map((one) => this.dots(one, x, y))}
        ${this.now !== undefined ? svg`<path class="now" d="M${x(this.now)} ${TOP - 8}V${height - BOTTOM}"/>` : nothing}
        ${this.marks.map(({ at, name }) => svg`<path class="now" d="M${x(at)} ${TOP - 8}V${height - BOTTOM}"/><text class="tx e" x=${x(at) - 5} y=${TOP}>${name}</text>`)}
        ${this.ends(x, y)}
        <path class="axis" d="M${LEFT} ${height - BOTTOM + 0.5}H${width - this.right}" />
        ${this.xTicks(xRange, x)}</svg>${this.table()}`;
  }

  private yRange(): [number, number] | null {
    const columns = [...this.lines.map((line) => line.y), this.lines.map((line) => line.tip?.[1] ?? null), ...this.bands.flatMap((band) => [band.low, band.high]), ...this.points.flatMap((one) => [one.y, ...(one.low && one.high ? [one.low, one.high] : [])])];
    const found = extent(...columns);
    if (!found) return null;
    const [low, high] = this.zero ? [Math.min(0, found[0]), Math.max(0, found[1])] : found;
    const span = high - low || Math.abs(high) || 1;
    return [low === 0 ? 0 : low - span * 0.06, high === 0 ? 0 : high + span * 0.08];
  }

  private dots(one: Points, x: (value: number) => number, y: (value: number) => number) {
    return one.x.map((at, row) => {
      const value = one.y[row];
      if (at === null || value === null || value === undefined) return nothing;
      const low = one.low?.[row];
      const high = one.high?.[row];
      const whisker = low !== null && low !== undefined && high !== null && high !== undefined ? svg`<path class="pen2" d="M${x(at)} ${y(low)}V${y(high)}"/>` : nothing;
      return svg`${whisker}<circle class=${one.soft ? "fp3" : "fp"} cx=${x(at)} cy=${y(value)} r="2.4"/>`;
    });
  }

  /** The row of the line's last value, -1 if it has none. */
  private lastRow(line: Line): number {
    let row = line.y.length - 1;
    while (row >= 0 && (line.y[row] === null || line.y[row] === undefined)) row -= 1;
    return row;
  }

  /** Whether the line has a point after its last row. */
  private tipped(line: Line): line is Line & { tip: [number, number] } {
    return line.tip !== undefined && line.tip[0] > (this.x[this.lastRow(line)] ?? -Infinity);
  }

  private tail(line: Line, x: (value: number) => number, y: (value: number) => number): string {
    return this.tipped(line) && this.lastRow(line) >= 0 ? `L${x(line.tip[0]).toFixed(1)} ${y(line.tip[1]).toFixed(1)}` : "";
  }

  private ends(x: (value: number) => number, y: (value: number) => number) {
    const taken: number[] = [];
    return this.lines.filter((line) => line.end).map((line) => {
      const row = this.lastRow(line);
      if (row < 0) return nothing;
      const [at, value] = this.tipped(line) ? line.tip : [this.x[row] ?? 0, line.y[row] ?? 0];
      const px = x(at);
      let py = y(value);
      while (taken.some((other) => Math.abs(other - py) < 13)) py += 13;
      taken.push(py);
      const inside = px + 8 + (line.end?.length ?? 0) * 6.4 > this.width;
      const strong = (line.look ?? "pen") === "pen";
      return svg`${strong ? svg`<circle class="fp" cx=${px} cy=${y(value)} r="3"/>` : nothing}<text class=${`${strong ? "v" : ""} ${inside ? "e" : ""}`} x=${inside ? px - 6 : px + 7} y=${inside ? py - 8 : py + 4}>${line.end}</text>`;
    });
  }

  private xTicks([from, to]: [number, number], x: (value: number) => number) {
    const count = Math.max(2, Math.floor((this.width - LEFT - this.right) / 56));
    const at = this.time ? timeAxis(from, to, count) : this.plainTicks(from, to, count).map((value, _row, all) => ({ time: value, label: short(value, (all[1] ?? 1) - (all[0] ?? 0)) }));
    return at.map(({ time, label }, row) => {
      const px = x(time);
      const text = row === at.length - 1 && this.xUnit ? `${label} ${this.xUnit}` : label;
      return svg`<path class="axis" d="M${Math.round(px) + 0.5} ${this.height - BOTTOM}v4"/><text class=${px > this.width - 24 ? "e" : px < LEFT + 4 && row === 0 ? "" : "m"} x=${px} y=${this.height - 5}>${text}</text>`;
    });
  }

  private plainTicks(from: number, to: number, count: number): number[] {
    if (!this.xStep) return ticks(from, to, count);
    return Array.from({ length: Math.floor((to - from) / this.xStep) + 1 }, (_, row) => from + row * this.xStep);
  }

  /** The same numbers for who cannot see the picture. */
  private table() {
    const { heads, rows } = chartTable(this);
    if (rows.length === 0) return nothing;
    return html`<table class="vh"><caption>${this.label}</caption><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
      <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>`;
  }
}

const LOOK = { pen: "pen", pen2: "pen2", dash: "pen2 dash", dot: "pen2 dot" };
