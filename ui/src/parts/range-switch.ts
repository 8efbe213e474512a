import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { setQuery } from "../app/route";
import { RANGES, SHORT_RANGES } from "../app/range";
import { Part } from "./part";

/** Buttons for the named ranges; the choice stands in the address, `[` and `]` step through it. */
@customElement("isthmus-range")
export class RangeSwitch extends Part {
  @property() name = "";
  /** With months and the year. */
  @property({ type: Boolean }) long = false;

  private get ranges(): readonly (typeof RANGES)[number][] {
    return this.long ? RANGES : SHORT_RANGES;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-range", this.step);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-range", this.step);
  }

  private readonly step = (event: Event) => {
    const at = this.ranges.findIndex((range) => range.name === this.name);
    const next = this.ranges[Math.min(this.ranges.length - 1, Math.max(0, at + (event as CustomEvent<number>).detail))];
    if (next) setQuery({ range: next.name });
  };

  override render() {
    return html`<span class="seg" role="group" aria-label="Range">${this.ranges.map((range) => html`
      <button aria-pressed=${range.name === this.name} @click=${() => setQuery({ range: range.name }, true)}>${range.title}</button>`)}</span>`;
  }
}
