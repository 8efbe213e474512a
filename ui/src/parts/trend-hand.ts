/** Hands on a trend: drag, shift-drag, wheel, two fingers, double click and keys become ranges and cursors. */
import { html, nothing } from "lit";
import { clock } from "../app/clock";
import { LEFT, RIGHT } from "./lane";

/** What a hand moves. */
export interface Moved {
  readonly from: number;
  readonly to: number;
  readonly cursors: [number | null, number | null];
  readonly quiet: boolean;
  /** The size of the picture in pixels, axes included. */
  readonly size: { width: number; height: number };
  zoom(from: number, to: number): void;
  put(cursors: [number | null, number | null]): void;
  back(): void;
  requestUpdate(): void;
  getBoundingClientRect(): DOMRect;
}

const CLICK_PX = 4;
const LEAST_MS = 1000;
const MOST_MS = 20 * 366 * 86_400_000;
const WHEEL = 0.0022;
const KEY_ZOOM = 1.6;
const KEY_PAN = 0.1;
const PAGE_PAN = 0.8;

type Grip = { kind: "zoom"; start: number; at: number } | { kind: "pan"; start: number; at: number; from: number; to: number } | { kind: "cursor"; which: number } | { kind: "pinch"; time: [number, number] };

export class Hand {
  private grip: Grip | undefined;
  private readonly fingers = new Map<number, number>();
  private next = 0;
  private beforeClick: [number | null, number | null] | undefined;

  constructor(private readonly trend: Moved) {}

  /** The stretch being chosen. */
  render() {
    const grip = this.grip;
    if (grip?.kind !== "zoom" || Math.abs(grip.at - grip.start) <= CLICK_PX) return nothing;
    return html`<div class="zoom" style="left:${Math.min(grip.start, grip.at)}px;width:${Math.abs(grip.at - grip.start)}px"></div>`;
  }

  private get inner(): number {
    return this.trend.size.width - LEFT - RIGHT;
  }

  private time(x: number): number {
    const inside = Math.min(this.trend.size.width - RIGHT, Math.max(LEFT, x));
    return this.trend.from + ((inside - LEFT) / this.inner) * (this.trend.to - this.trend.from);
  }

  private place(event: MouseEvent): number {
    return event.clientX - this.trend.getBoundingClientRect().left;
  }

  /** A range of its own length that does not end after now, unless it did before. */
  private pan(from: number, to: number, shift: number): void {
    const most = Math.max(0, clock.now() - to);
    const moved = Math.min(shift, most);
    this.zoom(from + moved, to + moved);
  }

  private zoom(from: number, to: number): void {
    if (to - from >= LEAST_MS && to - from <= MOST_MS && from >= 0) this.trend.zoom(from, to);
  }

  private zoomAt(at: number, factor: number): void {
    const { from, to } = this.trend;
    this.zoom(at - (at - from) * factor, at + (to - at) * factor);
  }

