/** Saved views: addresses of the Explore page under names that people gave them. */
import type { ReactiveControllerHost } from "lit";
import { Kept, listed } from "./kept";
import { pensOf } from "./pens";
import { queryText } from "./route";
import type { Site } from "./site";

const KEY = "isthmus-views";
/** What a view is made of, in the order it is written; the theme is the reader's own. */
const PARTS = ["range", "axis", "cursors", "compare", "with", "scale", "together", "when", "sql"] as const;

export const MOST_VIEWS = 20;
export const LONGEST_NAME = 40;

/** A name and the query that it stands for. */
export interface View {
  name: string;
  query: string;
}

/** What saving under a name would do. */
export type Saving = { does: "add" | "full" } | { does: "replace" | "rename"; other: View };

/** The views that `text` keeps, in the order they were added; nothing where it is no list of them. */
export function parsed(text: string | null): View[] {
  return listed(text, isView, MOST_VIEWS);
}

function isView(item: unknown): item is View {
  const view = item as Partial<View> | null;
  return typeof view === "object" && typeof view?.name === "string" && view.name !== "" && typeof view.query === "string";
}

/** The page that `query` shows, as it is kept: pens and range are told, also those that are shown unasked. */
export function viewQuery(site: Site, query: URLSearchParams): string {
  const kept = new URLSearchParams({ pens: query.get("pens") ?? (pensOf(site, query).paths.join() || "none"), range: "3h" });
  for (const part of PARTS) {
    const value = query.get(part);
    if (value !== null) kept.set(part, value);
  }
  return queryText(kept);
}

/** What it means to keep `view` among `views`: its name is there, or its picture, or neither. */
export function saving(views: readonly View[], view: View): Saving {
  const named = views.find((one) => same(one.name, view.name));
  if (named) return { does: "replace", other: named };
  const shown = views.find((one) => one.query === view.query);
  if (shown) return { does: "rename", other: shown };
  return { does: views.length < MOST_VIEWS ? "add" : "full" };
}

/** `views` with `view` in its place; as they are where there is no more room. */
export function saved(views: readonly View[], view: View): readonly View[] {
  const what = saving(views, view);
  if ("other" in what) return views.map((one) => (one === what.other ? view : one));
  return what.does === "add" ? [...views, view] : views;
}

/** A name as it is kept: without spaces around it and at most so long. */
export function tidy(name: string): string {
  return name.trim().replaceAll(/\s+/g, " ").slice(0, LONGEST_NAME);
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Follows the saved views for an element. */
export class Views extends Kept<View> {
  constructor(host: ReactiveControllerHost) {
    super(host, KEY, parsed);
  }

  save(view: View): boolean {
    return this.change((views) => saved(views, view));
  }

  remove(name: string): boolean {
    return this.change((views) => views.filter((one) => one.name !== name));
  }

  /** Puts `view` back to where it was. */
  restore(view: View, place: number): boolean {
    return this.change((views) => (saving(views, view).does === "add" ? [...views.slice(0, place), view, ...views.slice(place)] : views));
  }
}
