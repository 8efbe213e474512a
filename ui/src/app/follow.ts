/** A range that moves with the plant's clock, in steps that are worth a new request. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { clock } from "./clock";
import { type Range, type Starts, parseRange } from "./range";

const STEP_MS = 2000;
const STEPS_PER_SPAN = 2000;

/** Redraws its host as time passes; `range()` is what the address says, ending at a round step. */
export class Follow implements ReactiveController {
  private timer = 0;

  constructor(private readonly host: ReactiveControllerHost, private readonly text: () => string | null, private readonly starts: () => Starts, private readonly fallback = "1h") {
    host.addController(this);
  }

  range(): Range {
    const range = parseRange(this.text(), clock.now(), this.starts(), this.fallback);
    if (!range.follows) return range;
    const step = Math.max(STEP_MS * clock.rate(), (range.to - range.from) / STEPS_PER_SPAN);
    const to = Math.floor(range.to / step) * step;
    return { ...range, from: range.begun ? range.from : to - (range.to - range.from), to };
  }

  hostConnected(): void {
    this.timer = window.setInterval(() => {
      if (!document.hidden) this.host.requestUpdate();
    }, STEP_MS);
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}
