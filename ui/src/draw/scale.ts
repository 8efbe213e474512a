/** Scales and ticks: pure arithmetic between data and pixels. */

/** A straight mapping of [from, to] onto [start, end] pixels. */
export function linear(from: number, to: number, start: number, end: number): (value: number) => number {
  const slope = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * slope;
}

/** Round steps (1, 2, 2.5, 5 times a power of ten): at most about `count` ticks within [low, high]. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low) || !Number.isFinite(high - low)) return Number.isFinite(low) ? [low] : [];
  const step = niceStep((high - low) / Math.max(1, count));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const found: number[] = [];
  for (let at = first; at <= last && found.length < 100; at += 1) found.push(at === 0 ? 0 : Number((at * step).toPrecision(12)));
  return found;
}

/** The smallest round step that is at least `raw`. */
export function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const part = raw / power;
  const round = part <= 1 + 1e-9 ? 1 : part <= 2 + 1e-9 ? 2 : part <= 2.5 + 1e-9 ? 2.5 : part <= 5 + 1e-9 ? 5 : 10;
  return round * power;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1000, 5000, 15_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY];

/** Times at round local clock times within [from, to]; `offset` is local minus UTC in ms. */
export function timeTicks(from: number, to: number, count: number, offset = 0): { step: number; at: number[] } {
  const raw = (to - from) / Math.max(1, count);
  const step = STEPS.find((candidate) => candidate >= raw) ?? Math.ceil(raw / (28 * DAY)) * 28 * DAY;
  const at: number[] = [];
  if (!(to > from)) return { step, at };
  for (let time = Math.ceil((from + offset) / step) * step - offset; time <= to && at.length < 200; time += step) at.push(time);
  return { step, at };
}

/** The range of all finite values in `columns`, null if there is none. */
export function extent(...columns: Iterable<number | null>[]): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value === null || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

/** [low, high] widened by `part` of itself, and never empty. */
export function padded([low, high]: [number, number], part = 0.08): [number, number] {
  const span = high - low || Math.abs(high) || 1;
  return [low - span * part, high + span * part];
}

/** SVG path of points; a null or NaN lifts the pen. */
export function path(xs: ArrayLike<number>, ys: ArrayLike<number | null>, x: (value: number) => number, y: (value: number) => number): string {
  let text = "";
  let down = false;
  for (let row = 0; row < xs.length; row += 1) {
    const value = ys[row];
    if (value === null || value === undefined || Number.isNaN(value)) {
      down = false;
      continue;
    }
    text += `${down ? "L" : "M"}${x(xs[row] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
    down = true;
  }
  return text;
}

/** SVG path of values that hold until the next one; a null or NaN lifts the pen. */
export function stepPath(xs: ArrayLike<number>, ys: ArrayLike<number | null>, x: (value: number) => number, y: (value: number) => number): string {
  let text = "";
  let down = false;
  for (let row = 0; row < xs.length; row += 1) {
    const value = ys[row];
    const at = x(xs[row] ?? 0).toFixed(1);
    if (value === null || value === undefined || Number.isNaN(value)) {
      if (down) text += `H${at}`;
      down = false;
      continue;
    }
    text += down ? `H${at}V${y(value).toFixed(1)}` : `M${at} ${y(value).toFixed(1)}`;
    down = true;
  }
  return text;
}

/** SVG path of the area between `low` and `high`, broken at gaps. */
export function area(xs: ArrayLike<number>, low: ArrayLike<number | null>, high: ArrayLike<number | null>, x: (value: number) => number, y: (value: number) => number): string {
  let text = "";
  let run: [number, number, number][] = [];
  const close = () => {
    if (run.length > 1) {
      const up = run.map(([at, , top]) => `${x(at).toFixed(1)} ${y(top).toFixed(1)}`);
      const down = run.map(([at, bottom]) => `${x(at).toFixed(1)} ${y(bottom).toFixed(1)}`).reverse();
      text += `M${[...up, ...down].join("L")}Z`;
    }
    run = [];
  };
  for (let row = 0; row < xs.length; row += 1) {
    const bottom = low[row];
    const top = high[row];
    if (bottom === null || bottom === undefined || top === null || top === undefined || Number.isNaN(bottom + top)) close();
    else run.push([xs[row] ?? 0, bottom, top]);
  }
  close();
  return text;
}
