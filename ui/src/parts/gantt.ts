import { html, nothing, svg } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Period, Ribbon, StopInfo } from "../api/contract";
import { clock, duration } from "../app/clock";
import { layoutRibbon } from "../draw/ribbon";
import { linear } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { Picture } from "./part";
import { stretch, tale } from "./state-ribbon";
import { openStop, whyOf } from "./stop-sheet";

const LEFT = 96;
const ROW = 36;
const TALL = 24;
const LANE = 24;
const SHIFTS = 14;
const CLOSEST = 120_000;
const DRAG = 6;
const SHOWN = 200;

/**
 * The states of several units over one time axis, with orders above and the edges of shifts.
 *
 * Arrow keys go from stop to stop and unit to unit, `+` and `-` come nearer and go back, `0` shows all, Enter opens
 * the stop; a drag shows what it spans.
 */
@customElement("isthmus-gantt")
export class Gantt extends Picture {
  @property({ attribute: false }) rows: readonly Ribbon[] = [];
  @property({ attribute: false }) orders: readonly Period[] = [];
  @property({ attribute: false }) shifts: readonly Period[] = [];
  @property({ attribute: false }) stops: readonly StopInfo[] = [];
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  @state() private view: [number, number] | undefined;
  @state() private chosen: StopInfo | undefined;
  @state() private drag: [number, number] | undefined;

  private get left(): number {
    return this.width < 500 ? 70 : LEFT;
  }

  private get shown(): [number, number] {
    if (!this.view) return [this.from, this.to];
    const [from, to] = this.view;
    return to <= this.from || from >= this.to ? [this.from, this.to] : [Math.max(from, this.from), Math.min(to, this.to)];
  }

  /** Where the first unit's row begins, below shifts and orders. */
  private get top(): number {
    return (this.shifts.length ? SHIFTS : 0) + (this.orders.length ? LANE : 0);
  }

  private get scale() {
    const [from, to] = this.shown;
    return linear(from, to, this.left, this.width - 4);
  }

  override render() {
    const { width, rows } = this;
    if (width < 240 || rows.length === 0 || !(this.to > this.from)) return nothing;
    const [from, to] = this.shown;
    const zoomed = this.view !== undefined;
    return html`<div class="row between gantt-bar"><span class="small" role="status">${this.chosen ? this.words(this.chosen) : html`<span class="muted">${this.stops.length} stops; click one, or arrows, + − 0 and Enter in the picture</span>`}</span>
        <span class="seg" role="group" aria-label="Zoom"><button aria-label="come nearer" @click=${() => this.zoom(0.5)}>+</button><button aria-label="go back" ?disabled=${!zoomed} @click=${() => this.zoom(2)}>−</button><button ?disabled=${!zoomed} @click=${this.whole}>all</button></span></div>
      <div class="gantt" tabindex="0" role="application" aria-roledescription="state chart" aria-label="States of ${rows.map((row) => row.title).join(", ")} from ${clock.minute(from)} to ${clock.minute(to)}; arrows go from stop to stop, Enter opens one"
        @keydown=${this.key} @pointerdown=${this.down} @pointermove=${this.move} @pointerup=${this.up} @pointercancel=${() => (this.drag = undefined)} @dblclick=${this.whole}>${this.picture(from, to)}</div>
      ${this.table()}`;
  }

  private picture(from: number, to: number) {
    const { width, rows, left } = this;
    const x = this.scale;
    const { top } = this;
    const bottom = top + rows.length * ROW;
    const room = width - left - 4;
    return html`<svg width=${width} height=${bottom + 22} viewBox="0 0 ${width} ${bottom + 22}" aria-hidden="true">
      ${this.shifts.filter((shift) => shift.end > from && shift.start < to).map((shift) => this.shift(shift, from, to, bottom))}
      ${this.orders.length ? this.lane(from, to) : nothing}
      ${rows.map((row, place) => svg`<text class="t13" style="font-size:13px;fill:var(--text)" x="0" y=${top + place * ROW + 20}>${row.title || row.path.split("/").at(-1)}</text>
        <g transform="translate(${left} ${top + place * ROW + 4})">${layoutRibbon(row.intervals, from, to, room).map((piece) => svg`${stretch(piece, 0, TALL, tale(piece.interval))}${this.word(piece.width, piece.interval.look, piece.interval.cause || piece.interval.state, piece.x)}`)}</g>
        ${this.mark(row, top + place * ROW)}`)}
      ${this.drag ? svg`<rect class="span" x=${Math.min(...this.drag)} y="0" width=${Math.abs(this.drag[1] - this.drag[0])} height=${bottom}/>` : nothing}
      <path class="axis" d="M${left} ${bottom + 0.5}H${width - 4}" />
      ${timeAxis(from, to, Math.max(2, Math.floor(room / 90))).map(({ time, label }) => svg`<path class="axis" d="M${Math.round(x(time)) + 0.5} ${bottom}v4"/><text class=${x(time) > width - 20 ? "e" : x(time) < left + 14 ? "" : "m"} x=${x(time)} y=${bottom + 17}>${label}</text>`)}</svg>`;
  }

