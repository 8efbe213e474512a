import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { plain } from "../draw/number";
import { find } from "../draw/find";
import { Part } from "../parts/part";
import { navigate } from "./route";
import { type Site, assetHref } from "./site";

interface Hit {
  href: string;
  title: string;
  kind: string;
  path: string;
}

/** Go to an asset or tag by any part of its name. */
@customElement("isthmus-search")
export class Search extends Part {
  @property({ attribute: false }) site!: Site;
  /** Whether `/` leads here. */
  @property({ attribute: false }) keys = true;
  @state() private text = "";
  @state() private chosen = 0;
  @state() private open = false;
  @query("input") private field!: HTMLInputElement;

  /** Puts the cursor into the field. */
  take(): void {
    this.field.focus();
    this.field.select();
  }

  private hits(): Hit[] {
    const assets: Hit[] = this.site.assets().map(({ path, title, name }) => ({ href: assetHref(path), title: title || plain(name), kind: "asset", path }));
    const tags: Hit[] = this.site.info.tags.map((tag) => ({ href: tag.kind === "text" ? assetHref(tag.equipment) : `/explore?pens=${tag.path}`, title: plain(tag.name), kind: "tag", path: tag.path }));
    return find(this.text, [...assets, ...tags], (hit) => `${hit.title} ${hit.path}`, 12);
  }

  override render() {
    const hits = this.open && this.text ? this.hits() : [];
    return html`<input class="field" type="text" role="combobox" placeholder="Go to asset or tag" aria-label="Go to asset or tag" autocomplete="off" spellcheck="false"
        aria-expanded=${hits.length > 0} aria-controls="search-hits" aria-activedescendant=${hits.length ? `hit-${this.chosen}` : nothing}
        .value=${this.text} @input=${this.type} @keydown=${(event: KeyboardEvent) => this.key(event, hits)} @focus=${() => (this.open = true)} @blur=${() => (this.open = false)} />${this.keys ? html`<kbd>/</kbd>` : nothing}
      ${this.open && this.text ? html`<ul id="search-hits" role="listbox">${hits.length === 0 ? html`<li class="muted">Nothing is called “${this.text}”. Try part of a tag's name.</li>` : hits.map((hit, row) => html`
        <li id="hit-${row}" role="option" aria-selected=${row === this.chosen} @pointerdown=${(event: Event) => this.go(hit, event)}><span class="muted tiny" style="width:34px">${hit.kind}</span><b>${hit.title}</b><span class="tag muted clip">${hit.path}</span></li>`)}</ul>` : nothing}`;
  }

  private readonly type = () => {
    this.text = this.field.value;
    this.chosen = 0;
    this.open = true;
  };

  private key(event: KeyboardEvent, hits: Hit[]): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.chosen = hits.length ? (this.chosen + step + hits.length) % hits.length : 0;
      event.preventDefault();
    } else if (event.key === "Enter") {
      const hit = hits[this.chosen];
      if (hit) this.go(hit);
    } else if (event.key === "Escape") this.field.blur();
  }

  private go(hit: Hit, event?: Event): void {
    event?.preventDefault();
    this.text = "";
    this.field.blur();
    navigate(hit.href);
  }
}
