/** The base of every element here: Lit in the light DOM, so that one stylesheet and any reader see it. */
import { LitElement } from "lit";
import { state } from "lit/decorators.js";

export class Part extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

/** A Part that knows its size in pixels, for pictures drawn at full sharpness. */
export class Picture extends Part {
  @state() protected width = 0;
  @state() protected height = 0;
  private observer: ResizeObserver | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      if (!box) return;
      this.width = Math.floor(box.width);
      this.height = Math.floor(box.height);
    });
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer?.disconnect();
  }
}
