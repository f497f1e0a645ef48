const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A moment as its zone's wall clock, in the form of a datetime-local input: 2026-11-24T07:00. */
export function toLocal(moment: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(moment);
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? "";
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

function offset(moment: number, zone: string): number {
  const minute = Math.floor(moment / MINUTE) * MINUTE;
  return Date.parse(`${toLocal(minute, zone)}Z`) - minute;
}

/**
 * The moment of a wall clock time in a zone: the first of the two where the clock goes back, and null
 * where it is put forward over that time.
 */
export function toMoment(local: string, zone: string): number | null {
  const clock = Date.parse(`${local}Z`);
  const moments = [offset(clock - DAY, zone), offset(clock + DAY, zone)].map(
    (ahead) => clock - ahead,
  );
  const real = moments.filter((moment) => toLocal(moment, zone) === local.slice(0, 16));
  return real.length ? Math.min(...real) : null;
}

export const toUtc = (moment: number): string =>
  new Date(moment).toISOString().replace(".000Z", "Z");

function zoneName(zone: string, moment: number, style: "short" | "longGeneric"): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    timeZoneName: style,
  }).formatToParts(moment);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** CST, or the zone's whole name: Central Time. */
export const shortZone = (zone: string, moment = Date.now()): string =>
  zoneName(zone, moment, "short");
export const longZone = (zone: string, moment = Date.now()): string =>
  zoneName(zone, moment, "longGeneric");

export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
