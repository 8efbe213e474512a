/** Layout of a state ribbon: intervals to pixels, without anything too thin to see. */
import type { Interval, Look } from "../api/contract";

/** One rectangle of a ribbon, in pixels. */
export interface Piece {
  x: number;
  width: number;
  look: Look;
  interval: Interval;
}

const RANK: Record<Look, number> = { stop: 6, setup: 5, blocked: 4, starved: 3, unknown: 2, break: 1, run: 0 };

/**
 * Pieces of `intervals` within [from, to] on `width` pixels.
 *
 * Neighbours of one look melt together. A piece narrower than `least` pixels takes the width from
 * its running neighbour, since a stop that cannot be seen would be a lie; several of them within
 * `least` pixels show the gravest.
 */
export function layoutRibbon(intervals: readonly Interval[], from: number, to: number, width: number, least = 1.5): Piece[] {
  if (!(to > from) || width <= 0) return [];
  const scale = width / (to - from);
  const pieces: Piece[] = [];
  for (const interval of intervals) {
    const start = Math.max(from, interval.start);
    const end = Math.min(to, interval.end);
    if (!(end > start)) continue;
    const x = (start - from) * scale;
    let right = (end - from) * scale;
    const last = pieces.at(-1);
    if (last && last.look === interval.look && x - (last.x + last.width) < 0.01) {
      last.width = Math.max(last.width, right - last.x);
      continue;
    }
    if (right - x < least && RANK[interval.look] > 0) right = Math.min(width, x + least);
    if (last && last.x + last.width > x) {
      if (RANK[last.look] >= RANK[interval.look] && right <= last.x + last.width + 0.01) continue;
      const edge = last.x + last.width;
      if (RANK[last.look] < RANK[interval.look]) last.width = Math.max(0, x - last.x);
      else if (right - edge > 0.01) {
        pieces.push({ x: edge, width: right - edge, look: interval.look, interval });
        continue;
      }
    }
    pieces.push({ x, width: right - x, look: interval.look, interval });
  }
  return pieces.filter((piece) => piece.width > 0.01);
}

/** How many stretches of each look, and how long they took: for the line under a ribbon. */
export function countLooks(intervals: readonly Interval[], from: number, to: number): Map<string, { count: number; ms: number }> {
  const found = new Map<string, { count: number; ms: number }>();
  for (const interval of intervals) {
    const ms = Math.min(to, interval.end) - Math.max(from, interval.start);
    if (ms <= 0 || interval.look === "run" || interval.look === "break" || interval.look === "unknown") continue;
    const word = interval.cause || interval.state;
    const entry = found.get(word) ?? { count: 0, ms: 0 };
    found.set(word, { count: entry.count + 1, ms: entry.ms + ms });
  }
  return found;
}
