import { type Area, areaBody, type Bounds, list, placeQuery, readArea, writeArea } from "./areas";
import { readTruck, type Truck, writeTruck } from "./truck";
import { HERE, toMoment, toUtc } from "./zones";

export const SORTS = [
  "age",
  "pickup_time",
  "rate",
  "rate_per_mile",
  "distance",
  "out_of_route",
] as const;
export type Sort = (typeof SORTS)[number];
export type Choice = "" | "yes" | "no";

/**
 * What is searched. A pickup area of kind "any" means the part of the map that is in view, or anywhere
 * along the road where a trip is given.
 */
export interface Filters {
  alongFrom: string;
  alongTo: string;
  alongMiles: string;
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
  truck: Truck | null;
}

const TEXTS = {
  alongFrom: "along_from",
  alongTo: "along_to",
  alongMiles: "along_miles",
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
export const TEXT_KEYS = Object.keys(TEXTS) as TextKey[];

const OUT_OF_ROUTE_MI = "60";

export interface Trip {
  from: string;
  to: string;
  miles: number;
}

/** The road that is driven anyway, once both its ends are given. */
export function tripOf({ alongFrom, alongTo, alongMiles }: Filters): Trip | null {
  const [from, to] = [alongFrom.trim(), alongTo.trim()];
  return from && to ? { from, to, miles: Number(alongMiles || OUT_OF_ROUTE_MI) } : null;
}

/** What tells one road from another. */
export function endsOf(filters: Filters): string | null {
  const trip = tripOf(filters);
  return trip && JSON.stringify([trip.from, trip.to]);
}

const usualSort = (filters: Filters): Sort => (tripOf(filters) ? "out_of_route" : "age");

/** The sort that is asked for, or the usual one where there is nothing to measure it from. */
export function possibleSort(filters: Filters): Sort {
  const impossible =
    (filters.sort === "distance" && filters.pickup.kind !== "near") ||
    (filters.sort === "out_of_route" && !tripOf(filters));
  return impossible ? usualSort(filters) : filters.sort;
}

export function noFilters(): Filters {
  const texts = Object.fromEntries(TEXT_KEYS.map((key) => [key, ""])) as Record<TextKey, "">;
  return {
    ...texts,
    alongMiles: OUT_OF_ROUTE_MI,
    pickup: { kind: "any" },
    delivery: { kind: "any" },
    equipment: [],
    unknown: true,
    sort: "age",
  };
}

/** The state that a bookmarked or shared address stands for; only carriers have trucks. */
export function readState(address: string, isCarrier: boolean): State {
  const query = new URLSearchParams(address);
  const filters = noFilters();
  for (const key of TEXT_KEYS)
    Object.assign(filters, { [key]: query.get(TEXTS[key]) ?? filters[key] });
  Object.assign(filters, {
    pickup: readArea(query, "pickup"),
    delivery: readArea(query, "delivery"),
    equipment: list(query.get("equipment")),
    unknown: query.get("unknown") !== "no",
  });
  filters.sort = SORTS.find((one) => one === query.get("sort")) ?? usualSort(filters);
  filters.sort = possibleSort(filters);
  const [lon, lat, zoom] = list(query.get("at")).map(Number);
  const camera = [lon, lat, zoom].every(Number.isFinite) ? ({ lon, lat, zoom } as Camera) : null;
  const truck = isCarrier ? readTruck(query) : null;
  return { filters, camera, load: Number(query.get("load")) || null, truck };
}

export function writeState({ filters, camera, load, truck }: State): string {
  const query = new URLSearchParams();
  const usual = noFilters();
  if (truck) writeTruck(query, truck);
  writeArea(query, "pickup", filters.pickup);
  writeArea(query, "delivery", filters.delivery);
  for (const key of TEXT_KEYS)
    if (filters[key] !== usual[key]) query.set(TEXTS[key], filters[key]);
  if (filters.equipment.length) query.set("equipment", filters.equipment.join(","));
  if (!filters.unknown) query.set("unknown", "no");
  if (filters.sort !== usualSort(filters)) query.set("sort", filters.sort);
  if (camera)
    query.set(
      "at",
      [camera.lon.toFixed(3), camera.lat.toFixed(3), camera.zoom.toFixed(2)].join(","),
    );
  if (load) query.set("load", String(load));
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
  return text ? `?${text}` : "";
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
  const trip = tripOf(filters);
  const body = {
    along: trip && {
      from: placeQuery(trip.from),
      to: placeQuery(trip.to),
      max_out_of_route_mi: trip.miles,
    },
    pickup: areaBody(filters.pickup) ?? (trip ? null : { bbox: view }),
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
