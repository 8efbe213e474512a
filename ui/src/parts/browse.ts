import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { BrowseNode } from "../api/contract";
import { ApiError, address, get } from "../api/get";
import { tail } from "../app/site";
import { Part } from "./part";

type Children = BrowseNode[] | "asking" | { error: string; hint: string };

/** The address space of a device, read folder by folder as it is opened. */
@customElement("isthmus-browse")
export class Browse extends Part {
  @property() link = "";
  @state() private known = new Map<string, Children>();
  @state() private opened = new Set<string>();

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("link")) return;
    this.known = new Map();
    this.opened = new Set();
    if (this.link) void this.ask("");
  }

  private async ask(node: string): Promise<void> {
    const { link } = this;
    this.put(node, "asking");
    try {
      this.put(node, await get<BrowseNode[]>(address(`/api/links/${encodeURIComponent(link)}/browse`, { node })), link);
    } catch (cause) {
      this.put(node, { error: cause instanceof Error ? cause.message : String(cause), hint: cause instanceof ApiError ? cause.hint : "" }, link);
    }
  }

  private put(node: string, children: Children, link = this.link): void {
    if (link !== this.link) return;
    this.known = new Map(this.known).set(node, children);
  }

  private toggle(node: BrowseNode): void {
    if (node.kind !== "folder") return;
    const opened = new Set(this.opened);
    if (opened.has(node.address)) opened.delete(node.address);
    else {
      opened.add(node.address);
      if (!this.known.has(node.address)) void this.ask(node.address);
    }
    this.opened = opened;
  }

  override render() {
    return html`<ul class="tree scroll" role="tree" aria-label="Address space of ${this.link}">${this.level("", 0)}</ul>`;
  }

  private level(address_: string, depth: number): unknown {
    const children = this.known.get(address_);
    if (children === undefined) return nothing;
    if (children === "asking") return html`<li class="muted small" style="padding-left:${8 + depth * 14}px">asking the device…</li>`;
    if (!Array.isArray(children)) return html`<li class="fail" style="height:auto"><b>${children.error}</b><span class="small">${children.hint}</span></li>`;
    if (children.length === 0) return html`<li class="muted small" style="padding-left:${8 + depth * 14}px">empty</li>`;
    return children.map((node) => html`<li role="treeitem" tabindex="0" aria-expanded=${node.kind === "folder" ? (this.opened.has(node.address) ? "true" : "false") : nothing} style="padding-left:${8 + depth * 14}px" title="${node.address} ${node.data_type}"
        @click=${() => this.toggle(node)} @keydown=${(event: KeyboardEvent) => this.key(event, node)}><span class="tw" aria-hidden="true">${node.kind === "folder" ? (this.opened.has(node.address) ? "▾" : "▸") : ""}</span>
        <span class="grow clip ${node.kind === "variable" ? "tag" : ""}">${node.name}</span><span class="small muted clip" style="max-width:55%">${node.tag ? `as ${tail(node.tag)}` : `${node.value} ${node.unit}`}</span></li>
      ${this.opened.has(node.address) ? this.level(node.address, depth + 1) : nothing}`);
  }

  private key(event: KeyboardEvent, node: BrowseNode): void {
    const open = this.opened.has(node.address);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      const all = [...this.querySelectorAll<HTMLElement>("[role=treeitem]")];
      all[all.indexOf(event.currentTarget as HTMLElement) + step]?.focus();
    } else if (event.key === "Enter" || event.key === " " || (event.key === "ArrowRight" && !open) || (event.key === "ArrowLeft" && open)) this.toggle(node);
    else return;
    event.preventDefault();
  }
}
