/** One strip of a trend: pens over one pair of axes, drawn by uPlot. */
import uPlot from "uplot";
import type { Priority, TagInfo } from "../api/contract";
import type { PenColumns } from "../api/columns";
import { ink } from "../app/theme";
import { clock, duration } from "../app/clock";
import { digitsOf, number, short, wordOf } from "../draw/number";
import { extent, padded, ticks } from "../draw/scale";
import { timeAxis } from "../draw/time";

/** A tag on a trend; `letter` is a to f. */
export interface Pen {
  letter: string;
  tag: TagInfo;
  columns: PenColumns | undefined;
}

export const LEFT = 66;
export const RIGHT = 82;
export const FOOT = 24;

const DASH: Record<string, number[]> = { a: [], b: [6, 4], c: [2, 3], d: [10, 3, 2, 3], e: [4, 2], f: [1, 3] };
const WIDE_GAP = 26;

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

  destroy(): void {
    this.plot.destroy();
  }

  private get single(): Pen | undefined {
    return this.pens.length === 1 ? this.pens[0] : undefined;
  }

  private data(): uPlot.AlignedData {
    const pen = this.single;
    if (pen) {
      const found = pen.columns;
      if (!found) return [[], [], [], []];
      if (pen.tag.kind !== "number") return this.steps(found);
      return [this.times(found), this.held(found.min), this.held(found.max), this.held(found.mean)];
    }
    const tables = this.pens.map(({ columns }): uPlot.AlignedData => (columns ? [this.times(columns), this.held(columns.mean)] : [[], []]));
    return uPlot.join(tables);
  }

  /** States as levels of equal distance; a bucket with several shows the highest. */
  private steps(found: PenColumns): uPlot.AlignedData {
    const states = found.mean.map((mean, row) => (Number.isInteger(mean) ? mean : found.max[row] ?? NaN));
    this.states = [...new Set(states)].filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
    const rank = states.map((value) => (Number.isNaN(value) ? NaN : this.states.indexOf(value)));
    const none = rank.map(() => NaN);
    return [this.times(found), this.held(none), this.held(none), this.held(rank)];
  }

  /** A value holds until the next one, and the last one until the end of the range or now. */
  private times({ time }: PenColumns): number[] {
    return [...time, Math.max(time[time.length - 1] ?? this.span[0], Math.min(this.span[1], clock.now()))];
  }

  private held(column: Float64Array): (number | null)[] {
    const last = column[column.length - 1] ?? NaN;
    return [...Array.from(column, (value) => (Number.isNaN(value) ? null : value)), Number.isNaN(last) ? null : last];
  }

  private range(): [number, number] {
    const columns = this.pens.flatMap(({ columns: found }) => (found ? [found.min, found.max] : []));
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
    if (!pen) return;
    const { ctx, bbox } = plot;
    const y = (value: number) => plot.valToPos(value, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (pen.tag.normal) {
      const [low, high] = pen.tag.normal;
      ctx.fillStyle = ink("normal");
      ctx.fillRect(bbox.left, y(high), bbox.width, Math.max(1, y(low) - y(high)));
    }
    for (const [start, end] of this.gaps(plot)) hatch(ctx, plot.valToPos(start, "x", true), plot.valToPos(end, "x", true), bbox, `no data ${duration(end - start)}`);
    ctx.restore();
  }

  private gaps(plot: uPlot): [number, number][] {
    const columns = this.single?.columns;
    if (!columns) return [];
    const found: [number, number][] = [];
    const least = ((this.span[1] - this.span[0]) / plot.bbox.width) * WIDE_GAP * devicePixelRatio;
    let since: number | null = null;
    for (let row = 0; row < columns.time.length; row += 1) {
      const time = columns.time[row] ?? 0;
      if (Number.isNaN(columns.mean[row] ?? NaN)) since ??= columns.time[Math.max(0, row - 1)] ?? time;
      else {
        if (since !== null && time - since > least) found.push([since, time]);
        since = null;
      }
    }
    const end = columns.time[columns.time.length - 1];
    if (since !== null && end !== undefined && end - since > least) found.push([since, end]);
    return found;
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

function hatch(ctx: CanvasRenderingContext2D, from: number, to: number, box: uPlot.BBox, text: string): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, box.top, to - from, box.height);
  ctx.clip();
  ctx.strokeStyle = ink("hatch");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let x = from - box.height; x < to; x += 5 * devicePixelRatio) {
    ctx.moveTo(x, box.top + box.height);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px ${ink("font")}`;
  const width = ctx.measureText(text).width;
  if (width < to - from - 4) {
    const middle = (from + to) / 2;
    ctx.fillStyle = ink("card");
    ctx.fillRect(middle - width / 2 - 3, box.top + box.height / 2 - 8 * devicePixelRatio, width + 6, 16 * devicePixelRatio);
    ctx.fillStyle = ink("text");
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(text, middle, box.top + box.height / 2);
  }
  ctx.restore();
}
