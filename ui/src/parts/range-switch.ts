import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { OrderNow } from "../app/order";
import { setQuery } from "../app/route";
import { RANGES, SHORT_RANGES } from "../app/range";
import { Part } from "./part";

/** Buttons for the named ranges; the choice stands in the address, `[` and `]` step through it. */
@customElement("isthmus-range")
export class RangeSwitch extends Part {
  @property() name = "";
  /** With the running order, months and the year. */
  @property({ type: Boolean }) long = false;
  /** The order that runs now. */
  @property({ attribute: false }) order: OrderNow = { start: undefined, text: "" };

  private get ranges(): readonly (typeof RANGES)[number][] {
    return this.long ? RANGES : SHORT_RANGES;
  }

  private lacks(name: string): boolean {
    return name === "order" && this.order.start === undefined;
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
    const there = this.ranges.filter((range) => range.name === this.name || !this.lacks(range.name));
    const at = there.findIndex((range) => range.name === this.name);
    const next = there[Math.min(there.length - 1, Math.max(0, at + (event as CustomEvent<number>).detail))];
    if (next) setQuery({ range: next.name });
  };

  override render() {
    return html`<span class="seg scroll-x" role="group" aria-label="Range">${this.ranges.map((range) => html`
      <button aria-pressed=${range.name === this.name} ?disabled=${this.lacks(range.name)} title=${range.name === "order" ? this.order.text : nothing}
        @click=${() => setQuery({ range: range.name }, true)}>${range.title}</button>`)}</span>`;
  }
}
