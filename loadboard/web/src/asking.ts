import * as api from "./api";
import type { Bounds } from "./areas";
import { type Filters, searchBody, tripOf } from "./state";
import { type Truck, truckBody } from "./truck";
import type { Found, Hexes, Matches } from "./types";

const PAGE = 200;
// Up to so many loads are shown one by one; more are counted in hexagons.
const SINGLE = 600;
const BEST = 50;

/** What the board shows: loads, in hexagons where there are many, or ranked for a truck. */
export interface Answer extends Found {
  hexes: Hexes | null;
  matches: Matches | null;
}

export const NO_ANSWER: Answer = {
  items: [],
  total: 0,
  next_cursor: null,
  hexes: null,
  matches: null,
};

/** A search in progress: its first loads, and more of the same. */
export interface Search {
  first(resolution: number, expectMany: boolean, signal: AbortSignal): Promise<Answer>;
  next(cursor: string, signal: AbortSignal): Promise<Found>;
}

export function searchFor(filters: Filters, view: Bounds): Search {
  const body = searchBody(filters, view);
  const ask = (more: object, signal: AbortSignal) =>
    api.search({ ...body, sort: filters.sort, limit: PAGE, ...more }, signal);
  const next = (cursor: string, signal: AbortSignal) => ask({ cursor }, signal);

  async function first(resolution: number, expectMany: boolean, signal: AbortSignal) {
    const cells = () => api.hexes({ ...body, resolution }, signal);
    // Hexagons know of areas, not of roads.
    const counted = tripOf(filters) === null;
    const early = counted && expectMany ? cells().catch(() => null) : null;
    const found = await ask({}, signal);
    while (found.next_cursor !== null && found.total <= SINGLE) {
      const page = await next(found.next_cursor, signal);
      found.items.push(...page.items);
      found.next_cursor = page.next_cursor;
    }
    const many = counted && found.next_cursor !== null;
    const hexes = many ? ((await early) ?? (await cells())) : null;
    return { ...found, hexes, matches: null };
  }

  return { first, next };
}

/** The best loads for a truck; there is no next page of them. */
export async function bestFor(truck: Truck, signal: AbortSignal): Promise<Answer> {
  const matches = await api.matches({ truck: truckBody(truck), limit: BEST }, signal);
  const items = matches.items.map(({ load }) => load);
  return { items, total: items.length, next_cursor: null, hexes: null, matches };
}
