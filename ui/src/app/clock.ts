/** The plant's clock: set by the site's messages, running at its rate between them. */
let base = Date.now();
let at = performance.now();
let rate = 1;
let zone: string | undefined;
let formats = new Map<string, Intl.DateTimeFormat>();

const SHAPES: Record<string, Intl.DateTimeFormatOptions> = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  month: { month: "short" },
  year: { year: "numeric" },
  weekday: { weekday: "short", day: "numeric", month: "short" },
  zone: { timeZoneName: "short", hour: "2-digit" },
  parts: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

function format(shape: string, time: number): string {
  let known = formats.get(shape);
  if (!known) {
    known = new Intl.DateTimeFormat("en-GB", { ...SHAPES[shape], hourCycle: "h23", ...(zone ? { timeZone: zone } : {}) });
    formats.set(shape, known);
  }
  return known.format(time).replace(",", "");
}

export const clock = {
  /** Now in the plant, milliseconds since 1970 UTC. */
  now: (): number => base + (performance.now() - at) * rate,
  /** Plant seconds per real second. */
  rate: (): number => rate,
  set(now: number, newRate?: number): void {
    base = now;
    at = performance.now();
    if (newRate !== undefined) rate = newRate;
  },
  setZone(name: string): void {
    zone = name;
    formats = new Map();
  },
  /** 11:42:18 */
  second: (time: number) => format("second", time),
  /** 11:42 */
  minute: (time: number) => format("minute", time),
  /** 10 Nov */
  day: (time: number) => format("day", time),
  /** Nov; 2026 for January, where a year begins */
  month: (time: number) => (format("parts", time).slice(3, 5) === "01" ? format("year", time) : format("month", time).slice(0, 3)),
  /** 10 Nov 11:42 */
  moment: (time: number) => `${format("day", time)} ${format("minute", time)}`,
  /** 10 Nov 2026 11:42 */
  full: (time: number) => `${format("day", time)} ${format("year", time)} ${format("minute", time)}`,
  /** Tue 10 Nov */
  weekday: (time: number) => format("weekday", time),
  /** CET */
  zone: (time: number) => format("zone", time).replace(/^\S+\s/, ""),
  /** Milliseconds that local time is ahead of UTC at `time`. */
  offset(time: number): number {
    const [day = 1, month = 1, year = 1970, hour = 0, minute = 0, second = 0] = (format("parts", time).match(/\d+/g) ?? []).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
  },
};

const DAY = 86_400_000;
const DAYS_BY_NAME = 6 * DAY;

/** "13:00" today, "Wed 06:30" within six days, else "24 Nov". */
export function when(time: number): string {
  if (clock.day(time) === clock.day(clock.now())) return clock.minute(time);
  const near = Math.abs(time - clock.now()) < DAYS_BY_NAME;
  return near ? `${clock.weekday(time).slice(0, 3)} ${clock.minute(time)}` : clock.day(time);
}

/** "13:00:18" today, else as `when` says it. */
export function exact(time: number): string {
  return clock.day(time) === clock.day(clock.now()) ? clock.second(time) : when(time);
}

/** "Tue 10 Nov 06:00 to 14:00", with both days where they differ. */
export function fromTo(from: number, to: number): string {
  const end = clock.day(from) === clock.day(to) && to - from < 2 * DAY ? clock.minute(to) : `${clock.weekday(to)} ${clock.minute(to)}`;
  return `${clock.weekday(from)} ${clock.minute(from)} to ${end}`;
}

/** A duration where there is little room, without seconds from a minute on: "1 min", "2 h 27 min". */
export function brief(ms: number): string {
  return duration(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
}

/** "44 min", "2 h 27 min", "61 d": a duration as a person says it. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10 && seconds % 60) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}
