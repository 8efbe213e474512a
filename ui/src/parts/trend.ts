import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { clock } from "../app/clock";
import { tail } from "../app/site";
import { number, unitText } from "../draw/number";
import { FOOT, LEFT, Lane, type Pen, RIGHT } from "./lane";
import { Picture } from "./part";
import "uplot/dist/uPlot.min.css";

export type { Pen } from "./lane";

const CLICK_PX = 4;
const LEAST_MS = 1000;
/** Room over a lane, with and without the names of its pens. */
const HEAD = 22;
const QUIET_HEAD = 8;

type Grip = { kind: "zoom"; start: number; at: number } | { kind: "pan"; start: number; from: number; to: number } | { kind: "cursor"; which: number };

/**
 * Pens over one time axis, in lanes or on one axis.
 *
 * Drag zooms, wheel zooms at the pointer, shift-drag pans, a click places a cursor, arrows move it.
 * Fires `isthmus-zoom` {from, to} and `isthmus-cursors` [number | null, number | null].
 */
@customElement("isthmus-trend")
export class Trend extends Picture {
  @property({ attribute: false }) pens: Pen[] = [];
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 1;
  @property({ type: Boolean }) lanes = true;
  @property({ attribute: false }) cursors: [number | null, number | null] = [null, null];
  /** Without cursors and zoom, for a picture on a faceplate. */
  @property({ type: Boolean }) quiet = false;
  @state() private grip: Grip | undefined;
  @query(".plots") private plots!: HTMLElement;
  private drawn: Lane[] = [];
  private shape = "";
  private next = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-theme", this.rebuild);
    this.addEventListener("wheel", this.wheel, { passive: false });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-theme", this.rebuild);
    this.removeEventListener("wheel", this.wheel);
    this.clear();
  }

  private readonly rebuild = () => {
    this.shape = "";
    this.requestUpdate();
  };

  private clear(): void {
    for (const lane of this.drawn) lane.destroy();
    this.drawn = [];
    this.shape = "";
  }

  private groups(): Pen[][] {
    return this.lanes ? this.pens.map((pen) => [pen]) : this.pens.length ? [this.pens] : [];
  }

  private laneHeight(): number {
    return Math.max(48, Math.floor((this.height - FOOT) / Math.max(1, this.groups().length)));
  }

  protected override updated(): void {
    if (this.width < LEFT + RIGHT + 40 || this.height < 60 || !this.plots) return;
    const groups = this.groups();
    const shape = `${this.width} ${this.height} ${this.lanes} ${this.pens.map((pen) => `${pen.letter}${pen.tag.id}`).join()}`;
    if (shape !== this.shape) {
      this.clear();
      this.plots.replaceChildren();
      const height = this.laneHeight();
      const head = this.quiet ? QUIET_HEAD : HEAD;
      this.drawn = groups.map((pens, row) => {
        const last = row === groups.length - 1;
        return new Lane(this.plots, pens, [this.from, this.to], { width: this.width, height: height + (last ? FOOT : 0) }, last, head);
      });
      this.shape = shape;
    } else groups.forEach((pens, row) => this.drawn[row]?.show(pens, [this.from, this.to]));
  }

  override render() {
    const grip = this.grip;
    const names = this.pens.map((pen) => `${pen.tag.path} ${number(pen.columns?.last, 2)} ${unitText(pen.tag.unit)}`).join("; ");
    return html`${this.between()}<div class="plots" aria-hidden="true"></div>
      <div class="over" tabindex=${this.quiet ? -1 : 0} role="img" aria-label="trend from ${clock.minute(this.from)} to ${clock.minute(this.to)}: ${names}. Arrows move the cursor."
        @pointerdown=${this.down} @pointermove=${this.move} @pointerup=${this.up} @pointercancel=${() => (this.grip = undefined)} @keydown=${this.key}>
        ${this.quiet ? nothing : this.groups().map((pens, row) => this.names(pens, row * this.laneHeight()))}
        ${grip?.kind === "zoom" && Math.abs(grip.at - grip.start) > CLICK_PX ? html`<div class="zoom" style="left:${Math.min(grip.start, grip.at)}px;width:${Math.abs(grip.at - grip.start)}px"></div>` : nothing}
        ${this.quiet ? nothing : this.cursors.map((time, which) => time === null || time < this.from || time > this.to ? nothing : html`<div class="cursor" data-which=${which} style="left:${this.x(time)}px"><span>${which + 1} ${clock.second(time)}</span></div>`)}</div>`;
  }

  /** Over a lane: the unit over its axis, then letter and tag of every pen. */
  private names(pens: Pen[], top: number) {
    const [unit = "", ...others] = new Set(pens.map((pen) => unitText(pen.tag.unit)));
    return html`<div class="names tiny" style="top:${top}px"><span class="muted clip axis-unit" style="width:${LEFT - 6}px">${others.length ? "" : unit}</span>
      ${pens.map((pen) => html`<span class="row"><span class="letter-box pen-${pen.letter}">${pen.letter.toUpperCase()}</span><span class="tag clip" title=${pen.tag.path}>${tail(pen.tag.path)}${others.length && pen.tag.unit ? `, ${unitText(pen.tag.unit)}` : ""}</span></span>`)}</div>`;
  }

  private between() {
    const [one, other] = this.cursors;
    if (one === null || other === null || this.quiet) return nothing;
    const left = Math.max(LEFT, this.x(Math.min(one, other)));
    const right = Math.min(this.width - RIGHT, this.x(Math.max(one, other)));
    return right > left ? html`<div class="band" style="left:${left}px;width:${right - left}px"></div>` : nothing;
  }

  private x(time: number): number {
    return LEFT + ((time - this.from) / (this.to - this.from)) * (this.width - LEFT - RIGHT);
  }

  private time(x: number): number {
    const inside = Math.min(this.width - RIGHT, Math.max(LEFT, x));
    return this.from + ((inside - LEFT) / (this.width - LEFT - RIGHT)) * (this.to - this.from);
  }

  private place(event: MouseEvent): number {
    return event.clientX - this.getBoundingClientRect().left;
  }

  private readonly down = (event: PointerEvent) => {
    if (this.quiet || event.button !== 0) return;
    const cursor = (event.target as HTMLElement).closest<HTMLElement>(".cursor");
    const start = this.place(event);
    if (cursor) this.grip = { kind: "cursor", which: Number(cursor.dataset["which"]) };
    else if (event.shiftKey || event.offsetY > this.height - FOOT) this.grip = { kind: "pan", start, from: this.from, to: this.to };
    else this.grip = { kind: "zoom", start, at: start };
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };

  private readonly move = (event: PointerEvent) => {
    const grip = this.grip;
    if (!grip) return;
    const x = this.place(event);
    if (grip.kind === "zoom") this.grip = { ...grip, at: x };
    else if (grip.kind === "cursor") this.put(grip.which, this.time(x));
    else {
      this.pan(grip.from, grip.to, (grip.start - x) / (this.width - LEFT - RIGHT));
    }
  };

  /** Moves a range by a share of itself, not past now: what is shown keeps its length. */
  private pan(from: number, to: number, share: number): void {
    const shift = Math.min(share * (to - from), Math.max(0, clock.now() - to));
    this.zoom(from + shift, to + shift);
  }

  private readonly up = () => {
    const grip = this.grip;
    this.grip = undefined;
    if (grip?.kind !== "zoom") return;
    if (Math.abs(grip.at - grip.start) > CLICK_PX) {
      const [from, to] = [this.time(Math.min(grip.start, grip.at)), this.time(Math.max(grip.start, grip.at))];
      this.zoom(from, to);
    } else {
      this.put(this.next, this.time(grip.start));
      this.next = 1 - this.next;
    }
  };

  private readonly wheel = (event: WheelEvent) => {
    if (this.quiet) return;
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.pan(this.from, this.to, event.deltaX / (this.width - LEFT - RIGHT));
      return;
    }
    const at = this.time(this.place(event));
    const factor = Math.exp(Math.sign(event.deltaY) * 0.25);
    this.zoom(at - (at - this.from) * factor, at + (this.to - at) * factor);
  };

  private readonly key = (event: KeyboardEvent) => {
    if (this.quiet || !["ArrowLeft", "ArrowRight", "Escape"].includes(event.key)) return;
    event.preventDefault();
    const which = 1 - this.next;
    if (event.key === "Escape") {
      this.dispatchEvent(new CustomEvent("isthmus-cursors", { bubbles: true, detail: [null, null] }));
      return;
    }
    const step = ((this.to - this.from) / (this.width - LEFT - RIGHT)) * (event.shiftKey ? 20 : 2) * (event.key === "ArrowLeft" ? -1 : 1);
    this.put(which, Math.min(this.to, Math.max(this.from, (this.cursors[which] ?? (this.from + this.to) / 2) + step)));
  };

  private put(which: number, time: number): void {
    const detail: [number | null, number | null] = which === 0 ? [time, this.cursors[1]] : [this.cursors[0], time];
    this.dispatchEvent(new CustomEvent("isthmus-cursors", { bubbles: true, detail }));
  }

  private zoom(from: number, to: number): void {
    if (to - from < LEAST_MS) return;
    this.dispatchEvent(new CustomEvent("isthmus-zoom", { bubbles: true, detail: { from, to } }));
  }
}
