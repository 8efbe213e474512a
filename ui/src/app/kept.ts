/** Lists that this browser keeps: what whoever sits at it comes back to, the same on every open page. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** The items of the JSON list in `text` that are as `fits` wants them; nothing where it is no list. */
export function listed<T>(text: string | null, fits: (item: unknown) => item is T, most: number): T[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(fits).slice(0, most) : [];
  } catch {
    return [];
  }
}

/** Follows one kept list for an element, also where another window changes it. */
export class Kept<T> implements ReactiveController {
  items: readonly T[];

  constructor(private readonly host: ReactiveControllerHost, private readonly key: string, private readonly parsed: (text: string | null) => T[]) {
    this.items = parsed(localStorage.getItem(key));
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("storage", this.read);
    window.addEventListener(this.key, this.read);
    this.read();
  }

  hostDisconnected(): void {
    window.removeEventListener("storage", this.read);
    window.removeEventListener(this.key, this.read);
  }

  /** Keeps what `change` makes of the list as it stands now; false where the browser refuses, as one that is full does. */
  change(change: (items: readonly T[]) => readonly T[]): boolean {
    try {
      localStorage.setItem(this.key, JSON.stringify(change(this.parsed(localStorage.getItem(this.key)))));
    } catch {
      return false;
    }
    window.dispatchEvent(new Event(this.key));
    return true;
  }

  private readonly read = () => {
    this.items = this.parsed(localStorage.getItem(this.key));
    this.host.requestUpdate();
  };
}
