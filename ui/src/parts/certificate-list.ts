import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { SeenCertificate } from "../api/contract";
import { clock } from "../app/clock";
import { marker } from "./marker";
import { Part } from "./part";

const DAY = 86_400_000;
const SOON = 30;

/** Certificates by the day they end, each with what is left of its life and what happens then. */
@customElement("isthmus-certificate-list")
export class CertificateList extends Part {
  @property({ attribute: false }) certificates: readonly SeenCertificate[] = [];

  override render() {
    const sorted = [...this.certificates].sort((one, other) => one.ends - other.ends);
    return html`<ul class="certs scroll" tabindex="0">${sorted.map((one) => this.row(one))}</ul>`;
  }

  private row(one: SeenCertificate) {
    const now = Date.now();
    const days = Math.floor((one.ends - now) / DAY);
    const left = Math.min(1, Math.max(0, (one.ends - now) / Math.max(1, one.ends - one.begins)));
    const wrong = one.standing === "expired" || one.standing === "revoked";
    const weak = one.weak.length > 0 && !wrong && one.standing !== "replaced" && one.standing !== "superseded";
    const warn = weak || !one.renews && days < SOON && !["revoked", "superseded", "replaced"].includes(one.standing);
    const text = wrong ? one.standing : `${days} d`;
    const next = weak ? one.weak.join("; ") : one.renews ? "renews by itself" : one.do;
    const shown = one.last ? `; shown at ${one.where}, first ${clock.moment(one.first ?? one.last)}, last ${clock.moment(one.last)}` : "";
    return html`<li><span class="clip" title="${one.name}, ${one.place}; number ${one.serial}${shown}"><b>${common(one.name)}</b> <span class="muted small">${one.use}</span></span>
      <span class="track" role="img" aria-label="${Math.round(100 * left)} % of its life left"><i style="width:${100 * left}%"></i></span>
      <span class="num nowrap" title="ends ${clock.moment(one.ends)}">${warn ? marker(3) : nothing} ${text}</span>
      <span class="small muted clip" title="${next}; SHA-256 ${one.sha256}">${next || one.standing}</span></li>`;
  }
}

/** The common name of a subject that is written out in full. */
function common(name: string): string {
  return /(?:^|,)CN=([^,]+)/.exec(name)?.[1] ?? name;
}
