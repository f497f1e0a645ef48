export type Position = [number, number];
export type Bounds = [number, number, number, number];

export type Area =
  | { kind: "any" }
  | { kind: "near"; place: string; miles: number }
  | { kind: "states"; states: string[] }
  | { kind: "drawn"; ring: Position[] };

/** The parts of a list in an address. */
export const list = (text: string | null): string[] =>
  text ? text.split(",").filter(Boolean) : [];

export function readArea(query: URLSearchParams, name: string): Area {
  const place = query.get(`${name}_near`);
  if (place) return { kind: "near", place, miles: Number(query.get(`${name}_miles`)) || 100 };
  const states = list(query.get(`${name}_states`));
  if (states.length) return { kind: "states", states };
  const ring = (query.get(`${name}_area`) ?? "")
    .split(";")
    .map((pair) => pair.split(",").map(Number) as Position);
  const sound =
    ring.length > 3 && ring.every((pair) => pair.length === 2 && pair.every(Number.isFinite));
  return sound ? { kind: "drawn", ring } : { kind: "any" };
}

export function writeArea(query: URLSearchParams, name: string, area: Area): void {
  if (area.kind === "near") {
    query.set(`${name}_near`, area.place);
    query.set(`${name}_miles`, String(area.miles));
  } else if (area.kind === "states") query.set(`${name}_states`, area.states.join(","));
  else if (area.kind === "drawn")
    query.set(`${name}_area`, area.ring.map((pair) => pair.join(",")).join(";"));
}

const ZIP = /^\d{5}$/;
export const placeQuery = (text: string): { zip: string } | { place: string } =>
  ZIP.test(text) ? { zip: text } : { place: text };

export function areaBody(area: Area): object | null {
  if (area.kind === "near") return { near: placeQuery(area.place), radius_mi: area.miles };
  if (area.kind === "states") return { states: area.states };
  if (area.kind === "drawn") return { polygon: { type: "Polygon", coordinates: [area.ring] } };
  return null;
}
