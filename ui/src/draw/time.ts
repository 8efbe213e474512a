/** Labels of a time axis, on the plant's local clock. */
import { clock } from "../app/clock";
import { timeTicks } from "./scale";

const DAY = 86_400_000;
const MONTHS_FROM = 21 * DAY;

/** Ticks within [from, to] with their labels; days are named where the axis crosses midnight. */
export function timeAxis(from: number, to: number, count: number): { time: number; label: string }[] {
  if ((to - from) / Math.max(1, count) > MONTHS_FROM) return months(from, to, count);
  const { step, at } = timeTicks(from, to, count, clock.offset(from));
  return at.map((time) => {
    const midnight = (time + clock.offset(time)) % DAY === 0;
    const label = step >= DAY || midnight ? clock.day(time) : step < 60_000 ? clock.second(time) : clock.minute(time);
    return { time, label };
  });
}

/** The first of every so many months, "Nov", with the year at its first. */
function months(from: number, to: number, count: number): { time: number; label: string }[] {
  const local = new Date(from + clock.offset(from));
  const every = [1, 2, 3, 6, 12, 24, 60].find((size) => (to - from) / (size * 30.4 * DAY) <= count + 0.5) ?? 120;
  const found: { time: number; label: string }[] = [];
  for (let month = Math.floor(local.getUTCMonth() / every) * every; found.length < 60; month += every) {
    const midnight = Date.UTC(local.getUTCFullYear(), month, 1);
    const time = midnight - clock.offset(midnight - clock.offset(midnight));
    if (time > to) break;
    if (time >= from) found.push({ time, label: clock.month(time) });
  }
  return found;
}
