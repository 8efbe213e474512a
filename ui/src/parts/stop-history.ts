import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Said, StopExplained } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import { called } from "../draw/reasons";
import { Part } from "./part";

/** All that was ever said of a stop, with who and when; a newer `version` asks again. */
@customElement("isthmus-stop-history")
export class StopHistory extends Part {
  @property() path = "";
  @property({ type: Number }) start = 0;
  @property({ type: Number }) version = 0;
  private readonly answer = new Resource<StopExplained>(this, () => (this.path ? `${address("/api/stops/explain", { path: this.path, at: this.start + 1 })}#${this.version}` : undefined), { keep: true });

  override render() {
    const { value, load } = this.answer;
    if (!value) return html`<p class="small muted" role="status">${load.trouble ? `${load.trouble.error}; ${load.trouble.hint}` : "asking…"}</p>`;
    const shown = value.versions.filter((one) => one.end > value.stop.start && one.start < value.stop.end);
    return shown.length === 0 ? html`<p class="small muted">Nobody said anything of this stop.</p>` : html`<ol class="versions" aria-label="What was said of it, the oldest first">${shown.map((one) => this.line(one))}</ol>`;
  }

  private line(one: Said) {
    const what = one.reason ? one.title : `cut in two at ${clock.second(one.start)}`;
    return html`<li class=${one.undone ? "gone" : ""}><b>${what}</b>${one.before ? html` <span class="muted">instead of ${one.before.replaceAll("_", " ")}</span>` : nothing}${one.comment ? html` “${one.comment}”` : nothing}
      <div class="small muted">${one.number}: ${called(one.by)}, ${clock.moment(one.made)}${one.waited ? `, was ${duration(one.waited * 1000)} under way` : ""}${one.undone ? `; taken back by ${called(one.undone_by ?? "")}, ${clock.moment(one.undone)}` : ""}</div></li>`;
  }
}
