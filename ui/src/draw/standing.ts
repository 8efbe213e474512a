/** How a goal stands, in words: nothing on the scorecard is told by colour or shape alone. */
import type { GoalStand, Priority } from "../api/contract";
import { number } from "./number";

/** The priority of the marker beside a verdict; undefined where the goal is reached or has no target. */
export function priorityOf(goal: Pick<GoalStand, "verdict">): Priority | undefined {
  return ({ behind: 3, "far behind": 2, unknown: 4 } as const)[goal.verdict as "behind"];
}

/** The value with its unit. */
export function withUnit(value: number | null | undefined, goal: Pick<GoalStand, "digits" | "unit">): string {
  const text = number(value, goal.digits);
  return goal.unit && value !== null && value !== undefined ? `${text} ${goal.unit}` : text;
}

/** What is to be reached, in words. */
export function targetOf(goal: Pick<GoalStand, "target" | "better" | "digits" | "unit">): string {
  if (goal.target === null) return "—";
  const sign = { more: "≥ ", less: "≤ ", "": "" }[goal.better];
  return `${sign}${withUnit(goal.target, goal)}`;
}

/** The verdict in words, with by how much it is behind. */
export function verdictOf(goal: GoalStand): string {
  if (goal.verdict === "behind" || goal.verdict === "far behind") return `${goal.verdict} by ${withUnit(goal.short, goal)}`;
  return goal.verdict;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A day such as `2026-12-31` for people; it is the same day in every time zone. */
export function dayOf(text: string): string {
  const [year, month, day] = text.split("-").map(Number);
  return `${day} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}
