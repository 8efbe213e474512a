/** The time ranges a trend can show: named ones follow the clock, two times stand still. */
import { clock } from "./clock";

const HOUR = 3_600_000;

/** Names in the order of the buttons; `shift` and `order` begin with it; from 30 days on only where long ranges are looked at. */
export const RANGES = [
  { name: "1h", title: "1 h", ms: HOUR }, { name: "3h", title: "3 h", ms: 3 * HOUR }, { name: "shift", title: "shift", ms: 8 * HOUR }, { name: "order", title: "order", ms: 8 * HOUR },
  { name: "24h", title: "24 h", ms: 24 * HOUR }, { name: "7d", title: "7 d", ms: 168 * HOUR },
  { name: "30d", title: "30 d", ms: 720 * HOUR }, { name: "1y", title: "1 y", ms: 8760 * HOUR },
] as const;

/** The ranges of pages about now. */
export const SHORT_RANGES = RANGES.filter((range) => range.name !== "order" && range.ms <= 168 * HOUR);

/** When what a range begins with began, by the range's name. */
export type Starts = Partial<Record<"shift" | "order", number | undefined>>;

export interface Range {
  from: number;
  to: number;
  /** Whether the range ends now and moves with the clock. */
  follows: boolean;
  name: string;
  /** Whether it begins with its shift or order, and not a length of time ago. */
  begun: boolean;
}

/** The range written as `3h`, `shift`, `order` or `from-to` in ms; what began at an unknown time is taken as its usual length. */
export function parseRange(text: string | null, now: number, starts: Starts, fallback = "1h"): Range {
  const fixed = /^(\d{12,14})-(\d{12,14})$/.exec(text ?? "");
  if (fixed && Number(fixed[2]) > Number(fixed[1])) return { from: Number(fixed[1]), to: Number(fixed[2]), follows: false, name: "", begun: false };
  const named = RANGES.find((range) => range.name === text) ?? RANGES.find((range) => range.name === fallback) ?? RANGES[0];
  const start = named.name === "shift" || named.name === "order" ? starts[named.name] : undefined;
  const begun = start !== undefined && start < now;
  return { from: begun ? start : now - named.ms, to: now, follows: true, name: named.name, begun };
}

/** A fixed range as it stands in the address. */
export function rangeText(from: number, to: number): string {
  return `${Math.round(from)}-${Math.round(to)}`;
}

/** "2026-11-10T11:42:18" on the plant's local clock, for a date-and-time field. */
export function fieldText(time: number): string {
  return new Date(time + clock.offset(time)).toISOString().slice(0, 19);
}

/** The plant time of a date-and-time field, NaN if it is empty. */
export function fieldTime(text: string): number {
  const local = Date.parse(`${text}Z`);
  return Number.isNaN(local) ? NaN : local - clock.offset(local - clock.offset(local));
}

/** The same time on the plant's local clock so many days before, also over a change of clocks. */
export function daysBefore(time: number, days: number): number {
  return fieldTime(fieldText(time - days * 24 * HOUR).slice(0, 11) + fieldText(time).slice(11)) + (time % 1000);
}
