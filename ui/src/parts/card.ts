import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { clock, duration } from "../app/clock";
import type { Load } from "../api/resource";
import { Part } from "./part";

/** What an empty card says: why there is nothing, and what comes next. */
export interface Blank {
  title: string;
  text: string;
}

/**
 * A card with the seven states every part of a page has.
 *
 * Its children are the content; the header is put before them, the state's notice around them.
 * `heading` stands for the catalogue's `title`, which browsers show as a tooltip.
 */
@customElement("isthmus-card")
export class Card extends Part {
  @property() heading = "";
  @property() sub = "";
  @property({ attribute: false }) action: TemplateResult | typeof nothing = nothing;
  @property({ attribute: false }) load: Load | undefined;
  @property({ attribute: false }) blank: Blank | undefined;
  /** True while there is no good picture to keep on an error. */
  @property({ type: Boolean, reflect: true }) hollow = false;
  @property({ reflect: true }) state: "loading" | "ready" | "blank" | "stale" | "error" | "denied" = "ready";
  /** Formula and inputs in words, by name; opens under "how is this computed". */
  @property({ attribute: false }) why: Record<string, string> | undefined;
  @state() private open = false;
  private tick = 0;

  protected override createRenderRoot(): HTMLElement {
    // Lit keeps its state on the node it renders before: an anchor of our own, since the first child
    // may be an element that renders into itself.
    const anchor = document.createComment("");
    this.prepend(anchor);
    this.renderOptions.renderBefore = anchor;
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.tick);
  }

  protected override willUpdate(): void {
    const load = this.load?.state ?? "ready";
    this.state = load === "ready" && this.blank ? "blank" : load;
    clearInterval(this.tick);
    if (this.state === "error") this.tick = window.setInterval(() => this.requestUpdate(), 1000);
  }

  override render() {
    const { heading, sub, action, why } = this;
    const titled = heading || sub || action !== nothing;
    return html`${titled ? html`<header>
        ${heading ? html`<h2>${heading}</h2>` : nothing}<span class="sub" title=${sub}>${sub}</span>
        <span class="action">${action}${why ? html`<button class="why" aria-expanded=${this.open} @click=${this.toggle}>how is this computed</button>` : nothing}</span>
      </header>` : nothing}
      ${this.state === "loading" ? html`<div class="skeleton" role="status" aria-label="loading ${heading}">${[1, 2, 3, 4].map(() => html`<div class="wait"></div>`)}</div>` : nothing}
      ${this.state === "blank" && this.blank ? html`<div class="blank"><b>${this.blank.title}</b><span>${this.blank.text}</span></div>` : nothing}
      ${this.state === "error" || this.state === "denied" ? this.trouble() : nothing}
      ${this.open && why ? this.reasons(why) : nothing}`;
  }

  private trouble() {
    const trouble = this.load?.trouble;
    if (!trouble) return nothing;
    if (this.state === "denied") return html`<div class="blank"><b>${trouble.error}</b><span>${trouble.hint}</span></div>`;
    const wait = Math.max(0, Math.ceil((trouble.next - Date.now()) / 1000));
    return html`<div class="fail" role="alert"><b>${trouble.error}</b>
      <span class="small">${trouble.hint}</span>
      <span class="small muted">for ${duration(Date.now() - trouble.since)}, ${trouble.status === 404 ? "not tried again" : `next try in ${wait} s`}${this.hollow ? "" : "; below: the last good picture"}</span></div>`;
  }

  private reasons(why: Record<string, string>) {
    return html`<div class="why-panel" role="dialog" aria-label="How is this computed" @keydown=${this.close}>
      <div class="row between"><b>How is this computed</b><button class="plain" autofocus @click=${this.toggle}>Esc</button></div>
      <dl>${Object.entries(why).map(([key, text]) => html`<dt>${key.replaceAll("_", " ")}</dt><dd>${text}</dd>`)}</dl>
      <span class="tiny muted">computed ${clock.second(clock.now())}</span></div>`;
  }

  private readonly toggle = () => {
    this.open = !this.open;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".why-panel button")?.focus());
  };

  private readonly close = (event: KeyboardEvent) => {
    if (event.key === "Escape") this.open = false;
  };
}
