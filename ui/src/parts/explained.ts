import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { KpiComputed } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { rangeText } from "../app/range";
import { number } from "../draw/number";
import { Part } from "./part";

/** One figure of a piece of equipment over a range, or of one row of it. */
export interface Asked {
  path: string;
  kpi: string;
  from: number;
  to: number;
  by?: string;
  row?: string;
}

/** A number that opens how it is computed; `name` is what it is, for readers of screens. */
export function explained(text: unknown, name: string, asked: Asked, kind = "plain num") {
  return html`<button class=${kind} aria-haspopup="dialog" aria-label="${name}: ${String(text)}, how is this computed" @click=${() => window.dispatchEvent(new CustomEvent("isthmus-explain", { detail: asked }))}>${text}</button>`;
}

/** How a figure came about: formula, parts, elements, and the tags whose samples it was made of. */
@customElement("isthmus-explained")
export class Explained extends Part {
  @state() private asked: Asked | undefined;
  private from: Element | null = null;
  private readonly answer = new Resource<KpiComputed>(this, () => {
    const { asked } = this;
    if (!asked) return undefined;
    return address("/api/kpi/formula", { path: asked.path, kpi: asked.kpi, from: Math.floor(asked.from), to: Math.ceil(asked.to), by: asked.by || undefined, row: asked.by ? asked.row : undefined });
  });

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-explain", this.open);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-explain", this.open);
  }

  private readonly open = (event: Event) => {
    this.from = document.activeElement;
    this.asked = (event as CustomEvent<Asked>).detail;
    void this.updateComplete.then(() => this.querySelector("dialog")?.showModal());
  };

  private readonly closed = () => {
    this.asked = undefined;
    if (this.from instanceof HTMLElement) this.from.focus();
  };

  override render() {
    if (!this.asked) return nothing;
    const { value, load } = this.answer;
    return html`<dialog class="sheet" aria-labelledby="explained" @close=${this.closed}>
      <header class="row between"><h2 id="explained">${value ? value.figure.title : this.asked.kpi.replaceAll("_", " ")}</h2><form method="dialog"><button class="plain">Esc</button></form></header>
      ${value ? this.told(value) : load.trouble ? html`<div class="fail" role="alert"><b>${load.trouble.error}</b><span class="small">${load.trouble.hint}</span></div>` : html`<p class="muted">looking at the samples…</p>`}</dialog>`;
  }

  private told(found: KpiComputed) {
    const { figure, window } = found;
    const rest = window.parts > 1 ? `, ${window.parts} stretches` : "";
    const range = rangeText(window.start, window.end);
    return html`<p><b class="t15">${found.value === null ? "no value" : `${number(found.value, 4)} ${figure.unit === "1" ? "" : figure.unit}`}</b> ${found.why ? html`<span class="muted">${found.why}</span>` : nothing}</p>
      <p class="small muted">${window.path || this.asked?.path}${window.name ? `, ${window.name}` : ""}, ${clock.full(window.start)} to ${clock.full(window.end)}${rest}</p>
      <p><code>${figure.formula}</code> <span class="muted small">${figure.standard}${figure.note ? `; ${figure.note}` : ""}</span></p>
      <div class="scroll-x"><table class="data"><caption>Made of</caption><thead><tr><th>Part</th><th class="e">Value</th><th>What it is</th></tr></thead><tbody>
        ${[...found.made_of, ...found.elements].map((part) => html`<tr><td>${part.name}</td><td class="e num nowrap">${number(part.value, 3)} ${part.unit === "1" ? "" : part.unit}</td><td>${part.formula || part.title}</td></tr>`)}</tbody></table></div>
      <div class="scroll-x"><table class="data"><caption>Read from</caption><thead><tr><th>Tag</th><th class="e">Samples</th><th class="e">Not known</th></tr></thead><tbody>
        ${found.sources.map((source) => html`<tr><td><a href="/explore?pens=${source.path}&range=${range}">${source.path}</a></td><td class="e num">${number(source.samples, 0)}</td><td class="e num nowrap">${number(source.gaps_percent, 2)} %</td></tr>`)}</tbody></table></div>
      <p class="tiny muted">version ${found.version}, computed ${clock.second(found.computed)}; late samples and corrections count at once</p>`;
  }
}
