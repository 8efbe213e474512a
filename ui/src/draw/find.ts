/** Finding by name: every word typed must be there; whole beginnings come first. */
export function find<T>(text: string, all: readonly T[], nameOf: (one: T) => string, most: number): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const scored: { one: T; score: number }[] = [];
  for (const one of all) {
    const name = nameOf(one).toLowerCase().replaceAll("_", " ");
    const plain = `${name} ${nameOf(one).toLowerCase()}`;
    if (!words.every((word) => plain.includes(word))) continue;
    const first = words[0] ?? "";
    const score = name.startsWith(words.join(" ")) ? 0 : new RegExp(`\\b${first.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`).test(name) ? 1 : 2;
    scored.push({ one, score });
  }
  return scored.sort((a, b) => a.score - b.score).slice(0, most).map(({ one }) => one);
}

/** Whether `path` fits `filter`: a `*` stands for anything, words without it for a part. */
export function fits(filter: string, path: string): boolean {
  const text = filter.trim().toLowerCase();
  if (!text) return true;
  const lower = path.toLowerCase();
  if (!text.includes("*")) return text.split(/\s+/).every((word) => lower.includes(word.replaceAll(" ", "_")));
  const pattern = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*");
  return new RegExp(`(^|/)${pattern}$`).test(lower);
}
