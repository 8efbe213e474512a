/** The window of a report: one that goes on, a shift that is over, or two times that stand still. */
import type { ReactiveControllerHost } from "lit";
import type { Overview, Period } from "../api/contract";
import { address } from "../api/get";
import { type Load, Resource } from "../api/resource";
import { clock } from "./clock";
import { orderNow } from "./order";
import { parseRange } from "./range";

/** Names in the order of the buttons. */
export const WINDOWS = ["hour", "shift", "last_shift", "order", "day", "week"] as const;

const DAY = 86_400_000;
/** So far back a site tells of one window. */
export const MOST_DAYS = 32;
const MINUTE = 60_000;

/** What is shown; `ask` is undefined while that is not known yet, or where there is nothing to ask: `lacks` says why. */
export interface Chosen {
  /** Empty for two times. */
  name: string;
  ask: { window?: string; from?: number; to?: number } | undefined;
  lacks: string;
  /** When the window ended; 0 where it goes on. */
  ended: number;
}

/** What is known of the line: its shifts, and since when its order runs. */
export interface Known {
  now: number;
  shifts: readonly Period[] | undefined;
  order: { start: number | undefined; text: string } | undefined;
}

/** The window that the address asks for: `range=from-to` before `window=name`. */
export function chosenWindow(query: URLSearchParams, known: Known): Chosen {
  const range = parseRange(query.get("range"), known.now, {});
  if (!range.follows) return { name: "", ask: { from: range.from, to: range.to }, lacks: "", ended: range.to < known.now ? range.to : 0 };
  const name = WINDOWS.find((one) => one === query.get("window")) ?? "shift";
  if (name === "last_shift") return { name, ...lastShift(known) };
  if (name !== "order") return { name, ask: { window: name }, lacks: "", ended: 0 };
  const start = known.order?.start;
  if (start !== undefined && known.now - start > MOST_DAYS * DAY) return { name, ask: undefined, lacks: `the order has run for more than ${MOST_DAYS} days; choose a week`, ended: 0 };
  return { name, ask: start === undefined ? undefined : { from: start }, lacks: start === undefined ? known.order?.text ?? "" : "", ended: 0 };
}

function lastShift({ shifts, now }: Known): Omit<Chosen, "name"> {
  const last = shifts?.filter((one) => one.end <= now).at(-1);
  if (last) return { ask: { from: last.start, to: last.end }, lacks: "", ended: last.end };
  return { ask: undefined, lacks: shifts ? "no shift has ended lately; give the line a calendar in plant.yaml" : "", ended: 0 };
}

/** Follows what `query` asks for of `line`, and learns of the site what that takes. */
export class ChosenWindow {
  private readonly shifts: Resource<Period[]>;
  private readonly overview: Resource<Overview>;

  constructor(host: ReactiveControllerHost, private readonly query: () => URLSearchParams, line: () => string | undefined) {
    const wanted = (name: string) => (line() && !query().get("range") && query().get("window") === name ? line() : undefined);
    this.shifts = new Resource<Period[]>(host, () => {
      // the same address all day: the shifts to come are told as well
      const to = Math.ceil(clock.now() / DAY + 1) * DAY;
      return wanted("last_shift") && address("/api/periods", { line: line(), kind: "shift", from: to - MOST_DAYS * DAY, to });
    });
    this.overview = new Resource<Overview>(host, () => wanted("order") && address("/api/overview", { line: line() }), { every: () => MINUTE });
  }

  get value(): Chosen {
    const { overview, shifts } = this;
    const told = overview.value || overview.load.trouble;
    return chosenWindow(this.query(), { now: clock.now(), shifts: shifts.value, order: told ? orderNow(overview.value, overview.load) : undefined });
  }

  /** How what it takes to know the window stands. */
  get load(): Load {
    return this.value.name === "order" ? this.overview.load : this.shifts.load;
  }
}
