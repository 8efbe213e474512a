/** Labels of a time axis, on the plant's local clock. */
import { clock } from "../app/clock";
import { timeTicks } from "./scale";

const DAY = 86_400_000;

/** Ticks within [from, to] with their labels; days are named where the axis crosses midnight. */
export function timeAxis(from: number, to: number, count: number): { time: number; label: string }[] {
  const { step, at } = timeTicks(from, to, count, clock.offset(from));
  return at.map((time) => {
    const midnight = (time + clock.offset(time)) % DAY === 0;
    const label = step >= DAY || midnight ? clock.day(time) : step < 60_000 ? clock.second(time) : clock.minute(time);
    return { time, label };
  });
}
