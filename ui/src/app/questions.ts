/** Which stop a person is asked about: it does not change under the hand. */
import type { StopInfo } from "../api/contract";
import { type Word, sameStop } from "./word";

/** For so long after the question changed a touch was meant for the one before. */
export const SETTLE_MS = 500;

type Place = Pick<StopInfo, "path" | "start">;

/**
 * The stops that wait for a reason, the newest first; what goes on comes first of all, what was put off last.
 *
 * Of what `words` say on their way, and where `ahead` knows of a later word than the list, nobody is asked again.
 */
export function open(known: readonly StopInfo[], words: readonly Word[], ahead: (stop: StopInfo) => boolean, off: (stop: StopInfo) => boolean): StopInfo[] {
  const said = (stop: StopInfo) => words.some((word) => word.kind === "say" && !word.objection && sameStop(word, stop));
  return known.filter((stop) => stop.asks && !said(stop) && !ahead(stop))
    .sort((one, other) => Number(off(one)) - Number(off(other)) || Number(other.going) - Number(one.going) || other.start - one.start);
}

/** The stop that is asked about: the chosen one as it is known now, else the one that a hand is at, else the first that waits. */
export function asked(known: readonly StopInfo[], chosen: Place | undefined, far: StopInfo | undefined, held: Place | undefined, first: StopInfo | undefined): StopInfo | undefined {
  const found = (place: Place | undefined) => (place ? known.find((stop) => sameStop(stop, place)) : undefined);
  return (chosen ? found(chosen) ?? far : undefined) ?? found(held) ?? first;
}

/** Whether a touch at `now` is meant for what is shown since `since`, in place of another; undefined where it was the first. */
export function meant(since: number | undefined, now: number): boolean {
  return since === undefined || now - since >= SETTLE_MS;
}
