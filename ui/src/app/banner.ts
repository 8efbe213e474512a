import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Attention, Priority } from "../api/contract";
import { send } from "../api/get";
import { LiveTags, live } from "../api/live";
import { PRIORITY, marker } from "../parts/marker";
import { Part } from "../parts/part";
import { clock, duration } from "./clock";

/** The banner under the top bar: how much needs a person, by priority; and whether the page is live. */
@customElement("isthmus-alarm-banner")
export class AlarmBanner extends Part {
  @property({ type: Boolean }) signedOut = false;
  @state() private busy = false;
  @state() private refused = "";
  protected readonly follow = new LiveTags(this, () => []);

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "status");
    this.setAttribute("aria-label", "What needs attention");
  }

  override render() {
    const waiting = live.status?.waiting ?? [];
    const count = (priority: Priority) => waiting.filter((item) => item.priority === priority).length;
    return html`<div class="counts">${([1, 2, 3, 4] as Priority[]).map((priority) => html`<span class="count ${count(priority) ? "" : "zero"}" title="${count(priority)} ${PRIORITY[priority]}">
        ${marker(priority, count(priority) === 0)}<b>${count(priority)}</b><span class="tiny hide-s">${PRIORITY[priority]}</span></span>`)}</div>
      <div class="latest">${this.sentence(waiting)}</div>`;
  }

  private async acknowledge(item: Attention): Promise<void> {
    this.busy = true;
    this.refused = "";
    try {
      await send(`/api/alarms/acknowledge`, { alarms: [item.alarm] });
    } catch (cause) {
      this.refused = cause instanceof Error ? cause.message : String(cause);
    }
    this.busy = false;
  }

  private sentence(waiting: readonly Attention[]) {
    if (this.signedOut) return html`<span class="muted">Not signed in: nothing is known here.</span>`;
    if (live.stale) {
      return html`<span class="banner-stale"><span>${marker(4)}<b>The live stream is silent<span aria-hidden="true"> for ${duration(Date.now() - live.heard)}</span>.</b>
        <span class="muted hide-m">What you see is old; connecting again.</span></span></span>`;
    }
    if (!live.status) return html`<span class="muted">Waiting for the first values.</span>`;
    const [worst, ...others] = waiting;
    if (!worst) return html`<span class="muted">Nothing needs attention.</span>`;
    return html`<a class="row b clip ${worst.unseen ? "unack" : ""}" href=${worst.href} title=${worst.advice}>${marker(worst.priority)}<span class="clip">${worst.title}</span></a>
      <span class="hide-s clip">${worst.detail}</span><span class="muted nowrap hide-m"><span aria-hidden="true">for ${duration(clock.now() - worst.since)}</span>${others.length ? `; ${others.length} more` : ""}</span>
      ${worst.alarm && worst.unseen ? html`<button class="hide-s" ?disabled=${this.busy} @click=${() => void this.acknowledge(worst)}>${this.refused || "Acknowledge"}</button>` : nothing}`;
  }
}
