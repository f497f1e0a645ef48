import { toMoment, toUtc, HERE } from "./zones";

export type Position = [number, number];
export type Bounds = [number, number, number, number];

export type Area =
  | { kind: "any" }
  | { kind: "near"; place: string; miles: number }
  | { kind: "states"; states: string[] }
  | { kind: "drawn"; ring: Position[] };

export const SORTS = ["age", "pickup_time", "rate", "rate_per_mile", "distance"] as const;
export type Sort = (typeof SORTS)[number];
export type Choice = "" | "yes" | "no";

/** What is searched. A pickup area of kind "any" means the part of the map that is in view. */
export interface Filters {
  pickup: Area;
  delivery: Area;
  earliest: string;
  latest: string;
  equipment: string[];
  full: Choice;
  hazmat: Choice;
  maxWeight: string;
  maxLength: string;
  minRate: string;
  minPerMile: string;
  maxAge: string;
  unknown: boolean;
  sort: Sort;
}

export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
}

export interface State {
  filters: Filters;
  camera: Camera | null;
  load: number | null;
}

const TEXTS = {
  earliest: "earliest",
  latest: "latest",
  full: "full",
  hazmat: "hazmat",
  maxWeight: "max_weight",
  maxLength: "max_length",
  minRate: "min_rate",
  minPerMile: "min_rate_per_mile",
  maxAge: "max_age",
} as const;
type TextKey = keyof typeof TEXTS;

export function noFilters(): Filters {
  const texts = Object.fromEntries(Object.keys(TEXTS).map((key) => [key, ""])) as Record<
    TextKey,
    ""
  >;
  return {
    ...texts,
    pickup: { kind: "any" },
    delivery: { kind: "any" },
    equipment: [],
    unknown: true,
    sort: "age",
  };
}

const list = (text: string | null): string[] => (text ? text.split(",").filter(Boolean) : []);

function readArea(query: URLSearchParams, name: string): Area {
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

function writeArea(query: URLSearchParams, name: string, area: Area): void {
  if (area.kind === "near") {
    query.set(`${name}_near`, area.place);
    query.set(`${name}_miles`, String(area.miles));
  } else if (area.kind === "states") query.set(`${name}_states`, area.states.join(","));
  else if (area.kind === "drawn")
    query.set(`${name}_area`, area.ring.map((pair) => pair.join(",")).join(";"));
}

/** The state that a bookmarked or shared address stands for. */
export function readState(address: string): State {
  const query = new URLSearchParams(address);
  const filters = noFilters();
  for (const [key, name] of Object.entries(TEXTS))
    Object.assign(filters, { [key]: query.get(name) ?? "" });
  const sort = SORTS.find((one) => one === query.get("sort")) ?? "age";
  Object.assign(filters, {
    pickup: readArea(query, "pickup"),
    delivery: readArea(query, "delivery"),
    equipment: list(query.get("equipment")),
    unknown: query.get("unknown") !== "no",
    sort,
  });
  const [lon, lat, zoom] = list(query.get("at")).map(Number);
  const camera = [lon, lat, zoom].every(Number.isFinite) ? ({ lon, lat, zoom } as Camera) : null;
  return { filters, camera, load: Number(query.get("load")) || null };
}

export function writeState({ filters, camera, load }: State): string {
  const query = new URLSearchParams();
  writeArea(query, "pickup", filters.pickup);
  writeArea(query, "delivery", filters.delivery);
  for (const [key, name] of Object.entries(TEXTS))
    if (filters[key as TextKey]) query.set(name, filters[key as TextKey]);
  if (filters.equipment.length) query.set("equipment", filters.equipment.join(","));
  if (!filters.unknown) query.set("unknown", "no");
  if (filters.sort !== "age") query.set("sort", filters.sort);
  if (camera)
    query.set(
      "at",
      [camera.lon.toFixed(3), camera.lat.toFixed(3), camera.zoom.toFixed(2)].join(","),
    );
  if (load) query.set("load", String(load));
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
  return text ? `?${text}` : "";
}

const ZIP = /^\d{5}$/;
export const placeQuery = (text: string): { zip: string } | { place: string } =>
  ZIP.test(text) ? { zip: text } : { place: text };

function areaBody(area: Area): object | null {
  if (area.kind === "near") return { near: placeQuery(area.place), radius_mi: area.miles };
  if (area.kind === "states") return { states: area.states };
  if (area.kind === "drawn") return { polygon: { type: "Polygon", coordinates: [area.ring] } };
  return null;
}

function windowBody({ earliest, latest }: Filters): object | null {
  const start = earliest && toMoment(`${earliest}T00:00`, HERE);
  const end = latest && toMoment(`${latest}T23:59`, HERE);
  if (!start && !end) return null;
  return { ...(start ? { from: toUtc(start) } : {}), ...(end ? { to: toUtc(end) } : {}) };
}

/** The filters as the body of a search; what is not asked for is left out. */
export function searchBody(filters: Filters, view: Bounds): Record<string, unknown> {
  const number = (text: string, times = 1) =>
    text === "" ? null : Math.round(Number(text) * times);
  const choice = (text: Choice) => (text === "" ? null : text === "yes");
  const body = {
    pickup: areaBody(filters.pickup) ?? { bbox: view },
    delivery: areaBody(filters.delivery),
    pickup_window: windowBody(filters),
    equipment: filters.equipment.length ? filters.equipment : null,
    full: choice(filters.full),
    hazmat: choice(filters.hazmat),
    max_weight_lb: number(filters.maxWeight),
    max_length_ft: number(filters.maxLength),
    min_rate_cents: number(filters.minRate, 100),
    min_rate_per_mile_cents: number(filters.minPerMile, 100),
    max_age_minutes: number(filters.maxAge),
    include_unknown: filters.unknown ? null : false,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
