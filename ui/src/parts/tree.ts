import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { EquipmentInfo, TagInfo } from "../api/contract";
import { LiveTags } from "../api/live";
import { type Site, tail } from "../app/site";
import { Favourites } from "../app/favourites";
import { fits } from "../draw/find";
import { digitsOf, number, unitText, wordOf } from "../draw/number";
import { reading } from "./analog";
import { marker } from "./marker";
import { Part } from "./part";

interface Row {
  key: string;
  depth: number;
  name: string;
  /** What the pointer is told. */
  title: string;
  tag?: TagInfo;
  open?: boolean;
  count?: number;
}

const MOST_ROWS = 400;
const FAVOURITES = "favourites";
/** Above all areas; no path begins with a slash. */
const ENTERPRISE = "/enterprise";
const SITE = "/site";

/**
 * The namespace: equipment and its tags.
 *
 * Arrows move and open, Space or Enter fires `isthmus-pick` {path}; `selected` maps a tag's path to its letter.
 * F or the star makes a favourite, which stands at the top as well; this browser keeps them.
 */
@customElement("isthmus-tree")
export class Tree extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) selected: ReadonlyMap<string, string> = new Map();
  @property() filter = "";
  @state() private opened = new Set<string>();
  @state() private at = "";
  private readonly stars = new Favourites(this);
  private started = false;
  protected readonly follow = new LiveTags(this, () => this.rows().flatMap((row) => (row.tag ? [row.tag.id] : [])).slice(0, MOST_ROWS));

  protected override willUpdate(): void {
    if (this.started) return;
    this.started = true;
    for (const key of [FAVOURITES, ENTERPRISE, SITE]) this.opened.add(key);
    const wanted = [...this.selected.keys()];
    for (const equipment of this.site.equipment.values()) {
      const above = equipment.level === "area" || equipment.level === "work_center";
      if (above || wanted.some((path) => path.startsWith(`${equipment.path}/`))) this.opened.add(equipment.path);
    }
  }

  private rows(): Row[] {
    const rows: Row[] = [];
    const all = this.filter.trim() !== "";
    const enter = (equipment: EquipmentInfo, depth: number): Row[] => {
      const open = all || this.opened.has(equipment.path);
      const inside = open ? [...this.site.tagsOf(equipment).filter((tag) => fits(this.filter, tag.path)).map((tag): Row => ({ key: tag.path, title: tag.path, depth: depth + 1, name: tag.name, tag })), ...equipment.children.flatMap((child) => enter(child, depth + 1))] : [];
      if (all && inside.length === 0) return [];
      return [{ key: equipment.path, title: equipment.path, depth, name: equipment.name, open, count: this.site.count(equipment) }, ...inside];
    };
    const starred = this.stars.items.flatMap((path) => this.site.tagPaths.get(path) ?? []).filter((tag) => fits(this.filter, tag.path));
    if (starred.length) {
      const open = all || this.opened.has(FAVOURITES);
      rows.push({ key: FAVOURITES, title: "favourites", depth: 0, name: "Favourites", open, count: starred.length });
      if (open) rows.push(...starred.map((tag): Row => ({ key: `${FAVOURITES}/${tag.path}`, title: tag.path, depth: 1, name: tail(tag.path), tag })));
    }
    rows.push(...this.above([{ key: ENTERPRISE, name: this.site.info.enterprise, title: "enterprise" }, { key: SITE, name: this.site.info.site, title: "site" }], 0, (depth) => this.site.info.areas.flatMap((area) => enter(area, depth))));
    return rows.slice(0, MOST_ROWS);
  }

  /** What is `below`, each of `roots` above it, where there is anything that fits. */
  private above(roots: { key: string; name: string; title: string }[], depth: number, below: (depth: number) => Row[]): Row[] {
    const [root, ...others] = roots;
    if (!root) return below(depth);
    const all = this.filter.trim() !== "";
    const open = all || this.opened.has(root.key);
    const inside = open ? this.above(others, depth + 1, below) : [];
    return all && inside.length === 0 ? [] : [{ ...root, depth, open }, ...inside];
  }

  override render() {
    const rows = this.rows();
    if (rows.length === 0) return html`<div class="blank" style="margin:0 12px"><b>No tag fits “${this.filter}”</b><span>a star stands for anything: */speed</span></div>`;
    const active = rows.some((row) => row.key === this.at) ? this.at : rows[0]?.key;
    return html`<ul class="tree" role="tree" aria-label="Namespace" @keydown=${(event: KeyboardEvent) => this.key(event, rows)}>${rows.map((row) => this.row(row, row.key === active))}</ul>`;
  }

  private row(row: Row, active: boolean) {
    const letter = row.tag && this.selected.get(row.tag.path);
    return html`<li role="treeitem" data-key=${row.key} style="padding-left:${8 + row.depth * 14}px" tabindex=${active ? 0 : -1} aria-level=${row.depth + 1}
      aria-expanded=${row.tag ? nothing : row.open ? "true" : "false"} aria-selected=${letter ? "true" : "false"} draggable=${row.tag ? "true" : "false"}
      @dragstart=${(event: DragEvent) => event.dataTransfer?.setData("text/plain", row.tag?.path ?? "")} @click=${() => this.act(row)}>
      ${row.tag ? this.star(row.tag) : html`<span class="tw" aria-hidden="true">${row.open ? "▾" : "▸"}</span>`}<span class="grow clip ${row.tag ? "tag" : ""}" title=${row.title}>${row.name}</span>
      ${row.tag ? letter ? html`<span class="letter-box pen-${letter}">${letter.toUpperCase()}</span>` : this.value(row.tag) : html`<span class="small muted">${row.count}</span>`}</li>`;
  }

  private star(tag: TagInfo) {
    const on = this.stars.has(tag.path);
    const turn = (event: Event) => {
      event.stopPropagation();
      this.stars.turn(tag.path);
    };
    return html`<button class="star" tabindex="-1" aria-pressed=${on} aria-label="${tag.path} is ${on ? "a" : "no"} favourite" title=${on ? "no favourite any more (F)" : "make it a favourite (F)"} @click=${turn}>${on ? "★" : "☆"}</button>`;
  }

  private value(tag: TagInfo) {
    const { value, text, quality } = reading(tag);
    const shown = tag.kind === "text" ? text ?? "—" : tag.kind === "number" ? `${number(quality === "none" ? null : value, digitsOf(tag))} ${unitText(tag.unit)}` : wordOf(tag, value);
    return html`${quality === "bad" || quality === "stale" || quality === "uncertain" ? marker(4) : nothing}<span class="small muted clip" style="max-width:50%">${shown}</span>`;
  }

  private act(row: Row): void {
    this.at = row.key;
    if (row.tag) this.dispatchEvent(new CustomEvent("isthmus-pick", { bubbles: true, detail: { path: row.tag.path } }));
    else this.fold(row.key, !row.open);
  }

  private fold(key: string, open: boolean): void {
    const opened = new Set(this.opened);
    if (open) opened.add(key);
    else opened.delete(key);
    this.opened = opened;
  }

  private key(event: KeyboardEvent, rows: Row[]): void {
    if (event.target instanceof HTMLButtonElement) return;
    const at = Math.max(0, rows.findIndex((row) => row.key === (event.target as HTMLElement).dataset["key"]));
    const row = rows[at];
    if (!row) return;
    let next = at;
    if (event.key === "ArrowDown") next = Math.min(rows.length - 1, at + 1);
    else if (event.key === "ArrowUp") next = Math.max(0, at - 1);
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = rows.length - 1;
    else if (event.key === "ArrowRight" && !row.tag) row.open ? (next = Math.min(rows.length - 1, at + 1)) : this.fold(row.key, true);
    else if (event.key === "ArrowLeft") {
      if (row.open) this.fold(row.key, false);
      else for (next = at; next > 0 && (rows[next]?.depth ?? 0) >= row.depth; ) next -= 1;
    } else if (event.key === "f" && row.tag && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey) this.stars.turn(row.tag.path);
    else if (event.key === " " || event.key === "Enter") this.act(row);
    else return;
    event.preventDefault();
    this.at = rows[next]?.key ?? "";
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
  }
}
