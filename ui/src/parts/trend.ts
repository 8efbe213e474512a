import { html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { clock } from "../app/clock";
import { tail } from "../app/site";
import { number, unitText } from "../draw/number";
import { FOOT, LEFT, Lane, type Pen, RIGHT } from "./lane";
import { Picture } from "./part";
import { Hand, type Moved } from "./trend-hand";
import { trendPng } from "./trend-png";
import "uplot/dist/uPlot.min.css";

export type { Pen } from "./lane";

/** Room over a lane, with and without the names of its pens. */
const HEAD = 22;
const QUIET_HEAD = 8;

/**
 * Pens over one time axis, in lanes or on one axis.
 *
 * Drag and two fingers move, wheel zooms at the pointer, shift-drag chooses, a click places a cursor.
 * Fires `isthmus-zoom` {from, to}, `isthmus-cursors` [number | null, number | null], `isthmus-back-range`.
 */
@customElement("isthmus-trend")
export class Trend extends Picture implements Moved {
  @property({ attribute: false }) pens: Pen[] = [];
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 1;
  @property({ type: Boolean }) lanes = true;
  @property({ attribute: false }) cursors: [number | null, number | null] = [null, null];
  /** Without cursors and zoom, for a picture on a faceplate. */
  @property({ type: Boolean }) quiet = false;
  @query(".plots") private plots!: HTMLElement;
  private drawn: Lane[] = [];
  private shape = "";
  private readonly hand = new Hand(this);

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-theme", this.rebuild);
    this.addEventListener("wheel", this.hand.wheel, { passive: false });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-theme", this.rebuild);
    this.removeEventListener("wheel", this.hand.wheel);
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
    const names = this.pens.map((pen) => `${pen.tag.path} ${number(pen.columns?.last, 2)} ${unitText(pen.tag.unit)}`).join("; ");
    return html`${this.between()}<div class="plots" aria-hidden="true"></div>
      <div class="over" tabindex=${this.quiet ? -1 : 0} role="img" aria-label="trend from ${clock.minute(this.from)} to ${clock.minute(this.to)}: ${names}. Arrows move the range or a cursor, plus and minus zoom, 1 and 2 place cursors, Backspace goes back."
        @pointerdown=${this.hand.down} @pointermove=${this.hand.move} @pointerup=${this.hand.up} @pointercancel=${this.hand.cancel} @dblclick=${this.hand.twice} @keydown=${this.hand.key}>
        ${this.quiet ? nothing : this.groups().map((pens, row) => this.names(pens, row * this.laneHeight()))}
        ${this.hand.render()}
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

  zoom(from: number, to: number): void {
    this.dispatchEvent(new CustomEvent("isthmus-zoom", { bubbles: true, detail: { from, to } }));
  }

  put(cursors: [number | null, number | null]): void {
    this.dispatchEvent(new CustomEvent("isthmus-cursors", { bubbles: true, detail: cursors }));
  }

  back(): void {
    this.dispatchEvent(new CustomEvent("isthmus-back-range", { bubbles: true }));
  }

  get size(): { width: number; height: number } {
    return { width: this.width, height: this.height };
  }

  /** The picture as a PNG, names and cursors included. */
  async png(): Promise<Blob> {
    return trendPng(this.drawn.map((lane) => lane.canvas), this.groups(), this.laneHeight(), this.size, this.cursors.map((time) => (time === null || time < this.from || time > this.to ? null : { x: this.x(time), text: clock.second(time) })));
  }
}
