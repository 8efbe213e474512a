/** Numbers as text: fixed digits, thousands separated, a true minus sign. */
import type { TagInfo } from "../api/contract";

const shapes = new Map<number, Intl.NumberFormat>();

/** `value` with exactly `digits` decimals; a dash where there is none. */
export function number(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "—";
  let shape = shapes.get(digits);
  if (!shape) {
    shape = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    shapes.set(digits, shape);
  }
  const text = shape.format(value);
  return text.startsWith("-") ? (/[1-9]/.test(text) ? `−${text.slice(1)}` : text.slice(1)) : text;
}

/** `value` with its sign always written. */
export function signed(value: number | null | undefined, digits = 1): string {
  const text = number(value, digits);
  return value !== null && value !== undefined && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/**
 * Decimals that show three or four figures of the tag's normal range or else of its range, the same for
 * every value of it; a tag with neither is judged by `value`.
 */
export function digitsOf(tag: TagInfo, value?: number | null): number {
  if (tag.counter) return /^(kWh|MWh|h|m3|m³)$/.test(tag.unit) ? 1 : 0;
  if (tag.kind !== "number") return 0;
  const [low, high] = tag.normal ?? tag.range ?? [0, tag.limits.high_high ?? tag.limits.high ?? Math.max(100, Math.abs(value ?? 0))];
  const size = Math.max(Math.abs(low), Math.abs(high), 1e-9);
  const power = Math.floor(Math.log10(size));
  return Math.min(4, power >= 3 ? 0 : power >= 1 ? 1 : power >= -1 ? 2 : 1 - power);
}

/** Characters that the widest value of the tag's range needs, so that nothing moves. */
export function widthOf(tag: TagInfo): number {
  const digits = digitsOf(tag);
  const [low, high] = tag.range ?? [0, tag.counter ? 99999 : 999];
  return Math.max(number(low, digits).length, number(high, digits).length);
}

/** Short axis labels: 50 k, 1.2 M. */
export function short(value: number, step: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${number(value / 1e6, step % 1e6 ? 1 : 0)} M`;
  if (size >= 1e4 || (size >= 1e3 && step >= 1e3)) return `${number(value / 1e3, step % 1e3 ? 1 : 0)} k`;
  let digits = 0;
  while (digits < 6 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
  return number(value, digits);
}

/** What a tag's value is called: the legend's word for enumerations, else the number. */
export function wordOf(tag: TagInfo, value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  const word = tag.legend[String(value)];
  return word ?? number(value, digitsOf(tag));
}

/** `bearing_vibration` as people write it. */
export function plain(name: string): string {
  return name.replaceAll("_", " ");
}

/** Units as they are printed: 1/min becomes /min, degC becomes °C. */
export function unitText(unit: string): string {
  return unit.replace(/^1\//, "/").replace(/^deg([CF])$/, "°$1").replace(/^degree$/, "°").replace("*", "·");
}
