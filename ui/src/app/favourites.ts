/** The tags that whoever sits at this browser comes back to; kept in it, the same on every open page. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

const KEY = "isthmus-favourites";
const CHANGED = "isthmus-favourites";
const MOST = 50;

/** The paths that `text` keeps, in the order they were added; nothing where it is no list of them. */
export function parsed(text: string | null): string[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((path): path is string => typeof path === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** `paths` with `path` added at the end, or without it where it was there; the oldest give way. */
export function turned(paths: readonly string[], path: string): string[] {
  return paths.includes(path) ? paths.filter((one) => one !== path) : [...paths, path].slice(-MOST);
}

/** Follows the favourites for an element, also those that another window changes. */
export class Favourites implements ReactiveController {
  paths: readonly string[] = parsed(localStorage.getItem(KEY));

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("storage", this.read);
    window.addEventListener(CHANGED, this.read);
    this.read();
  }

  hostDisconnected(): void {
    window.removeEventListener("storage", this.read);
    window.removeEventListener(CHANGED, this.read);
  }

  has(path: string): boolean {
    return this.paths.includes(path);
  }

  turn(path: string): void {
    localStorage.setItem(KEY, JSON.stringify(turned(parsed(localStorage.getItem(KEY)), path)));
    window.dispatchEvent(new Event(CHANGED));
  }

  private readonly read = () => {
    this.paths = parsed(localStorage.getItem(KEY));
    this.host.requestUpdate();
  };
}
