/** The plant as the pages walk it: tags by id and path, equipment by path, lines and units. */
import type { EquipmentInfo, PlantInfo, TagInfo } from "../api/contract";

/** An index over one PlantInfo; asked once a page. */
export class Site {
  readonly tags = new Map<number, TagInfo>();
  readonly tagPaths = new Map<string, TagInfo>();
  readonly equipment = new Map<string, EquipmentInfo>();
  readonly parents = new Map<string, EquipmentInfo>();

  constructor(readonly info: PlantInfo) {
    for (const tag of info.tags) {
      this.tags.set(tag.id, tag);
      this.tagPaths.set(tag.path, tag);
    }
    const enter = (equipment: EquipmentInfo, parent?: EquipmentInfo): void => {
      this.equipment.set(equipment.path, equipment);
      if (parent) this.parents.set(equipment.path, parent);
      for (const child of equipment.children) enter(child, equipment);
    };
    for (const area of info.areas) enter(area);
  }

  /** Production lines: what has a flow, or else every work center. */
  lines(): EquipmentInfo[] {
    const all = [...this.equipment.values()];
    const flowing = all.filter((equipment) => equipment.flow.length > 0);
    return flowing.length ? flowing : all.filter((equipment) => equipment.level === "work_center");
  }

  /** The line asked for, else the first. */
  line(path: string | null | undefined): EquipmentInfo | undefined {
    return (path ? this.equipment.get(path) : undefined) ?? this.lines()[0];
  }

  /** Units of a line in the order of the material. */
  unitsOf(line: EquipmentInfo): EquipmentInfo[] {
    const flow = line.flow.map((path) => this.equipment.get(path) ?? this.equipment.get(`${line.path}/${path}`));
    const found = flow.filter((unit) => unit !== undefined);
    return found.length ? found : line.children;
  }

  /** The line that the equipment at `path` is, belongs to, or stands in. */
  lineOf(path: string): EquipmentInfo | undefined {
    const lines = this.lines();
    for (let at = this.equipment.get(path); at; at = this.parents.get(at.path)) {
      const here = at;
      const found = lines.find((line) => line === here || this.unitsOf(line).includes(here));
      if (found) return found;
    }
    return undefined;
  }

  /** The nearest equipment, from that at `path` upwards, that tells its state. */
  unitOf(path: string): EquipmentInfo | undefined {
    let at = this.equipment.get(path);
    while (at && at.state === null) at = this.parents.get(at.path);
    return at;
  }

  /** All equipment that has tags and is worth a faceplate: units first, then the rest. */
  assets(): EquipmentInfo[] {
    const inLines = this.lines().flatMap((line) => this.unitsOf(line));
    const others = [...this.equipment.values()].filter((equipment) => equipment.tags.length > 0 && equipment.level !== "area" && !inLines.includes(equipment));
    return [...inLines, ...others];
  }

  tagsOf(equipment: EquipmentInfo): TagInfo[] {
    return equipment.tags.map((id) => this.tags.get(id)).filter((tag) => tag !== undefined);
  }

  /** The paths of the tags of `equipment` that play `roles`, whatever they are called. */
  pathsOf(equipment: EquipmentInfo, ...roles: string[]): string[] {
    const tags = this.tagsOf(equipment);
    return roles.flatMap((role) => tags.find((tag) => tag.role === role)?.path ?? []);
  }

  tag(id: number | null | undefined): TagInfo | undefined {
    return id === null || id === undefined ? undefined : this.tags.get(id);
  }

  /** How many tags `equipment` has with all below it. */
  count(equipment: EquipmentInfo): number {
    return equipment.tags.length + equipment.children.reduce((sum, child) => sum + this.count(child), 0);
  }
}

const FIGURE_TAGS: Record<string, string> = { rate: "speed", oee: "state", availability: "state", effectiveness: "state", quality: "good_count", energy: "energy", power: "power" };

/** What to add to plant.yaml where no unit of `line` has a tag that the figure `key` is made from; else empty. */
export function lacking(site: Site, line: EquipmentInfo | undefined, key: string): string {
  const role = FIGURE_TAGS[key];
  if (!line || !role) return "";
  const below = (one: EquipmentInfo): EquipmentInfo[] => [one, ...one.children.flatMap(below)];
  const known = [...below(line), ...site.unitsOf(line)].some((one) => site.tagsOf(one).some((tag) => tag.role === role));
  return known ? "" : `add a tag “${role}” to a unit in plant.yaml`;
}

/** Address of an asset's page. */
export function assetHref(path: string): string {
  return `/asset/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** The piece of equipment a tag path belongs to and its name, "capper/bearing_temp". */
export function tail(path: string): string {
  return path.split("/").slice(-2).join("/");
}
