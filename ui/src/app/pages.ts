/** The pages there are, in the order of the rail. */
import { svg } from "lit";

export interface PageEntry {
  name: string;
  title: string;
  group: string;
  key: string;
  /** Kept behind "More" on a small screen. */
  rare: boolean;
  icon: ReturnType<typeof svg>;
}

export const PAGES: PageEntry[] = [
  { name: "plant", title: "Plant", group: "Operate", key: "p", rare: false, icon: svg`<path d="M1.5 14V7l4 2.5V7l4 2.5V3h4.5v11z"/>` },
  { name: "asset", title: "Asset", group: "Operate", key: "a", rare: false, icon: svg`<circle cx="8" cy="8" r="2.4"/><path d="M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M3.4 3.4l2.1 2.1M10.5 10.5l2.1 2.1M12.6 3.4l-2.1 2.1M5.5 10.5l-2.1 2.1"/>` },
  { name: "alarms", title: "Alarms", group: "Operate", key: "l", rare: false, icon: svg`<path d="M3 12h10l-1.2-2V7a3.8 3.8 0 0 0-7.6 0v3zM6.5 14h3"/>` },
  { name: "operator", title: "Operator", group: "Operate", key: "r", rare: false, icon: svg`<rect x="2" y="2.5" width="12" height="9" rx="1"/><path d="M6 14h4M5 7l2 2 4-4"/>` },
  { name: "rules", title: "Rules", group: "Operate", key: "u", rare: true, icon: svg`<path d="M2 3.5h5M2 8h5M2 12.5h5M9.5 3.5l1.5 1.5L14 2M9.5 8l1.5 1.5L14 6.5M10 12.5h4"/>` },
  { name: "explore", title: "Explore", group: "Understand", key: "e", rare: true, icon: svg`<path d="M2 2v12h12M4.5 10l3-3.5 2.5 2 3.5-5"/>` },
  { name: "performance", title: "Performance", group: "Understand", key: "f", rare: true, icon: svg`<path d="M2 14V4h3v10M6.5 14V7h3v7M11 14v-4h3v4M1 14h14"/>` },
  { name: "energy", title: "Energy", group: "Understand", key: "n", rare: true, icon: svg`<path d="M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z"/>` },
  { name: "scorecard", title: "Scorecard", group: "Understand", key: "o", rare: true, icon: svg`<path d="M2 2h12v12H2zM4.5 5.5l1 1 1.7-2M9 5.5h3M4.5 10.5l1 1 1.7-2M9 10.5h3"/>` },
  { name: "reports", title: "Reports", group: "Understand", key: "t", rare: true, icon: svg`<path d="M3 1.5h7l3 3v10H3zM10 1.5v3h3M5.5 7.5h5M5.5 9.8h5M5.5 12h3"/>` },
  { name: "connections", title: "Connections", group: "Connect", key: "c", rare: true, icon: svg`<circle cx="3.5" cy="8" r="2"/><circle cx="12.5" cy="3.5" r="2"/><circle cx="12.5" cy="12.5" r="2"/><path d="M5.4 7 10.7 4.4M5.4 9l5.3 2.6"/>` },
  { name: "security", title: "Security", group: "Connect", key: "s", rare: true, icon: svg`<path d="M8 1.5 13.5 3.5V8c0 3.2-2.3 5.4-5.5 6.5C4.8 13.4 2.5 11.2 2.5 8V3.5z"/>` },
];

/** Pages that the rail does not list: reached from the bar at the top. */
export const OTHERS: Record<string, string> = { account: "My account", users: "Users", "sign-in": "Sign in" };
