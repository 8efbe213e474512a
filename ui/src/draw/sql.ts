/** The SQL that asks for the same picture, for notebooks and reports. */

/** A query over `paths` between two times, in buckets of about `points` a pen. */
export function sqlOf(paths: readonly string[], from: number, to: number, points = 800): string {
  const seconds = Math.max(1, Math.round((to - from) / 1000 / points));
  const list = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(",\n                ");
  const time = (at: number) => new Date(at).toISOString().replace("T", " ").replace(/\.\d+Z$/, "+00");
  return `select time_bucket(interval '${seconds} seconds', time) as t,
       path, min(value), avg(value), max(value)
from   samples
where  path in (${list})
  and  time >= '${time(from)}' and time < '${time(to)}'
group  by all order by all`;
}
