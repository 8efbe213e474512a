import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ReportIssue, ReportPlan } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock } from "../app/clock";
import { Part } from "./part";

export const FORM_WORDS: Record<string, string> = { html: "HTML", pdf: "PDF", xlsx: "Excel" };
const FEW = 6;

/** One scheduled report: when it is made, how that went, what was issued; and a button to make it now. */
@customElement("isthmus-report-plan")
export class ReportPlanPart extends Part {
  @property({ attribute: false }) plan!: ReportPlan;
  @state() private told = "";
  @state() private busy = false;
  @state() private all = false;

  override render() {
    const { plan } = this;
    const of = plan.path || "the whole site";
    const next = plan.due === null || plan.due === undefined ? "" : `, the next ${clock.moment(plan.due)}`;
    const to = plan.notify.length ? `, sent to ${plan.notify.join(", ")}` : "";
    return html`<div class="row between wrap"><div><h3>${plan.title}</h3><div class="small muted">each ${plan.what} of ${of}${next}; ${plan.keep} are kept in <code>${plan.folder}</code>${to}</div></div>
        <button ?disabled=${this.busy} @click=${() => void this.make()} aria-label="Make now: ${plan.title}">Make now</button></div>
      ${plan.error ? html`<div class="fail notice" role="alert"><b>${plan.error}</b><span>${plan.hint}; it failed ${plan.failed} ${plan.failed === 1 ? "time" : "times"}</span></div>` : nothing}
      <div role="status" class="small">${this.told}</div>${this.issues()}`;
  }

  private issues() {
    const { issues } = this.plan;
    if (issues.length === 0) return html`<div class="small muted">none was made yet: the first comes when a ${this.plan.what} is over</div>`;
    const shown = this.all ? issues : issues.slice(0, FEW);
    const more = issues.length - shown.length;
    return html`<table class="issues" aria-label="Issues of ${this.plan.title}"><thead><tr><th scope="col">Of</th><th scope="col">Made</th><th scope="col">Files</th></tr></thead>
      <tbody>${shown.map((issue, row) => this.issue(issue, shown[row - 1]?.start === issue.start))}</tbody></table>
      ${more > 0 ? html`<button class="plain small" @click=${() => (this.all = true)}>show ${more} more</button>` : nothing}`;
  }

  private issue(issue: ReportIssue, older: boolean) {
    const link = (form: string) => html`<a class="link" download href="/api/reports/${encodeURIComponent(this.plan.name)}/${issue.start}/${issue.revision}/${form}" aria-label="${FORM_WORDS[form]} of ${clock.moment(issue.start)}, revision ${issue.revision}">${FORM_WORDS[form]}</a>`;
    const revision = issue.revision > 1 || older ? html`<small>revision ${issue.revision}</small>` : nothing;
    const because = issue.because ? html`<small class="because">because ${issue.because}</small>` : nothing;
    return html`<tr class=${older ? "older muted" : ""}><td>${clock.moment(issue.start)} to ${clock.moment(issue.end)} ${revision}${because}</td>
      <td class="nowrap">${clock.moment(issue.made)}</td><td><span class="row wrap">${issue.forms.map(link)}</span></td></tr>`;
  }

  private async make(): Promise<void> {
    this.busy = true;
    this.told = `making ${this.plan.title}`;
    try {
      const made = await send<ReportIssue>(`/api/reports/${encodeURIComponent(this.plan.name)}/make`, {});
      this.told = `made: ${made.title}, revision ${made.revision}${made.because ? `, because ${made.because}` : ""}`;
      this.dispatchEvent(new Event("isthmus-reported", { bubbles: true }));
    } catch (cause) {
      const hint = cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : "";
      this.told = `${cause instanceof Error ? cause.message : String(cause)}${hint}`;
    } finally {
      this.busy = false;
    }
  }
}
