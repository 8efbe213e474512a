/** How often units stopped, in words. */
import type { Ribbon } from "../api/contract";

/** "capper stopped twice, filler once inside", of `units` in their order; empty where none is known to have stopped. */
export function stopsText(ribbons: readonly Ribbon[], units: readonly { path: string; name: string }[]): string {
  const told = units.flatMap(({ path, name }) => {
    const found = ribbons.find((ribbon) => ribbon.path === path);
    return found?.stops ? [{ name, often: `${found.known ? "" : "at least "}${times(found.stops)}` }] : [];
  });
  const words = told.map(({ name, often }, place) => `${name} ${place ? "" : "stopped "}${often}`);
  return words.length ? `${words.join(", ")} inside` : "";
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}
