import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Interval, Look } from "../api/contract";
import { clock, duration } from "../app/clock";
import { type Piece, countLooks, layoutRibbon } from "../draw/ribbon";
import { linear } from "../draw/scale";
import { timeAxis } from "../draw/time";
import { Picture } from "./part";

export const LOOKS: { look: Look; word: string }[] = [
  { look: "run", word: "execute" }, { look: "starved", word: "starved or blocked" }, { look: "stop", word: "stopped" },
  { look: "setup", word: "setup" }, { look: "break", word: "planned break" },
];

/** One stretch of a ribbon: filled runs, hollow stands, a foot waits, a hatch sets up, a line rests. */
export function stretch({ x, width, look }: Pick<Piece, "x" | "width" | "look">, y: number, height: number, title = "") {
  const name = title ? svg`<title>${title}</title>` : nothing;
  const foot = Math.round(height * 0.4);
  switch (look) {
    case "run": return svg`<rect class="fp" x=${x} y=${y} width=${width} height=${height}>${name}</rect>`;
    case "starved":
    case "blocked": return svg`<g>${name}<rect class="fc" x=${x} y=${y} width=${width} height=${height}/><rect class="fp2" x=${x} y=${y + height - foot} width=${width} height=${foot}/></g>`;
    case "stop": return width < 3.5
      ? svg`<g>${name}<rect class="fc" x=${x} y=${y} width=${width} height=${height}/><path class="pen2" d="M${x} ${y + 0.5}h${width}M${x} ${y + height - 0.5}h${width}"/></g>`
      : svg`<rect class="hol" x=${x + 0.6} y=${y + 0.6} width=${width - 1.2} height=${height - 1.2}>${name}</rect>`;
    case "setup": return svg`<rect class="fh" x=${x} y=${y} width=${width} height=${height}>${name}</rect>`;
    case "break": return svg`<g>${name}<rect class="fc" x=${x} y=${y} width=${width} height=${height}/><path class="axis" d="M${x} ${y + height / 2}h${width}"/></g>`;
    default: return svg`<g>${name}<rect class="fc" x=${x} y=${y} width=${width} height=${height}/><path class="hol2 dot" d="M${x} ${y + height / 2}h${width}"/></g>`;
  }
}

/** What a stretch says on hover: state, cause, from when, how long. */
export function tale(interval: Interval): string {
  const cause = interval.cause ? `, ${interval.cause.replaceAll("_", " ")}` : "";
  return `${interval.state}${cause}, from ${clock.minute(interval.start)} for ${duration(interval.end - interval.start)}`;
}

/** The key to the ribbons. */
export function legend() {
  return html`<div class="legend">${LOOKS.map(({ look, word }) => html`<span><svg width="22" height="10" aria-hidden="true">${stretch({ x: 0, width: 22, look }, 0, 10)}</svg>${word}</span>`)}</div>`;
}

/** A unit's states over time as one strip. */
@customElement("isthmus-state-ribbon")
export class StateRibbon extends Picture {
  @property({ attribute: false }) states: readonly Interval[] = [];
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  @property({ type: Number }) tall = 12;
  /** A stretch that is meant, framed. */
  @property({ attribute: false }) selected: { start: number; end: number } | undefined;
  /** Writes the times under the strip. */
  @property({ type: Boolean }) axis = false;

  override render() {
    const pieces = layoutRibbon(this.states, this.from, this.to, this.width);
    const words = [...countLooks(this.states, this.from, this.to)].map(([word, { count, ms }]) => `${word} ${count} times, ${duration(ms)}`);
    return html`<svg width=${this.width} height=${this.tall + (this.axis ? 18 : 0)} role="img" aria-label="states from ${clock.minute(this.from)} to ${clock.minute(this.to)}: ${words.join("; ") || "running"}">
      ${pieces.map((piece) => stretch(piece, 0, this.tall, tale(piece.interval)))}${this.frame()}${this.axis ? this.times() : nothing}</svg>`;
  }

  private frame() {
    const { selected, width } = this;
    if (!selected || selected.end <= this.from || selected.start >= this.to || width === 0) return nothing;
    const x = linear(this.from, this.to, 0, width);
    const [left, right] = [Math.max(1.5, x(selected.start) - 2), Math.min(width - 1.5, x(selected.end) + 2)];
    return svg`<rect x=${left} y="1.5" width=${Math.max(3, right - left)} height=${this.tall - 3} style="stroke:var(--selection);stroke-width:3;fill:none" />`;
  }

  private times() {
    const x = linear(this.from, this.to, 0, this.width);
    return timeAxis(this.from, this.to, Math.max(2, Math.floor(this.width / 80))).map(({ time, label }) => {
      const at = x(time);
      return svg`<path class="axis" d="M${Math.round(at) + 0.5} ${this.tall}v4"/><text class=${at < 16 ? "" : at > this.width - 16 ? "e" : "m"} x=${at} y=${this.tall + 15}>${label}</text>`;
    });
  }
}
