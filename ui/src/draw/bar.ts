/** What a bar shows of a value: where it stands in its range, and whether it breaks a limit. */
import type { Priority, TagInfo } from "../api/contract";

export interface Bar {
  low: number;
  high: number;
  normal: [number, number] | null;
  limits: { at: number; priority: Priority; broken: boolean }[];
  priority: Priority | null;
}

/** The bar of `tag` at `value`; null if the tag has neither a range nor limits. */
export function barOf(tag: TagInfo, value: number | null): Bar | null {
  const { low_low, low, high, high_high } = tag.limits;
  const edges = [low_low, low, high, high_high, ...(tag.normal ?? [])].filter((edge) => edge !== null && edge !== undefined);
  const range = tag.range ?? (edges.length >= 2 ? [Math.min(...edges), Math.max(...edges)] as [number, number] : null);
  if (!range || tag.kind !== "number") return null;
  const limits: Bar["limits"] = [];
  const above = (at: number | null | undefined, priority: Priority) => {
    if (at !== null && at !== undefined) limits.push({ at, priority, broken: value !== null && value > at });
  };
  const below = (at: number | null | undefined, priority: Priority) => {
    if (at !== null && at !== undefined) limits.push({ at, priority, broken: value !== null && value < at });
  };
  above(high_high, 1);
  below(low_low, 1);
  above(high, 2);
  below(low, 2);
  const broken = limits.filter((limit) => limit.broken).map((limit) => limit.priority);
  return { low: range[0], high: range[1], normal: tag.normal ?? null, limits, priority: broken.length ? (Math.min(...broken) as Priority) : null };
}

/** Percent of the way from low to high, held inside the bar. */
export function share(value: number, low: number, high: number): number {
  return high > low ? Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100)) : 50;
}
