import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { TagInfo } from "../api/contract";
import { LiveTags } from "../api/live";
import { digitsOf, plain, wordOf } from "../draw/number";
import { reading } from "./analog";
import { Part } from "./part";
import "./value";

/** Live values without a bar: counters, states as words, texts. */
@customElement("isthmus-plain-values")
export class PlainValues extends Part {
  @property({ attribute: false }) tags: TagInfo[] = [];
  protected readonly follow = new LiveTags(this, () => this.tags.map((tag) => tag.id));

  override render() {
    return html`<table class="fixed"><tbody>${this.tags.map((tag) => {
      const { value, text, quality, reason } = reading(tag);
      const shown = tag.kind === "text" ? text ?? "—" : tag.kind === "number" ? value : wordOf(tag, value).replaceAll("_", " ");
      const name = tag.kind === "text" ? plain(tag.name) : html`<a href="?tag=${tag.name}">${plain(tag.name)}</a>`;
      return html`<tr><td class="clip" title=${tag.description || tag.path}>${name}</td><td class="num clip" title=${tag.kind === "text" ? text ?? "" : ""}><isthmus-value size="s" .value=${shown} .unit=${tag.unit} .quality=${quality} .reason=${reason} .digits=${digitsOf(tag)}></isthmus-value></td></tr>`;
    })}</tbody></table>`;
  }
}
