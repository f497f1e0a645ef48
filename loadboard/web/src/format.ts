import type { Equipment, Load, Stop, Window } from "./types";
import { shortZone, toLocal } from "./zones";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const count = (n: number): string => whole.format(n);
export const dollars = (cents: number): string =>
  (cents / 100).toLocaleString("en-US", {
    style: "currency",
    currency: "USD",
    maximumFractionDigits: cents % 100 ? 2 : 0,
  });
export const wholeDollars = (cents: number): string => dollars(Math.round(cents / 100) * 100);
export const perMile = (cents: number): string => `$${(cents / 100).toFixed(2)}`;
export const loads = (n: number): string => `${count(n)} ${n === 1 ? "load" : "loads"}`;

const STEPS: [number, string][] = [
  [1440, "d"],
  [60, "h"],
  [1, "min"],
];

export function age(moment: string, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(moment)) / 60_000);
  const [size, unit] = STEPS.find(([size]) => minutes >= size) ?? [1, ""];
  return unit ? `${Math.floor(minutes / size)} ${unit}` : "now";
}

export const shortAge = (moment: string): string =>
  age(moment).replace(" min", "m").replace(" ", "");
export const ago = (moment: string): string =>
  age(moment) === "now" ? "just now" : `${age(moment)} ago`;

/** For the list: 11/24 07:00–13:00, by the clock of the stop. */
export function shortWindow(window: Window | null, zone: string): string {
  if (!window) return "—";
  const [from, to] = [window.from, window.to].map((moment) =>
    toLocal(Date.parse(moment), zone),
  ) as [string, string];
  const day = (local: string) => `${Number(local.slice(5, 7))}/${Number(local.slice(8, 10))}`;
  const start = `${day(from)} ${from.slice(11)}`;
  if (from === to) return start;
  return day(from) === day(to) ? `${start}–${to.slice(11)}` : `${start}–${day(to)}`;
}

export function day(moment: string, zone: string): string {
  return new Date(moment).toLocaleDateString("en-US", {
    timeZone: zone,
    weekday: "short",
    month: "short",
    day: "numeric",
  });
}

export function clock(moment: string, zone: string): string {
  return new Date(moment).toLocaleTimeString("en-US", {
    timeZone: zone,
    hour: "numeric",
    minute: "2-digit",
  });
}

/** For the details: Tue, Nov 24, 7:00 AM – 1:00 PM CST. */
export function longWindow(window: Window | null, zone: string): string {
  if (!window) return "Any time";
  const start = `${day(window.from, zone)}, ${clock(window.from, zone)}`;
  const sameDay = day(window.from, zone) === day(window.to, zone);
  const end = sameDay
    ? clock(window.to, zone)
    : `${day(window.to, zone)}, ${clock(window.to, zone)}`;
  return `${window.from === window.to ? start : `${start} – ${end}`} ${shortZone(zone, Date.parse(window.to))}`;
}

export const placeName = (stop: Stop): string =>
  stop.place ?? stop.town ?? stop.zip ?? `${stop.lat.toFixed(3)}, ${stop.lon.toFixed(3)}`;
export const first = (load: Load): Stop => load.stops[0] as Stop;
export const last = (load: Load): Stop => load.stops[load.stops.length - 1] as Stop;
export const lane = (load: Load): string => `${placeName(first(load))} → ${placeName(last(load))}`;

/** Whether some carriers may book it at once; the service knows which. */
export const isInstant = ({ instant }: Load): boolean =>
  instant !== undefined && instant !== "nobody";

export function equipmentNames(all: Equipment[]): {
  short: (code: string) => string;
  long: (code: string) => string;
} {
  const known = new Map(all.map((one) => [one.code, one]));
  return {
    short: (code) => known.get(code)?.aliases[0] ?? code,
    long: (code) => known.get(code)?.name ?? code,
  };
}
