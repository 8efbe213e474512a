/** The pens that an address asks for. */
import type { Site } from "./site";

/** A letter for each pen, and so their most. */
export const LETTERS = "abcdef";

/** Tags to draw, in the order of their letters, and those asked for that the plant does not have. */
export interface Pens {
  paths: string[];
  missing: string[];
}

/** The pens of `query`; where it names none, the first figure of the line's first three units. */
export function pensOf(site: Site, query: URLSearchParams): Pens {
  const text = query.get("pens");
  const asked = [...new Set(text === null ? usual(site) : text.split(",").filter((path) => path && path !== "none"))];
  const known = asked.filter((path) => site.tagPaths.has(path));
  return { paths: known.slice(0, LETTERS.length), missing: asked.filter((path) => !site.tagPaths.has(path)) };
}

function usual(site: Site): string[] {
  const line = site.lines()[0];
  const first = (line ? site.unitsOf(line) : site.assets()).slice(0, 3).map((unit) => site.tag(unit.headline[0]));
  return first.flatMap((tag) => (tag ? [tag.path] : []));
}
