import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { WaitingCertificate } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock } from "../app/clock";
import { Part } from "./part";

/** Certificates that devices showed and nobody has judged: compare the SHA-256 at the device, then decide. */
@customElement("isthmus-waiting-certificates")
export class WaitingCertificates extends Part {
  @property({ attribute: false }) certificates: readonly WaitingCertificate[] = [];
  @state() private told: Record<string, string> = {};
  @state() private busy = "";

  override render() {
    return html`<ul class="waiting">${this.certificates.map((one) => html`<li class="stack"><div><b>${one.link}</b> <span class="small muted">shows a certificate that nobody has approved, since ${clock.moment(one.since)}</span></div>
      <dl class="facts small"><dt>address</dt><dd class="tag">${one.endpoint}</dd><dt>subject</dt><dd class="tag">${one.subject}</dd><dt>issuer</dt><dd class="tag">${one.issuer}</dd><dt>SHA-256</dt><dd class="tag">${grouped(one.sha256)}</dd></dl>
      <div class="row wrap"><button ?disabled=${this.busy === one.sha256} @click=${() => void this.judge(one, "approve")}>It is the device's: approve</button>
        <button ?disabled=${this.busy === one.sha256} @click=${() => void this.judge(one, "refuse")}>Refuse</button></div>
      ${this.told[one.sha256] ? html`<span class="small" role="status">${this.told[one.sha256]}</span>` : nothing}</li>`)}</ul>`;
  }

  private async judge(one: WaitingCertificate, verdict: "approve" | "refuse"): Promise<void> {
    this.busy = one.sha256;
    try {
      await send(`/api/certificates/${verdict}`, { sha256: one.sha256, link: one.link });
      this.told = { ...this.told, [one.sha256]: verdict === "approve" ? "approved; the link tries again by itself" : "refused" };
      this.dispatchEvent(new Event("isthmus-judged", { bubbles: true }));
    } catch (cause) {
      const hint = cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : "";
      this.told = { ...this.told, [one.sha256]: `${cause instanceof Error ? cause.message : String(cause)}${hint}` };
    }
    this.busy = "";
  }
}

/** A fingerprint in groups of four, as devices show it. */
function grouped(sha256: string): string {
  return (sha256.replace(/[^0-9a-f]/gi, "").toUpperCase().match(/.{1,4}/g) ?? []).join(" ");
}
