/** The order that runs now, as a range begins with it. */
import type { Overview } from "../api/contract";
import type { Load } from "../api/resource";
import { clock } from "./clock";

/** When the running order began, undefined where that is not known; `text` says which it is, or why not. */
export interface OrderNow {
  start: number | undefined;
  text: string;
}

/** What the overview of a line knows of its order; `load` is how the overview stands. */
export function orderNow(overview: Overview | undefined, load: Load): OrderNow {
  if (!overview) {
    const error = load.trouble?.error;
    return { start: undefined, text: error ? `it is not known which order runs: ${error}` : "it is not known yet which order runs" };
  }
  const running = overview.orders.find((order) => order.state === "running");
  if (!running) {
    const next = overview.orders.find((order) => order.state === "next");
    if (next) return { start: undefined, text: `no order runs now; ${next.order} is the next` };
    return { start: undefined, text: overview.orders.length ? "no order runs now" : "no order is known; orders appear as the machines' events tell of them" };
  }
  const name = [running.order, running.product].filter(Boolean).join(", ");
  if (typeof running.start !== "number") return { start: undefined, text: `${name} runs, but its machine does not tell since when` };
  return { start: running.start, text: `${name} on ${overview.title || overview.path}, since ${clock.moment(running.start)}` };
}