  /** Where a shift begins, and its name where there is room. */
  private shift(shift: Period, from: number, to: number, bottom: number) {
    const [start, end] = [this.scale(Math.max(from, shift.start)), this.scale(Math.min(to, shift.end))];
    return svg`${shift.start > from ? svg`<path class="shift-edge" d="M${Math.round(start) + 0.5} 2V${bottom}"><title>${shift.name} shift begins ${clock.moment(shift.start)}</title></path>` : nothing}${end - start > shift.name.length * 7 + 8 ? svg`<text x=${start + 4} y="10">${shift.name}</text>` : nothing}`;
  }

  /** The orders on which the line worked. */
  private lane(from: number, to: number) {
    const x = this.scale;
    return svg`<g transform="translate(0 ${this.shifts.length ? SHIFTS : 0})"><text x="0" y="15">order</text>${this.orders.filter((order) => order.end > from && order.start < to).map((order) => {
      const [start, end] = [x(Math.max(from, order.start)), x(Math.min(to, order.end))];
      return svg`<g><title>${order.name}, ${clock.moment(order.start)} to ${clock.moment(order.end)}</title><path class="axis" d="M${start + 0.5} 18V4H${end - 0.5}V18"/>${end - start > order.name.length * 6 + 10 ? svg`<text class="tx m" x=${(start + end) / 2} y="15">${order.name}</text>` : nothing}</g>`;
    })}</g>`;
  }

  /** The frame around the stop that is chosen. */
  private mark(row: Ribbon, top: number) {
    const { chosen } = this;
    const [from, to] = this.shown;
    if (!chosen || chosen.path !== row.path || chosen.end < from || chosen.start > to) return nothing;
    const [start, end] = [this.scale(Math.max(from, chosen.start)), this.scale(Math.min(to, chosen.end))];
    return svg`<rect class="chosen" x=${start - 2} y=${top + 1} width=${Math.max(6, end - start + 4)} height=${TALL + 6}/>`;
  }

  /** The state's word where it fits and says more than the fill. */
  private word(width: number, look: string, text: string, x: number) {
    const wanted = look === "break" || look === "stop" || look === "setup";
    if (!wanted || width < text.length * 6.6 + 10) return nothing;
    return svg`<rect class="fc" x=${x + width / 2 - text.length * 3.3 - 3} y="4" width=${text.length * 6.6 + 6} height="15"/><text class="tx m" x=${x + width / 2} y="16">${text.replaceAll("_", " ")}</text>`;
  }

  private words(stop: StopInfo): string {
    const why = whyOf(stop);
    return `${stop.unit}, ${clock.minute(stop.start)} for ${duration(stop.end - stop.start)}: ${why.text}${why.sure ? ` (${why.sure})` : ""}`;
  }

