/** One strip of a trend: pens over one pair of axes, drawn by uPlot. */
import uPlot from "uplot";
import type { Priority, TagInfo } from "../api/contract";
import { type PenColumns, untilGaps } from "../api/columns";
import { ink } from "../app/theme";
import { clock } from "../app/clock";
import { digitsOf, number, short, wordOf } from "../draw/number";
import { extent, padded, ticks } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { hatchQuality, lateBars, qualityStrip } from "./lane-quality";

/** A tag on a trend; `letter` is a to f. */
export interface Pen {
  letter: string;
  tag: TagInfo;
  columns: PenColumns | undefined;
  /** The same tag over the range it is compared with, moved to lie over this one. */
  compared?: PenColumns | undefined;
  /** The ends of its axis where they are fixed. */
  scale?: [number, number] | undefined;
}

export const LEFT = 66;
export const RIGHT = 82;
export const FOOT = 24;

const DASH: Record<string, number[]> = { a: [], b: [6, 4], c: [2, 3], d: [10, 3, 2, 3], e: [4, 2], f: [1, 3] };

/** A lane in `host`; call `show` with every new answer and `destroy` at the end. */
export class Lane {
  private readonly plot: uPlot;
  private pens: Pen[];
  private span: [number, number];
  private states: number[] = [];

  constructor(host: HTMLElement, pens: Pen[], span: [number, number], size: { width: number; height: number }, private readonly last: boolean, private readonly head: number) {
    this.pens = pens;
    this.span = span;
    this.plot = new uPlot(this.options(size), this.data(), host);
  }

  show(pens: Pen[], span: [number, number]): void {
    this.pens = pens;
    this.span = span;
    this.plot.setData(this.data());
  }

  get canvas(): HTMLCanvasElement {
    return this.plot.ctx.canvas;
  }

  destroy(): void {
    this.plot.destroy();
  }

  private get single(): Pen | undefined {
    return this.pens.length === 1 ? this.pens[0] : undefined;
  }

  private data(): uPlot.AlignedData {
    const pen = this.single;
    if (pen) {
      const found = pen.columns && untilGaps(pen.columns);
      if (!found) return [[], [], [], []];
      if (pen.tag.kind !== "number") return this.steps(found);
      return [this.times(found), this.held(found.min), this.held(found.max), this.held(found.mean)];
    }
    const tables = this.pens.map(({ columns: told }): uPlot.AlignedData => {
      const columns = told && untilGaps(told);
      return columns ? [this.times(columns), this.held(columns.mean)] : [[], []];
    });
    return uPlot.join(tables);
  }

  /** States as levels of equal distance; a bucket with several shows the highest. */
  private steps(found: PenColumns): uPlot.AlignedData {
    const states = found.mean.map((mean, row) => (Number.isInteger(mean) ? mean : found.max[row] ?? NaN));
    this.states = [...new Set([...states, ...(this.single?.compared?.mean ?? [])])].filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
    const rank = states.map((value) => (Number.isNaN(value) ? NaN : this.states.indexOf(value)));
    const none = rank.map(() => NaN);
    return [this.times(found), this.held(none), this.held(none), this.held(rank)];
  }

  /** A value holds until the next one, and the last one until the end of the range or now. */
  private times({ time, end }: PenColumns): number[] {
    return [...time, Math.max(time[time.length - 1] ?? this.span[0], Math.min(this.span[1], end, clock.now()))];
  }

  private held(column: Float64Array): (number | null)[] {
    const last = column[column.length - 1] ?? NaN;
    return [...Array.from(column, (value) => (Number.isNaN(value) ? null : value)), Number.isNaN(last) ? null : last];
  }

  private range(): [number, number] {
    const fixed = this.pens.flatMap(({ scale }) => (scale ? [scale] : []));
    if (fixed.length === this.pens.length && this.single?.tag.kind !== "enumeration" && fixed[0]) return [Math.min(...fixed.map(([low]) => low)), Math.max(...fixed.map(([, high]) => high))];
    const columns = this.pens.flatMap(({ columns: found, compared }) => [...(found ? [found.min, found.max] : []), ...(compared ? [compared.min, compared.max] : [])]);
    const found = extent(...columns);
    const normal = this.single?.tag.normal;
    if (!found) return normal ?? [0, 1];
    let [low, high] = found;
    const pen = this.single;
    if (pen && pen.tag.kind !== "number") return [-0.4, Math.max(1, this.states.length - 1) + 0.4];
    if (normal) [low, high] = [Math.min(low, normal[0]), Math.max(high, normal[1])];
    const room = (high - low || 1) * 0.3;
    for (const { at } of this.limits()) {
      if (at > high && at < high + room) high = at;
      if (at < low && at > low - room) low = at;
    }
    return padded([low, high], 0.1);
  }