  readonly down = (event: PointerEvent): void => {
    if (this.trend.quiet || event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    const start = this.place(event);
    this.fingers.set(event.pointerId, start);
    const [one, other] = [...this.fingers.values()];
    const { from, to } = this.trend;
    const cursor = (event.target as HTMLElement).closest<HTMLElement>(".cursor");
    if (one !== undefined && other !== undefined) this.grip = { kind: "pinch", time: [this.time(one), this.time(other)] };
    else if (cursor) this.grip = { kind: "cursor", which: Number(cursor.dataset["which"]) };
    else if (event.shiftKey) this.grip = { kind: "zoom", start, at: start };
    else this.grip = { kind: "pan", start, at: start, from, to };
  };

  readonly move = (event: PointerEvent): void => {
    const grip = this.grip;
    if (!grip || !this.fingers.has(event.pointerId)) return;
    const x = this.place(event);
    this.fingers.set(event.pointerId, x);
    if (grip.kind === "zoom") {
      grip.at = x;
      this.trend.requestUpdate();
    } else if (grip.kind === "cursor") this.set(grip.which, this.time(x));
    else if (grip.kind === "pinch") this.pinch(grip.time);
    else {
      grip.at = Math.abs(x - grip.start) > Math.abs(grip.at - grip.start) ? x : grip.at;
      if (this.dragged(grip)) this.pan(grip.from, grip.to, ((grip.start - x) / this.inner) * (grip.to - grip.from));
    }
  };

  private dragged(grip: { start: number; at: number }): boolean {
    return Math.abs(grip.at - grip.start) > CLICK_PX;
  }

  /** Two fingers keep the times that they lie on. */
  private pinch([first, second]: [number, number]): void {
    const [one = 0, other = 0] = this.fingers.values();
    if (Math.abs(one - other) < 2 * CLICK_PX) return;
    const perPixel = (second - first) / (other - one);
    if (perPixel <= 0) return;
    const from = first - (one - LEFT) * perPixel;
    this.zoom(from, from + this.inner * perPixel);
  }

  readonly up = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId);
    const grip = this.grip;
    this.grip = undefined;
    if (grip?.kind === "zoom" && this.dragged(grip)) this.zoom(this.time(Math.min(grip.start, grip.at)), this.time(Math.max(grip.start, grip.at)));
    else if ((grip?.kind === "zoom" || grip?.kind === "pan") && !this.dragged(grip) && event.detail < 2) {
      this.beforeClick = [...this.trend.cursors];
      this.set(this.next, this.time(grip.start));
      this.next = 1 - this.next;
    }
    this.trend.requestUpdate();
  };

  readonly cancel = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId);
    this.grip = undefined;
  };

  /** Back to the range before; the clicks that it is made of set no cursor. */
  readonly twice = (): void => {
    if (this.trend.quiet) return;
    if (this.beforeClick) this.trend.put(this.beforeClick);
    this.trend.back();
  };

  readonly wheel = (event: WheelEvent): void => {
    if (this.trend.quiet) return;
    event.preventDefault();
    const { from, to } = this.trend;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(from, to, (event.deltaX / this.inner) * (to - from));
    else this.zoomAt(this.time(this.place(event)), Math.exp(Math.max(-250, Math.min(250, event.deltaY)) * WHEEL));
  };

  readonly key = (event: KeyboardEvent): void => {
    if (this.trend.quiet || event.metaKey || event.ctrlKey || event.altKey) return;
    const { from, to, cursors } = this.trend;
    const width = to - from;
    const which = cursors[1 - this.next] !== null ? 1 - this.next : cursors[this.next] !== null ? this.next : undefined;
    const at = which === undefined ? (from + to) / 2 : cursors[which] ?? (from + to) / 2;
    const sign = event.key === "ArrowLeft" || event.key === "PageUp" ? -1 : 1;
    const centre = at >= from && at <= to ? at : (from + to) / 2;
    if (event.key === "Escape") this.trend.put([null, null]);
    else if (event.key === "+" || event.key === "=") this.zoomAt(centre, 1 / KEY_ZOOM);
    else if (event.key === "-") this.zoomAt(centre, KEY_ZOOM);
    else if (event.key === "Backspace") this.trend.back();
    else if (event.key === "PageUp" || event.key === "PageDown") this.pan(from, to, sign * PAGE_PAN * width);
    else if (event.key === "1" || event.key === "2") {
      this.set(Number(event.key) - 1, (from + to) / 2);
      this.next = 2 - Number(event.key);
    } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && which !== undefined) {
      const step = (width / this.inner) * (event.shiftKey ? 20 : 2) * sign;
      this.set(which, Math.min(to, Math.max(from, at + step)));
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.pan(from, to, sign * KEY_PAN * width);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  private set(which: number, time: number): void {
    this.trend.put(which === 0 ? [time, this.trend.cursors[1]] : [this.trend.cursors[0], time]);
  }

}
