import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { WaterfallStep } from "../api/contract";
import { number } from "../draw/number";
import { linear, ticks } from "../draw/scale";
import { Picture } from "./part";

const LEFT = 40;
const BOTTOM = 50;
const BOTTOM_NARROW = 84;
const NARROW = 46;
const TOP = 22;

/** Where the time went: filled columns are kept, hollow ones were lost since the column before. */
@customElement("isthmus-waterfall")
export class Waterfall extends Picture {
  @property({ attribute: false }) times: readonly WaterfallStep[] = [];

  override render() {
    const { width, height, times } = this;
    const most = Math.max(0, ...times.map((step) => step.minutes));
    if (width < 160 || height < 100 || most <= 0) return nothing;
    const step = (width - LEFT - 8) / times.length;
    const narrow = step < NARROW;
    const base = height - (narrow ? BOTTOM_NARROW : BOTTOM);
    const y = linear(0, most, base, TOP);
    const steps = ticks(0, most, Math.max(2, Math.floor(height / 70)));
    let top = 0;
    const columns = times.map((one, row) => {
      const before = top;
      top = one.kept ? one.minutes : top - one.minutes;
      const high = one.kept ? one.minutes : before;
      const low = one.kept ? 0 : Math.max(0, top);
      const x = LEFT + row * step + step * 0.14;
      const wide = step * 0.72;
      const middle = x + wide / 2;
      return svg`${row ? svg`<path class="axis" d="M${x - step * 0.28} ${Math.round(y(before)) + 0.5}H${x}"/>` : nothing}
        <rect class=${one.kept ? "fp" : "hol"} x=${x} y=${y(high)} width=${wide} height=${Math.max(1.5, y(low) - y(high))}><title>${one.title}: ${number(one.minutes, 1)} min</title></rect>
        <text class="v m" x=${middle} y=${y(high) - 6}>${one.kept ? number(one.minutes, 0) : lost(one.minutes, narrow ? 0 : 1)}</text>
        ${narrow ? svg`<text class="tx e" transform="translate(${middle + 4} ${base + 8}) rotate(-90)">${one.title}</text>` : fit(one.title, step).map((words, line) => svg`<text class="tx m" x=${middle} y=${base + 15 + line * 13}>${words}</text>`)}
        ${one.percent === null || narrow ? nothing : svg`<text class="m" x=${middle} y=${base + 43}>${number(one.percent, 1)} %</text>`}`;
    });
    const words = times.map((one) => `${one.title} ${one.kept ? "" : "lost "}${number(one.minutes, 1)} minutes`).join(", ");
    return html`<svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label="where the time went: ${words}">
      ${steps.map((at) => svg`<path class="grid" d="M${LEFT} ${Math.round(y(at)) + 0.5}H${width - 8}"/><text class="e" x=${LEFT - 6} y=${y(at) + 4}>${number(at, 0)}</text>`)}
      ${columns}<path class="axis" d="M${LEFT} ${base + 0.5}H${width - 8}" /></svg>`;
  }
}

/** Lost minutes with their sign; "0" where nothing was lost. */
function lost(minutes: number, digits: number): string {
  const text = number(minutes, digits);
  return /[1-9]/.test(text) ? `−${text}` : "0";
}

/** `text` on one line or two, each cut to what fits on `width` pixels of an 11 px font. */
function fit(text: string, width: number): string[] {
  const most = Math.max(3, Math.floor(width / 6.4));
  const cut = (words: string) => (words.length <= most ? words : `${words.slice(0, most - 1)}…`);
  const space = text.indexOf(" ");
  return text.length <= most || space < 0 ? [cut(text)] : [cut(text.slice(0, space)), cut(text.slice(space + 1))];
}
