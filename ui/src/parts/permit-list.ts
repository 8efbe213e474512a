import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { LockInfo, PermitInfo } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock, duration } from "../app/clock";
import { Part } from "./part";

type Step = "approve" | "refuse" | "close" | "review";

const STEPS: Record<string, { step: Step; word: string }[]> = {
  requested: [{ step: "approve", word: "Approve" }, { step: "refuse", word: "Refuse" }],
  approved: [{ step: "close", word: "Close" }],
  active: [{ step: "close", word: "Close" }],
  closed: [{ step: "review", word: "Reviewed" }],
  expired: [{ step: "review", word: "Reviewed" }],
};

/** Work permits that still ask something of somebody, the nearest end first, and what is locked for maintenance. */
@customElement("isthmus-permit-list")
export class PermitList extends Part {
  @property({ attribute: false }) permits: readonly PermitInfo[] = [];
  @property({ attribute: false }) locks: readonly LockInfo[] = [];
  @state() private told: Record<number, string> = {};
  @state() private busy = 0;

  override render() {
    return html`<ul class="permits">${this.locks.map((lock) => html`<li><div><b class="tag">${lock.path}</b> <span class="chip">locked</span></div>
        <div class="small">${lock.reason}</div><div class="small muted">by ${lock.owner} since ${clock.moment(lock.since)}${lock.freeing.length ? `; ${lock.freeing.join(", ")} asks to free it` : ""}</div></li>`)}
      ${this.permits.map((permit) => this.row(permit))}</ul>`;
  }

  private row(permit: PermitInfo) {
    const now = Date.now();
    const open = permit.state === "approved" || permit.state === "active";
    const time = open ? (now < permit.start ? `from ${clock.minute(permit.start)}` : `${duration(permit.end - now)} left`) : `${clock.moment(permit.start)} to ${clock.minute(permit.end)}`;
    const written = permit.writes.length === 1 ? "1 write" : `${permit.writes.length} writes`;
    return html`<li><div class="row between"><span class="clip"><b>No. ${permit.number}</b> <span class="tag">${permit.at}</span></span><span class="chip">${permit.state}</span></div>
      <div class="small">${permit.low} to ${permit.high}: ${permit.reason}${permit.order ? `, order ${permit.order}` : ""}</div>
      <div class="small muted">${permit.holder}, ${time}${permit.writes.length ? `, ${written}` : ""}${permit.approved.length ? `; approved by ${permit.approved.join(", ")}` : ""}${permit.second ? "; a second person is needed" : ""}</div>
      <div class="row wrap">${(STEPS[permit.state] ?? []).map(({ step, word }) => html`<button ?disabled=${this.busy === permit.number} @click=${() => void this.act(permit.number, step)}>${word}</button>`)}
        ${this.told[permit.number] ? html`<span class="small" role="status">${this.told[permit.number]}</span>` : nothing}</div></li>`;
  }

  private async act(number: number, step: Step): Promise<void> {
    this.busy = number;
    try {
      const after = await send<PermitInfo>(`/api/permits/${number}/${step}`, {});
      this.told = { ...this.told, [number]: `now ${after.state}` };
      this.dispatchEvent(new Event("isthmus-permit", { bubbles: true }));
    } catch (cause) {
      const hint = cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : "";
      this.told = { ...this.told, [number]: `${cause instanceof Error ? cause.message : String(cause)}${hint}` };
    }
    this.busy = 0;
  }
}
