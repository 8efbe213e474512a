import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { extent, linear, padded, stepPath } from "../draw/scale";
import { Part } from "./part";

const WIDTH = 52;
const HEIGHT = 16;

/** A trend without axes, the width of a word. */
@customElement("isthmus-sparkline")
export class Sparkline extends Part {
  @property({ attribute: false }) trend: { time: ArrayLike<number>; mean: ArrayLike<number> } | undefined;
  @property({ attribute: false }) normal: [number, number] | null = null;

  override render() {
    const trend = this.trend;
    const range = trend && extent(Array.from(trend.mean));
    if (!trend || !range || trend.time.length < 2) return html`<svg width=${WIDTH} height=${HEIGHT} aria-hidden="true"></svg>`;
    const [low, high] = padded(this.normal ? [Math.min(range[0], this.normal[0]), Math.max(range[1], this.normal[1])] : range, 0.12);
    const x = linear(trend.time[0] ?? 0, trend.time[trend.time.length - 1] ?? 1, 1, WIDTH - 3);
    const y = linear(low, high, HEIGHT - 1, 1);
    const last = trend.mean[trend.mean.length - 1];
    return html`<svg width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">
      ${this.normal ? svg`<rect class="nrm" x="0" y=${y(this.normal[1])} width=${WIDTH} height=${Math.max(0, y(this.normal[0]) - y(this.normal[1]))}/>` : nothing}
      <path class="pen2" d=${stepPath(trend.time, trend.mean, x, y)} />
      ${last === undefined || Number.isNaN(last) ? nothing : svg`<circle class="fp" cx=${WIDTH - 3} cy=${y(last)} r="2"/>`}</svg>`;
  }
}
