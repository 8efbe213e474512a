/** What an alarm asks for, and what the one who looks at it may do. */
import type { AlarmInfo } from "../api/contract";

const UNSEEN = new Set(["unacknowledged", "returned", "latched-unacknowledged"]);
const ASIDE = new Set(["shelved", "suppressed", "out-of-service", "normal"]);

/** What can be done with an alarm here. */
export type AlarmStep = "acknowledge" | "reset" | "unshelve" | "restore" | "shelve";

/** Whether nobody has acknowledged it. */
export function unseen(alarm: AlarmInfo): boolean {
  return UNSEEN.has(alarm.state);
}

/** Whether it asks for nobody. */
export function aside(alarm: AlarmInfo): boolean {
  return ASIDE.has(alarm.state);
}

/** What the one who looks at it may do now, the first thing first. */
export function steps(alarm: AlarmInfo): AlarmStep[] {
  if (alarm.state === "out-of-service") return alarm.may_lock ? ["restore"] : [];
  if (!alarm.may_acknowledge) return [];
  if (alarm.state === "shelved") return ["unshelve"];
  if (aside(alarm)) return [];
  return [...(unseen(alarm) ? ["acknowledge" as const] : []), ...(alarm.state === "latched" ? ["reset" as const] : []), ...(alarm.longest ? ["shelve" as const] : [])];
}
