import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Quality } from "../draw/quality";
import { number, unitText } from "../draw/number";
import { Part } from "./part";

/** One number with its unit and quality; `chars` keeps its width while it changes. */
@customElement("isthmus-value")
export class Value extends Part {
  @property({ attribute: false }) value: number | string | null | undefined;
  @property() unit = "";
  @property({ type: Number }) digits = 1;
  @property({ type: Number }) chars = 0;
  @property({ reflect: true }) quality: Quality = "good";
  @property({ reflect: true }) size: "s" | "m" | "l" | "xl" = "m";
  /** The reason for a quality that is not good, as words. */
  @property() reason = "";

  protected override willUpdate(): void {
    this.title = this.reason ? `quality: ${this.quality}, ${this.reason}` : `quality: ${this.quality}`;
  }

  override render() {
    const text = typeof this.value === "string" ? this.value : number(this.quality === "none" ? null : this.value, this.digits);
    const quality = this.quality === "good" || this.quality === "calculated" ? nothing : html`<span class="vh">${this.quality} ${this.reason}</span>`;
    return html`<b style=${this.chars ? `min-width:${this.chars}ch` : nothing}>${text}</b>${this.unit ? html`<i>${unitText(this.unit)}</i>` : nothing}${quality}`;
  }
}