  /** The same for who cannot see the picture, the newest first. */
  private table() {
    const stops = [...this.stops].reverse();
    const more = stops.length > SHOWN ? `, the newest ${SHOWN} of ${stops.length}` : "";
    return html`<details class="as-table"><summary class="small">Stops as a table${more}</summary><div class="scroll-x"><table class="data"><thead><tr><th>From</th><th>Unit</th><th class="e">Lasted</th><th>State</th><th>Reason</th><th>How sure</th><th>Shift</th><th>Order</th></tr></thead><tbody>
      ${stops.slice(0, SHOWN).map((stop) => {
        const why = whyOf(stop);
        return html`<tr><td class="nowrap"><button class="plain" @click=${() => this.show(stop)}>${clock.moment(stop.start)}</button></td><td>${stop.unit}</td><td class="e nowrap">${duration(stop.end - stop.start)}</td><td>${stop.state}</td><td>${why.text}</td><td>${why.sure}</td><td>${stop.shift}</td><td class="nowrap">${this.orders.find((order) => order.start <= stop.start && stop.start < order.end)?.name ?? ""}</td></tr>`;
      })}</tbody></table></div></details>`;
  }

  private show(stop: StopInfo): void {
    this.chosen = stop;
    openStop(stop);
  }

  // ------------------------------------------------------------------ keys
  private readonly key = (event: KeyboardEvent) => {
    const act: Record<string, () => void> = {
      ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), ArrowDown: () => this.unit(1), ArrowUp: () => this.unit(-1),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), "0": this.whole, Enter: () => { if (this.chosen) openStop(this.chosen); },
    };
    const found = event.ctrlKey || event.metaKey || event.altKey ? undefined : act[event.key];
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    found();
  };

  /** The next stop of the chosen unit, or the one before; the picture follows. */
  private step(by: number): void {
    const unit = this.chosen?.path ?? this.rows.find((row) => this.stops.some((stop) => stop.path === row.path))?.path;
    const own = this.stops.filter((stop) => stop.path === unit);
    const at = this.chosen ? own.findIndex((stop) => stop.start === this.chosen?.start) + by : by > 0 ? 0 : own.length - 1;
    this.choose(own[Math.min(own.length - 1, Math.max(0, at))]);
  }

  /** The stop of the next unit below, or above, that is nearest in time. */
  private unit(by: number): void {
    const at = this.rows.findIndex((row) => row.path === this.chosen?.path);
    const time = this.chosen?.start ?? this.shown[0];
    for (let place = at + by; place >= 0 && place < this.rows.length; place += by) {
      const own = this.stops.filter((stop) => stop.path === this.rows[place]?.path);
      if (own.length) return this.choose(own.reduce((near, stop) => (Math.abs(stop.start - time) < Math.abs(near.start - time) ? stop : near)));
    }
  }

  private choose(stop: StopInfo | undefined): void {
    if (!stop) return;
    this.chosen = stop;
    const [from, to] = this.shown;
    if (this.view && (stop.start < from || stop.start > to)) this.around((stop.start + stop.end) / 2, to - from);
  }

  private zoom(part: number): void {
    const [from, to] = this.shown;
    const middle = this.chosen && this.chosen.end > from && this.chosen.start < to ? (this.chosen.start + this.chosen.end) / 2 : (from + to) / 2;
    this.around(middle, Math.max(CLOSEST, (to - from) * part));
  }

  private around(middle: number, width: number): void {
    if (width >= this.to - this.from) return this.whole();
    const from = Math.min(this.to - width, Math.max(this.from, middle - width / 2));
    this.view = [from, from + width];
  }

  private readonly whole = () => {
    this.view = undefined;
  };

  // ------------------------------------------------------------------ pointer
  private at(event: PointerEvent): number {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return Math.min(this.width - 4, Math.max(this.left, event.clientX - box.left));
  }

  private readonly down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const at = this.at(event);
    this.drag = [at, at];
  };

  private readonly move = (event: PointerEvent) => {
    if (this.drag) this.drag = [this.drag[0], this.at(event)];
  };

  private readonly up = (event: PointerEvent) => {
    if (!this.drag) return;
    const [one, other] = this.drag;
    this.drag = undefined;
    const [from, to] = this.shown;
    const time = linear(this.left, this.width - 4, from, to);
    if (Math.abs(other - one) > DRAG) return this.around((time(one) + time(other)) / 2, Math.max(CLOSEST, Math.abs(time(other) - time(one))));
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const row = this.rows[Math.floor((event.clientY - box.top - this.top) / ROW)];
    const reach = (2 * (to - from)) / Math.max(1, this.width - this.left);
    const found = this.stops.find((stop) => stop.path === row?.path && stop.start - reach <= time(other) && time(other) <= stop.end + reach);
    if (found) this.show(found);
  };
}
