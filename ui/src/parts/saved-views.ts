import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { pensOf } from "../app/pens";
import type { Site } from "../app/site";
import { LONGEST_NAME, MOST_VIEWS, type View, Views, saving, tidy, viewQuery } from "../app/views";
import { closeMenu, menu } from "./menu";
import { Part } from "./part";

/** Views that stand in the bar itself; the panel has all of them. */
const IN_BAR = 3;

/** The saved views of the Explore page: open one, keep what is shown, remove one; this browser keeps them. */
@customElement("isthmus-views")
export class SavedViews extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private text = "";
  @state() private trouble = "";
  @state() private removed: { view: View; place: number } | undefined;
  @query("#view-name") private field!: HTMLInputElement;
  private readonly views = new Views(this);

  private get shown(): string {
    return viewQuery(this.site, this.query);
  }

  override render() {
    const { items } = this.views;
    const current = items.findIndex((view) => view.query === this.shown);
    const bar = items.slice(0, IN_BAR);
    if (current >= IN_BAR) bar[IN_BAR - 1] = items[current]!;
    const rest = items.length - bar.length;
    return html`<span class="seg" role="group" aria-label="Saved views">${bar.map((view) => html`<a class="in-bar" href=${href(view)} aria-current=${view.query === this.shown ? "true" : "false"} title=${view.name}><span class="clip">${view.name}</span></a>`)}
      ${menu(html`<span class="wide">${rest ? `${rest} more, + view` : "+ view"}</span><span class="small-bar">views</span>`, this.panel(items), "views", this.opened)}</span>`;
  }

  private panel(items: readonly View[]) {
    const name = tidy(this.text);
    const what = saving(items, { name, query: this.shown });
    const button = !name || !("other" in what) ? "Save" : what.does === "rename" ? `Rename “${what.other.name}”` : `Replace “${what.other.name}”`;
    return html`<form @submit=${this.save}><label class="small muted" for="view-name">Name for what is shown now</label>
      <div class="row"><input id="view-name" class="field grow" type="text" maxlength=${LONGEST_NAME} autocomplete="off" spellcheck="false" placeholder="e.g. bearing review" .value=${this.text} @input=${this.typed} />
        <button class="btn main" type="submit" ?disabled=${!name}><span class="clip">${button}</span></button></div>
      <div role="alert" class="b">${this.trouble}</div>
      <div class="tiny muted">pens, range, cursors, comparison and axes; kept by this browser, ${items.length} of ${MOST_VIEWS}</div></form>
      ${items.length ? html`<ul>${items.map((view, place) => this.line(view, place))}</ul>` : nothing}
      ${this.removed ? html`<div class="row small"><span class="grow clip">“${this.removed.view.name}” is removed</span><button class="plain undo" @click=${this.undo}>undo</button></div>` : nothing}`;
  }

  private line(view: View, place: number) {
    const { missing } = pensOf(this.site, new URLSearchParams(view.query));
    return html`<li><a class="link grow clip" href=${href(view)} aria-current=${view.query === this.shown ? "true" : "false"} @click=${closeMenu}>${view.name}</a>
      ${missing.length ? html`<span class="small muted nowrap" title=${missing.join(", ")}>${missing.length} ${missing.length === 1 ? "tag is" : "tags are"} gone</span>` : nothing}
      <button class="plain" aria-label="Remove view ${view.name}" @click=${() => this.drop(view, place)}>✕</button></li>`;
  }

  private readonly opened = () => {
    this.trouble = "";
    this.removed = undefined;
    this.field.focus();
  };

  private readonly typed = () => {
    this.text = this.field.value;
    this.trouble = "";
  };

  private readonly save = (event: Event) => {
    event.preventDefault();
    const view = { name: tidy(this.text), query: this.shown };
    if (!view.name) return;
    if (saving(this.views.items, view).does === "full") this.trouble = `There are ${MOST_VIEWS} views, more are not kept: remove one, or save under the name of one.`;
    else if (!this.views.save(view)) this.trouble = REFUSED;
    else {
      this.text = "";
      this.querySelector("summary")?.focus();
      closeMenu(event);
    }
  };

  private async drop(view: View, place: number): Promise<void> {
    this.trouble = this.views.remove(view.name) ? "" : REFUSED;
    if (this.trouble) return;
    this.removed = { view, place };
    await this.updateComplete;
    this.querySelector<HTMLElement>(".undo")?.focus();
  }

  private readonly undo = () => {
    if (!this.removed) return;
    this.trouble = this.views.restore(this.removed.view, this.removed.place) ? "" : REFUSED;
    this.removed = undefined;
    this.field.focus();
  };
}

const REFUSED = "This browser keeps nothing: its storage is full or forbidden. Copy the link instead.";

function href(view: View): string {
  return `/explore?${view.query}`;
}
