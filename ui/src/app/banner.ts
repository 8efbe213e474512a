import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Priority } from "../api/contract";
import { LiveTags, live } from "../api/live";
import { PRIORITY, marker } from "../parts/marker";
import { Part } from "../parts/part";
import { duration } from "./clock";
import { PAGES } from "./pages";

/** The banner under the top bar: how much needs a person, by priority; and whether the page is live. */
@customElement("isthmus-alarm-banner")
export class AlarmBanner extends Part {
  @property({ type: Boolean }) signedOut = false;
  protected readonly follow = new LiveTags(this, () => []);

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "status");
    this.setAttribute("aria-label", "What needs attention");
  }

  override render() {
    const attention = Object.entries(live.status?.attention ?? {}) as [string, Priority][];
    const count = (priority: Priority) => attention.filter(([, worst]) => worst === priority).length;
    return html`<div class="counts">${([1, 2, 3, 4] as Priority[]).map((priority) => html`<span class="count ${count(priority) ? "" : "zero"}" title="${count(priority)} pages with ${PRIORITY[priority]}">
        ${marker(priority, count(priority) === 0)}<b>${count(priority)}</b><span class="tiny hide-s">${PRIORITY[priority]}</span></span>`)}</div>
      <div class="latest">${this.sentence(attention)}</div>`;
  }

  private sentence(attention: [string, Priority][]) {
    if (this.signedOut) return html`<span class="muted">Not signed in: nothing is known here.</span>`;
    if (live.stale) {
      return html`<span class="banner-stale"><span>${marker(4)}<b>The live stream is silent<span aria-hidden="true"> for ${duration(Date.now() - live.heard)}</span>.</b>
        <span class="muted hide-m">What you see is old; connecting again.</span></span></span>`;
    }
    if (!live.status) return html`<span class="muted">Waiting for the first values.</span>`;
    if (attention.length === 0) return html`<span class="muted">Nothing needs attention.</span>`;
    const sorted = [...attention].sort(([, one], [, other]) => one - other);
    return html`<span class="muted hide-s">Look at</span>${sorted.map(([page, priority]) => {
      const title = PAGES.find((entry) => entry.name === page)?.title ?? page;
      return html`<a class="row b" href="/${page}">${marker(priority)}${title}</a>`;
    })}`;
  }
}
