/** Fixed axes as they stand in the address: `a:0:150,b:-1:1`. */
export function parseScales(text: string | null): Map<string, [number, number]> {
  const found = new Map<string, [number, number]>();
  for (const part of (text ?? "").split(",")) {
    const [letter = "", low, high] = part.split(":");
    const [from, to] = [Number(low), Number(high)];
    if (/^[a-f]$/.test(letter) && low && high && to > from && Number.isFinite(to - from)) found.set(letter, [from, to]);
  }
  return found;
}

/** The address's form of `scales`; undefined where none is fixed. */
export function scaleText(scales: ReadonlyMap<string, [number, number]>): string | undefined {
  return [...scales].map(([letter, [low, high]]) => `${letter}:${low}:${high}`).join() || undefined;
}
