/** The tags that whoever sits at this browser comes back to. */
import type { ReactiveControllerHost } from "lit";
import { Kept, listed } from "./kept";

const KEY = "isthmus-favourites";
const MOST = 50;

/** The paths that `text` keeps, in the order they were added; nothing where it is no list of them. */
export function parsed(text: string | null): string[] {
  return listed(text, (item) => typeof item === "string", MOST);
}

/** `paths` with `path` added at the end, or without it where it was there; the oldest give way. */
export function turned(paths: readonly string[], path: string): string[] {
  return paths.includes(path) ? paths.filter((one) => one !== path) : [...paths, path].slice(-MOST);
}

/** Follows the favourites for an element. */
export class Favourites extends Kept<string> {
  constructor(host: ReactiveControllerHost) {
    super(host, KEY, parsed);
  }

  has(path: string): boolean {
    return this.items.includes(path);
  }

  turn(path: string): void {
    this.change((paths) => turned(paths, path));
  }
}
