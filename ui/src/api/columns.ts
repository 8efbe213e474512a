/**
 * Trends as columns: decodes `application/vnd.isthmus.columns`.
 *
 * Layout: header length (uint32, little endian), header (UTF-8 JSON), zeros up to a multiple of 8,
 * then per pen the float64 columns time, min, max, mean, each `rows` long. NaN is a gap.
 */
import type { History } from "./contract";
import { ask } from "./get";

export const COLUMNS = "application/vnd.isthmus.columns";

/** One tag's trend as float64 columns of one length. */
export interface PenColumns {
  tag: number;
  raw: boolean;
  samples: number;
  good_percent: number;
  last: number | null;
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
  pens: (Omit<PenColumns, "time" | "min" | "max" | "mean"> & { rows: number })[];
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
    return { ...pen, time: column(), min: column(), max: column(), mean: column() };
  });
  return { start: header.start, end: header.end, pens };
}

/** The same trends from the JSON answer. */
export function fromJson(history: History): Trends {
  const numbers = (column: (number | null)[]) => Float64Array.from(column, (value) => value ?? NaN);
  const pens = history.pens.map((pen) => ({
    ...pen, last: pen.last ?? null,
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
