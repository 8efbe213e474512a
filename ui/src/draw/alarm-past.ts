/** What the past of alarms says of one operator's position, the whole site where its path is empty. */
import type { AlarmAdvice, AlarmFigures } from "../api/contract";
import { clock, when } from "../app/clock";

/** How often an alarm came, and its share of all that came at the position. */
export interface Actor extends AlarmAdvice {
  share: number;
}

/** The figures of `position`, of the whole site where that has none. */
export function figuresAt(figures: readonly AlarmFigures[] | undefined, position: string | null): AlarmFigures | undefined {
  return figures?.find((one) => one.position === position) ?? figures?.[0];
}

/** The alarms of `position` that came, the most frequent first. */
export function actorsAt(advice: readonly AlarmAdvice[], position: string): Actor[] {
  const own = advice.filter((one) => !position || one.path.startsWith(`${position}/`));
  const all = own.reduce((sum, one) => sum + one.raised, 0);
  return own.map((one) => ({ ...one, share: one.raised / all })).sort((a, b) => b.raised - a.raised);
}

/** How many would not have come with what is advised. */
export function spared(advice: AlarmAdvice): number {
  return Math.max(advice.on_spares, advice.off_spares);
}

/** "Mon 21:14 to 21:40: 23 alarms"; one that is not over at `now` lasts on. */
export function floodText(flood: AlarmFigures["floods"][number], now: number): string {
  return `${when(flood.start)} ${flood.end < now ? `to ${clock.minute(flood.end)}` : "until now"}: ${flood.alarms} alarms`;
}
