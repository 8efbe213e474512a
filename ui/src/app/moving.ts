/** A range while a hand moves it; the address follows when it rests, each rest a step to go back to. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { clock } from "./clock";
import { rangeText } from "./range";
import { setQuery } from "./route";

/** A gesture ends after so many ms without another. */
const REST_MS = 220;

export class Moving implements ReactiveController {
  range: { from: number; to: number } | undefined;
  private timer = 0;
  private steps = 0;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("popstate", this.settle);
  }

  hostDisconnected(): void {
    window.removeEventListener("popstate", this.settle);
    clearTimeout(this.timer);
  }

  /** Shows [from, to], which does not pass now. */
  move(from: number, to: number): void {
    const range = { from, to: Math.max(from + 1000, Math.min(to, clock.now())) };
    this.range = range;
    this.host.requestUpdate();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.range = undefined;
      this.put(range.from, range.to);
      this.host.requestUpdate();
    }, REST_MS);
  }

  /** Goes to [from, to] at once. */
  put(from: number, to: number): void {
    this.steps += 1;
    setQuery({ range: rangeText(from, to) }, true);
  }

  /** Goes back one step, or to the usual range. */
  back(): void {
    this.settle();
    if (this.steps > 0) history.back();
    else setQuery({ range: undefined });
    this.steps = Math.max(0, this.steps - 1);
  }

  private readonly settle = () => {
    clearTimeout(this.timer);
    this.range = undefined;
    this.host.requestUpdate();
  };
}
