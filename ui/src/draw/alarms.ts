/** What an alarm asks for, and what the one who looks at it may do. */
import type { AlarmInfo } from "../api/contract";
import { duration } from "../app/clock";

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

/** An alarm as people call it: "capper / bearing vibration high". */
export function nameOf(alarm: AlarmInfo): string {
  return `${alarm.equipment.split("/").at(-1) ?? ""} / ${alarm.title}`;
}

/** What is heard of an alarm that was chosen in a list of them. */
export function chosenText(alarm: AlarmInfo, list: readonly AlarmInfo[]): string {
  const at = list.findIndex((one) => one.path === alarm.path);
  return `${nameOf(alarm)}, priority ${alarm.priority}, ${alarm.state.replaceAll("-", " ")}, ${at + 1} of ${list.length}`;
}

const DONE: Record<AlarmStep, string> = { acknowledge: "acknowledged", reset: "reset", shelve: "shelved", unshelve: "no longer shelved", restore: "in service again" };

/** What is heard of what was done; empty where nothing was. */
export function doneText(step: AlarmStep, alarms: readonly AlarmInfo[]): string {
  const [first] = alarms;
  if (!first) return "";
  return `${alarms.length > 1 ? `${alarms.length} alarms` : nameOf(first)} ${DONE[step]}`;
}

const USUAL = [30, 120, 480, 1440];
const MOST = 43_200;

/** For how long an alarm can be shelved, in minutes. */
export interface Length {
  name: string;
  title: string;
  minutes: number;
}

/** The lengths to offer, the longest that is allowed among them; the rest of the shift, of so many ms, where it is no longer. */
export function lengths(alarm: AlarmInfo, rest: number | undefined): Length[] {
  const most = Math.min(alarm.longest / 60, MOST);
  if (!(most > 0)) return [];
  const found = [...USUAL.filter((minutes) => minutes < most), most].map((minutes) => ({ name: String(minutes), title: duration(minutes * 60_000), minutes }));
  const shift = (rest ?? 0) / 60_000;
  return shift > 0 && shift <= most ? [...found, { name: "shift", title: "rest of the shift", minutes: shift }] : found;
}