  private options({ width, height }: { width: number; height: number }): uPlot.Options {
    const font = `11px ${ink("font")}`;
    const axis = { stroke: ink("muted"), font, ticks: { show: false }, grid: { stroke: ink("line"), width: 1 } };
    return {
      width, height, ms: 1, padding: [this.head, RIGHT, this.last ? 0 : 6, 0], cursor: { show: false }, legend: { show: false }, select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: true, range: () => this.span }, y: { range: () => this.range() } },
      axes: [
        { ...axis, show: this.last, size: FOOT, gap: 4, grid: { show: false }, border: { show: true, stroke: ink("line-strong"), width: 1 }, splits: () => this.ticks().map(({ time }) => time), values: () => this.ticks().map(({ label }) => label) },
        { ...axis, size: LEFT, gap: 6, splits: (plot) => this.levels(plot), values: (_plot, splits) => this.names(splits) },
      ],
      series: [{}, ...this.series()],
      bands: this.single ? [{ series: [2, 1], fill: `${ink(`pen-${this.single.letter}`)}33` }] : [],
      hooks: { drawClear: [(plot) => this.under(plot)], draw: [(plot) => this.over(plot)] },
    };
  }

  private series(): uPlot.Series[] {
    const line = ({ letter }: Pen): uPlot.Series => ({
      stroke: ink(`pen-${letter}`), width: 1.5, dash: DASH[letter] ?? [], points: { show: false }, spanGaps: false,
      paths: uPlot.paths.stepped!({ align: 1 }),
    });
    const pen = this.single;
    if (!pen) return this.pens.map(line);
    const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false }, paths: uPlot.paths.stepped!({ align: 1 }) };
    return [edge, edge, line(pen)];
  }

  private ticks() {
    return timeAxis(this.span[0], this.span[1], Math.max(2, Math.floor((this.plot?.bbox.width ?? 600) / devicePixelRatio / 76)));
  }

  private levels(plot: uPlot): number[] {
    const { min = 0, max = 1 } = plot.scales["y"] ?? {};
    const pen = this.single;
    if (pen && pen.tag.kind !== "number") return this.states.map((_, row) => row);
    const height = plot.bbox.height / devicePixelRatio;
    return ticks(min, max, Math.max(2, Math.floor(height / (height < 130 ? 26 : 48))));
  }

  private names(splits: number[]): string[] {
    const tag = this.single?.tag;
    if (tag && tag.kind !== "number") return splits.map((row) => wordOf(tag, this.states[row]).slice(0, 7));
    const step = splits.length > 1 ? (splits[1] ?? 1) - (splits[0] ?? 0) : 1;
    return splits.map((value) => short(value, step));
  }

  private limits(): { at: number; priority: Priority; word: string; broken: boolean }[] {
    const pen = this.single;
    if (!pen) return [];
    const { low_low, low, high, high_high } = pen.tag.limits;
    const found = pen.columns ? extent(pen.columns.min, pen.columns.max) : null;
    const rows: [number | null, Priority, string, boolean][] = [[high_high ?? null, 1, "high high", true], [high ?? null, 2, "high", true], [low ?? null, 2, "low", false], [low_low ?? null, 1, "low low", false]];
    return rows.flatMap(([at, priority, word, upper]) => (at === null ? [] : [{ at, priority, word, broken: found !== null && (upper ? found[1] > at : found[0] < at) }]));
  }

  /** Below the lines: the normal range, and a hatch where there is no data. */
  private under(plot: uPlot): void {
    const pen = this.single;
    const { ctx, bbox } = plot;
    const y = (value: number) => plot.valToPos(value, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (!pen) {
      for (const each of this.pens) this.before(plot, each);
      ctx.restore();
      return;
    }
    if (pen.tag.normal) {
      const [low, high] = pen.tag.normal;
      ctx.fillStyle = ink("normal");
      ctx.fillRect(bbox.left, y(high), bbox.width, Math.max(1, y(low) - y(high)));
    }
    if (pen.columns) hatchQuality(plot, pen.columns.quality, Math.min(this.span[1], clock.now()));
    this.before(plot, pen);
    ctx.restore();
  }

  /** The compared range of a pen, muted and dashed, as a value that holds until the next. */
  private before(plot: uPlot, pen: Pen): void {
    const found = pen.compared;
    if (!found || found.time.length === 0) return;
    const { ctx } = plot;
    const state = pen.tag.kind !== "number" && this.single !== undefined;
    ctx.strokeStyle = ink("process-3");
    ctx.lineWidth = 1.3 * devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    let held: number | undefined;
    for (let row = 0; row < found.time.length; row += 1) {
      const x = plot.valToPos(found.time[row] ?? 0, "x", true);
      const mean = found.mean[row] ?? NaN;
      if (held !== undefined) ctx.lineTo(x, held);
      if (Number.isNaN(mean)) held = undefined;
      else {
        const y = plot.valToPos(state ? this.rankOf(mean) : mean, "y", true);
        if (held === undefined) ctx.moveTo(x, y);
        else ctx.lineTo(x, y);
        held = y;
      }
    }
    if (held !== undefined) ctx.lineTo(plot.valToPos(Math.min(this.span[1], found.end), "x", true), held);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** Where a state stands among those drawn; the nearest below where it is not. */
  private rankOf(state: number): number {
    const rank = this.states.findIndex((one) => one >= state);
    return rank < 0 ? this.states.length - 1 : rank;
  }

  /** Above the lines: limits by name at the right edge, the last value at the line's end. */
  private over(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const right = bbox.left + bbox.width;
    const ratio = devicePixelRatio;
    const taken: number[] = [];
    const write = (text: string, at: number, bold: boolean) => {
      let place = Math.min(bbox.top + bbox.height - 4 * ratio, Math.max(bbox.top + 6 * ratio, at));
      while (taken.some((other) => Math.abs(other - place) < 13 * ratio)) place += 13 * ratio;
      taken.push(place);
      ctx.font = `${bold ? "600 " : ""}${11 * ratio}px ${ink("font")}`;
      ctx.fillStyle = ink(bold ? "text" : "muted");
      ctx.fillText(text, right + 6 * ratio, place);
    };
    this.pens.forEach((pen, row) => {
      if (!pen.columns) return;
      qualityStrip(plot, pen.columns.quality, Math.min(this.span[1], clock.now()), row);
      lateBars(plot, pen.columns.late, pen.letter, row);
    });
    ctx.save();
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const pen of this.pens) {
      const last = lastOf(pen.columns);
      if (last) write(`${this.pens.length > 1 ? `${pen.letter.toUpperCase()} ` : ""}${pen.tag.kind === "number" ? number(last.value, digitsOf(pen.tag)) : wordOf(pen.tag, last.value)}`, plot.valToPos(pen.tag.kind === "number" || !this.single ? last.value : this.states.indexOf(last.value), "y", true), true);
    }
    const { min = 0, max = 1 } = plot.scales["y"] ?? {};
    for (const limit of this.limits().filter(({ at }) => at >= min && at <= max)) {
      const at = plot.valToPos(limit.at, "y", true);
      ctx.strokeStyle = limit.broken ? ink(limit.priority === 1 ? "urgent" : "high") : ink("process-3");
      ctx.lineWidth = 1.3 * ratio;
      ctx.setLineDash([7 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(right, at);
      ctx.stroke();
      write(`${limit.word} ${number(limit.at, 1)}`, at, false);
    }
    ctx.restore();
  }
}

function lastOf(columns: PenColumns | undefined): { time: number; value: number } | undefined {
  for (let row = (columns?.time.length ?? 0) - 1; columns && row >= 0; row -= 1) {
    const value = columns.mean[row];
    if (value !== undefined && !Number.isNaN(value)) return { time: columns.time[row] ?? 0, value };
  }
  return undefined;
}
