/** A chart's numbers as a table, for who cannot see the picture. */
import { clock } from "../app/clock";
import type { Band, Column, Line, Points } from "../parts/chart";
import { number } from "./number";

const MOST_ROWS = 12;

/** What a chart draws over its x. */
export interface Drawn {
  x: Column;
  lines: readonly Line[];
  bands: readonly Band[];
  points: readonly Points[];
  time: boolean;
  digits: number;
}

/** Heads and rows of text, by x: every so many rows and the last of those that hold anything. */
export function chartTable({ x, lines, bands, points, time, digits }: Drawn): { heads: string[]; rows: string[][] } {
  const text = (value: number | null | undefined) => number(value, digits);
  const between = (low: number | null | undefined, high: number | null | undefined) => (known(low) && known(high) ? `${text(low)} to ${text(high)}` : "");
  const point = (one: Points, row: number) => (known(one.y[row]) ? [text(one.y[row]), between(one.low?.[row], one.high?.[row])].filter(Boolean).join(", ") : "");
  const beside = points.map((one) => one.x.length === x.length && one.x.every((at, row) => at === x[row]));
  const before = lines.length + bands.length;
  const width = before + points.length;
  const alone = (column: number, cell: string) => Array.from({ length: width }, (_, at) => (at === column ? cell : ""));
  const found: { at: number | null; cells: string[] }[] = x.map((at, row) => ({
    at, cells: [...lines.map((line) => (known(line.y[row]) ? text(line.y[row]) : "")), ...bands.map((band) => between(band.low[row], band.high[row])), ...points.map((one, place) => (beside[place] ? point(one, row) : ""))],
  }));
  lines.forEach((line, place) => line.tip && found.push({ at: line.tip[0], cells: alone(place, text(line.tip[1])) }));
  points.forEach((one, place) => {
    if (!beside[place]) one.x.forEach((at, row) => found.push({ at, cells: alone(before + place, point(one, row)) }));
  });
  const told = found.filter(({ at, cells }) => at !== null && cells.some(Boolean)).sort((one, other) => (one.at ?? 0) - (other.at ?? 0));
  const skip = Math.max(1, Math.ceil(told.length / MOST_ROWS));
  const rows = told.filter((_, row) => row % skip === 0 || row === told.length - 1);
  return {
    heads: ["at", ...[...lines, ...bands, ...points].map((one) => one.name)],
    rows: rows.map(({ at, cells }) => [time ? clock.moment(at ?? 0) : number(at, 2), ...cells.map((cell) => cell || "—")]),
  };
}

function known(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}
