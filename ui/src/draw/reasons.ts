/** Which reasons a person is offered for a stop: the likely ones first, then the tree. */
import type { ReasonInfo, StopInfo } from "../api/contract";

/** One reason to touch, and why it is offered. */
export interface Offer {
  reason: string;
  title: string;
  note: string;
  /** Whether touching it opens what it is in detail. */
  opens: boolean;
}

export const MOST_LIKELY = 3;
const SURE_ENOUGH = 0.3; // less is no help to somebody who was there

/** "Jam: Cap jammed", the reason with what it is below. */
export function fullTitle(reasons: readonly ReasonInfo[], name: string): string {
  const found = reasons.find((one) => one.name === name);
  const parent = found?.parent ? reasons.find((one) => one.name === found.parent) : undefined;
  return found ? (parent ? `${parent.title}: ${found.title}` : found.title) : name.replaceAll("_", " ");
}

/** The reasons for which most speaks, with what speaks for them; those that say more before those that open more. */
export function likely(stop: StopInfo, reasons: readonly ReasonInfo[]): Offer[] {
  const found = [...(stop.likely ? [stop.likely] : []), ...(stop.also ?? [])].filter((one) => one.confidence >= SURE_ENOUGH).map((one) => ({
    reason: one.reason, title: fullTitle(reasons, one.reason), note: `${Math.round(100 * one.confidence)} %: ${one.because[0] ?? ""}`,
    opens: reasons.some((other) => other.parent === one.reason),
  }));
  return [...found.filter((one) => !one.opens), ...found.filter((one) => one.opens)].slice(0, MOST_LIKELY);
}

/** The reasons below `parent`, the first level where empty; `often` counts what is below too. */
export function below(reasons: readonly ReasonInfo[], parent: string): Offer[] {
  return reasons.filter((one) => (one.parent ?? "") === parent).map((one) => {
    const inside = reasons.filter((other) => other.parent === one.name);
    const often = [one, ...inside].reduce((sum, other) => sum + (other.often ?? 0), 0);
    const names = inside.map((other) => other.title).join(", ");
    return { reason: one.name, title: one.title, note: often ? `${often} this week` : names, opens: inside.length > 0 };
  });
}

/** "Why did the filler stop at 10:52, for 6 min?" */
export function question(stop: StopInfo, time: (ms: number) => string, lasts: (ms: number) => string): string {
  return stop.going ? `Why does the ${stop.unit} stand since ${time(stop.start)}?` : `Why did the ${stop.unit} stop at ${time(stop.start)}, for ${lasts(stop.end - stop.start)}?`;
}

/** A person's id as people call it. */
export function called(who: string): string {
  return who.replace(/^(person|service):/, "");
}
