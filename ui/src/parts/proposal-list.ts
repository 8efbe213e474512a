import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ProposalInfo } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock } from "../app/clock";
import { number } from "../draw/number";
import { Part } from "./part";

/** Work that rules propose: open first; each is accepted, or rejected with a reason. */
@customElement("isthmus-proposal-list")
export class ProposalList extends Part {
  @property({ attribute: false }) proposals: readonly ProposalInfo[] = [];
  @state() private asking = 0;
  @state() private busy = 0;
  @state() private trouble = "";

  override render() {
    const sorted = [...this.proposals].sort((one, other) => Number(one.state !== "open") - Number(other.state !== "open"));
    return html`${this.trouble ? html`<div class="fail notice" role="alert">${this.trouble}</div>` : nothing}<ul class="notes">${sorted.map((one) => this.one(one))}</ul>`;
  }

  private one(one: ProposalInfo) {
    const open = one.state === "open";
    const evidence = Object.entries(one.evidence).filter(([, value]) => value !== null).slice(0, 3);
    const said = evidence.map(([path, value]) => `${path.split("/").at(-1)} ${number(value ?? 0, 3)}`).join(", ");
    return html`<li data-proposal=${one.number}><div class="row between small muted"><span>${clock.moment(one.time)}${one.times > 1 ? `, ${one.times} times until ${clock.moment(one.last)}` : ""}</span><span class="chip">${one.state}</span></div>
      <div class="b">${one.title}</div>${one.text ? html`<div class="small">${one.text}</div>` : nothing}
      <div class="small muted">${one.equipment}, ${one.priority}, by the rule ${one.rule}${said ? `: ${said}` : ""}</div>
      ${one.versions.length ? html`<ol class="small">${one.versions.map((each) => html`<li>${each.state} by ${each.by}, ${clock.moment(each.time)}${each.note ? `: ${each.note}` : ""}</li>`)}</ol>` : nothing}
      <div class="row wrap">${open ? html`<button ?disabled=${this.busy === one.number} @click=${() => void this.decide(one, true, "")}>Accept</button>` : nothing}
        <button ?disabled=${this.busy === one.number} aria-expanded=${this.asking === one.number} @click=${() => (this.asking = this.asking === one.number ? 0 : one.number)}>${open ? "Reject" : "Decide otherwise"}</button></div>
      ${this.asking === one.number ? this.form(one) : nothing}</li>`;
  }

  private form(one: ProposalInfo) {
    const accept = one.state === "rejected";
    const done = (event: SubmitEvent) => {
      event.preventDefault();
      void this.decide(one, accept, String(new FormData(event.target as HTMLFormElement).get("note") ?? ""));
    };
    return html`<form class="note" @submit=${done}><input class="field" name="note" required maxlength="1000" aria-label="Reason" placeholder=${accept ? "why it is to be done after all" : "why it is not to be done"} /><div class="row"><button class="btn main">${accept ? "Accept it after all" : "Reject it"}</button></div></form>`;
  }

  private async decide(one: ProposalInfo, accept: boolean, note: string): Promise<void> {
    this.busy = one.number;
    this.trouble = "";
    try {
      await send<ProposalInfo>(`/api/proposals/${one.number}`, { accept, note });
      this.asking = 0;
      this.dispatchEvent(new Event("isthmus-decided", { bubbles: true }));
    } catch (cause) {
      this.trouble = cause instanceof ApiError ? `${cause.message}${cause.hint ? `; ${cause.hint}` : ""}` : String(cause);
    }
    this.busy = 0;
  }
}
