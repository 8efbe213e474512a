/** Which unit or line the operator page of this device is for: chosen once, then remembered here. */
import type { EquipmentInfo } from "../api/contract";
import type { Site } from "./site";

const KEY = "isthmus-station";

/** Lines with the units that tell a state, in the order of the material. */
export function stations(site: Site): { line: EquipmentInfo; units: EquipmentInfo[] }[] {
  return site.lines().map((line) => ({ line, units: site.unitsOf(line).filter((unit) => unit.state !== null) })).filter(({ units }) => units.length > 0);
}

/** What `asked` names, else what this device is for, else the first line. */
export function stationOf(site: Site, asked: string | null): EquipmentInfo | undefined {
  const known = stations(site).flatMap(({ line, units }) => [line, ...units]);
  const found = (path: string | null) => known.find((one) => one.path === path);
  return found(asked) ?? found(localStorage.getItem(KEY)) ?? known[0];
}

/** From now on this device is for `path`. */
export function remember(path: string): void {
  try {
    localStorage.setItem(KEY, path);
  } catch {
    // a browser that keeps nothing asks again next time
  }
}
