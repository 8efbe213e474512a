/**
 * Trends as columns: decodes `application/vnd.isthmus.columns`.
 *
 * Layout: header length (uint32, little endian), header (UTF-8 JSON), zeros up to a multiple of 8,
 * then per pen the float64 columns time, min, max, mean, each `rows` long. NaN is a gap.
 */
import type { History, LateStretch, QualityStretch } from "./contract";
import { ask } from "./get";

export const COLUMNS = "application/vnd.isthmus.columns";

/** One tag's trend as float64 columns of one length. */
export interface PenColumns {
  tag: number;
  raw: boolean;
  samples: number;
  good_percent: number;
  last: number | null;
  /** What is not good, by time. */
  quality: QualityStretch[];
  /** Where samples came after newer ones, or changed what was known, by time. */
  late: LateStretch[];
  /** Until when these columns tell; nothing is known after. */
  end: number;
  time: Float64Array;
  min: Float64Array;
  max: Float64Array;
  mean: Float64Array;
}

/** Trends over one range. */
export interface Trends {
  start: number;
  end: number;
  pens: PenColumns[];
}

interface Header {
  start: number;
  end: number;
  pens: (Omit<PenColumns, "time" | "min" | "max" | "mean" | "end"> & { rows: number })[];
}

/** The trends in `bytes`; raises RangeError if the header promises more than there is. */
export function decodeColumns(bytes: ArrayBuffer): Trends {
  if (bytes.byteLength < 4) throw new RangeError("reading trend columns: no header");
  const length = new DataView(bytes).getUint32(0, true);
  if (4 + length > bytes.byteLength) throw new RangeError("reading trend columns: header is cut off");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Header;
  let at = Math.ceil((4 + length) / 8) * 8;
  const pens = header.pens.map(({ rows, ...pen }) => {
    const column = (): Float64Array => {
      if (at + rows * 8 > bytes.byteLength) throw new RangeError(`reading trend columns: tag ${pen.tag} is cut off`);
      const values = new Float64Array(bytes, at, rows);
      at += rows * 8;
      return values;
    };
    return { ...pen, end: header.end, time: column(), min: column(), max: column(), mean: column() };
  });
  return { start: header.start, end: header.end, pens };
}

/** The same trends from the JSON answer. */
export function fromJson(history: History): Trends {
  const numbers = (column: (number | null)[]) => Float64Array.from(column, (value) => value ?? NaN);
  const pens = history.pens.map((pen) => ({
    ...pen, late: pen.late ?? [], last: pen.last ?? null, end: history.end,
    time: Float64Array.from(pen.time), min: numbers(pen.min), max: numbers(pen.max), mean: numbers(pen.mean),
  }));
  return { start: history.start, end: history.end, pens };
}

/** Asks `/api/history`, as columns where the site sends them. */
export async function readTrends(url: string, signal?: AbortSignal): Promise<Trends> {
  const response = await ask(url, signal, `${COLUMNS}, application/json;q=0.5`);
  if (response.headers.get("content-type")?.startsWith(COLUMNS)) return decodeColumns(await response.arrayBuffer());
  return fromJson(await response.json() as History);
}

/** The rows of `pen` that show within [from, to], the one that holds at `from` included; nothing is copied. */
export function within(pen: PenColumns, from: number, to: number): PenColumns {
  const first = Math.max(0, place(pen.time, from) - 1);
  const stop = Math.max(first, place(pen.time, to));
  const cut = (column: Float64Array) => column.subarray(first, stop);
  const quality = pen.quality.filter((stretch) => stretch.end > from && stretch.start < to);
  const late = pen.late.filter((stretch) => stretch.end >= from && stretch.start < to);
  return { ...pen, quality, late, time: cut(pen.time), min: cut(pen.min), max: cut(pen.max), mean: cut(pen.mean) };
}

/** How many of `times` are at or before `at`. */
function place(times: Float64Array, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same pen `offset` ms later, to lie over another range. */
export function moved(pen: PenColumns, offset: number): PenColumns {
  const quality = pen.quality.map(({ start, end, code }) => ({ start: start + offset, end: end + offset, code }));
  const late = pen.late.map((stretch) => ({ ...stretch, start: stretch.start + offset, end: stretch.end + offset }));
  return { ...pen, quality, late, end: pen.end + offset, time: pen.time.map((time) => time + offset) };
}

/** The same pen with a row more where a gap begins, so that a line is drawn until there and not to its last row only. */
export function untilGaps(pen: PenColumns): PenColumns {
  const rows: number[] = [];
  for (let row = 0; row < pen.time.length; row += 1) {
    const ends = row > 0 && Number.isNaN(pen.mean[row] ?? NaN) && !Number.isNaN(pen.mean[row - 1] ?? NaN);
    if (ends) rows.push(-row);
    rows.push(row);
  }
  if (rows.length === pen.time.length) return pen;
  const column = (values: Float64Array) => Float64Array.from(rows, (row) => values[row < 0 ? -row - 1 : row] ?? NaN);
  const time = Float64Array.from(rows, (row) => (row < 0 ? (pen.time[-row] ?? 0) - 0.01 : pen.time[row] ?? 0));
  return { ...pen, time, min: column(pen.min), max: column(pen.max), mean: column(pen.mean) };
}
