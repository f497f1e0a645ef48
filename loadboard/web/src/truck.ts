import { type Area, areaBody, placeQuery, readArea, writeArea } from "./areas";

/** The truck that loads are ranked for. `freeFrom` is UTC, empty for now; numbers are as typed. */
export interface Truck {
  at: string;
  equipment: string;
  freeFrom: string;
  deadhead: string;
  driveLeft: string;
  windowLeft: string;
  to: Area;
}

export const MAX_DEADHEAD_MI = "150";

const TEXTS = {
  at: "truck_at",
  equipment: "truck_equipment",
  freeFrom: "truck_free_from",
  deadhead: "truck_deadhead",
  driveLeft: "truck_drive_left",
  windowLeft: "truck_window_left",
} as const;
type Key = keyof typeof TEXTS;

export function readTruck(query: URLSearchParams): Truck | null {
  const text = (key: Key) => query.get(TEXTS[key]) ?? "";
  if (!text("at") || !text("equipment")) return null;
  return {
    at: text("at"),
    equipment: text("equipment"),
    freeFrom: text("freeFrom"),
    deadhead: query.get(TEXTS.deadhead) ?? MAX_DEADHEAD_MI,
    driveLeft: text("driveLeft"),
    windowLeft: text("windowLeft"),
    to: readArea(query, "truck_to"),
  };
}

export function writeTruck(query: URLSearchParams, truck: Truck): void {
  for (const key of Object.keys(TEXTS) as Key[])
    if (truck[key] !== (key === "deadhead" ? MAX_DEADHEAD_MI : ""))
      query.set(TEXTS[key], truck[key]);
  writeArea(query, "truck_to", truck.to);
}

const said = (body: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

/** The truck as the body of a match; what is not said is left out. */
export function truckBody(truck: Truck): Record<string, unknown> {
  const number = (text: string) => (text === "" ? null : Number(text));
  const clock = said({
    drive_left_h: number(truck.driveLeft),
    window_left_h: number(truck.windowLeft),
  });
  return said({
    at: placeQuery(truck.at),
    equipment: truck.equipment,
    free_from: truck.freeFrom || null,
    max_deadhead_mi: number(truck.deadhead),
    to: areaBody(truck.to),
    clock: Object.keys(clock).length ? clock : null,
  });
}
