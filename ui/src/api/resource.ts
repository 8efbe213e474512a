/** One answer of the API as a page needs it: loaded, refreshed, retried, and kept when it fails. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError, get } from "./get";

/** What went wrong, since when (wall clock, ms), and when it is tried again. */
export interface Trouble {
  error: string;
  hint: string;
  since: number;
  next: number;
  status: number;
}

/** How a card stands towards its data. */
export interface Load {
  state: "loading" | "ready" | "error" | "denied";
  trouble?: Trouble | undefined;
}

interface Options<T> {
  /** Asked again after so many milliseconds; 0 asks once. */
  every?: () => number;
  /** Whether the old answer may stay while another address is loaded. */
  keep?: boolean;
  read?: (url: string, signal: AbortSignal) => Promise<T>;
  /** Whether a request under way, of that address and age in ms, is of no more use and is given up. */
  outdated?: (url: string, age: number) => boolean;
}

const RETRY_MS = [1000, 2000, 4000, 8000, 15000];

/** Follows `url()` of its host: loads it, repeats it, keeps the last good answer in `value`. */
export class Resource<T> implements ReactiveController {
  value: T | undefined;
  load: Load = { state: "loading" };
  private url: string | undefined;
  private timer = 0;
  private failures = 0;
  private abort: AbortController | undefined;
  private busy = false;
  private asked = "";
  private askedAt = 0;
  private late = false;
  private readonly read: (url: string, signal: AbortSignal) => Promise<T>;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly wanted: () => string | undefined,
    private readonly options: Options<T> = {},
  ) {
    this.read = options.read ?? ((url, signal) => get<T>(url, signal));
    host.addController(this);
  }

  hostUpdate(): void {
    const url = this.wanted();
    if (url === this.url) return;
    this.url = url;
    if (!this.options.keep || url === undefined) this.value = undefined;
    if (this.value === undefined) this.load = { state: "loading" };
    this.failures = 0;
    // An answer under way to a question that nobody asks any more is no picture to keep for the next one.
    if (url === undefined) this.cease();
    else void this.ask();
  }

  hostConnected(): void {
    document.addEventListener("visibilitychange", this.visible);
    if (this.url) void this.ask();
  }

  hostDisconnected(): void {
    document.removeEventListener("visibilitychange", this.visible);
    this.cease();
  }

  private cease(): void {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.busy = this.late = false;
  }

  /** Asks again now; where an answer is under way that may wait, once that is here: it may be older than what has changed. */
  again(): void {
    this.late = this.busy;
    void this.ask();
  }

  private readonly visible = () => {
    if (!document.hidden && this.url) void this.ask();
  };

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    // A kept picture may wait for the answer that is under way: a range that follows the clock
    // would otherwise abort every request of a slow site.
    if (this.busy && this.options.keep && !this.options.outdated?.(this.asked, performance.now() - this.askedAt)) return;
    this.abort?.abort();
    const url = this.url;
    if (url === undefined) return;
    this.late = false;
    this.asked = url;
    this.askedAt = performance.now();
    const abort = (this.abort = new AbortController());
    this.busy = true;
    try {
      const value = await this.read(url, abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.failures = 0;
      this.load = { state: "ready" };
      const every = this.options.every?.() ?? 0;
      if (every > 0) this.plan(every);
    } catch (cause) {
      if (abort.signal.aborted) return;
      this.fail(cause);
    } finally {
      if (this.abort === abort) this.busy = false;
    }
    if (this.late || (this.options.keep && this.url !== url)) void this.ask();
    this.host.requestUpdate();
  }

  private fail(cause: unknown): void {
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 15000;
    this.failures += 1;
    const status = cause instanceof ApiError ? cause.status : -1;
    const since = this.load.trouble?.since ?? Date.now();
    const error = cause instanceof Error ? cause.message : String(cause);
    const hint = cause instanceof ApiError ? cause.hint : "";
    const denied = status === 401 || status === 403;
    this.load = { state: denied ? "denied" : "error", trouble: { error, hint, since, next: Date.now() + wait, status } };
    if (status === 401) window.dispatchEvent(new Event("isthmus-signed-out"));
    else if (status !== 403 && status !== 404) this.plan(wait);
  }

  private plan(wait: number): void {
    this.timer = window.setTimeout(() => {
      if (!document.hidden) void this.ask();
    }, wait);
  }
}
