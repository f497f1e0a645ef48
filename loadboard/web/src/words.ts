import type { Area } from "./areas";
import { count } from "./format";
import { type Filters, tripOf } from "./state";
import { resolvePlace } from "./suggest";
import type { Truck } from "./truck";

const labelOf = async (place: string): Promise<string> =>
  (await resolvePlace(place))?.label ?? place;

async function areaWords(area: Area): Promise<string> {
  if (area.kind === "near") return `within ${area.miles} mi of ${await labelOf(area.place)}`;
  if (area.kind === "states") return `from ${area.states.join(", ")}`;
  return area.kind === "drawn" ? "in the drawn area" : "in the map view";
}

/** What the search covers, in words. */
export async function searchWords(filters: Filters, tripMiles: number | null): Promise<string> {
  const trip = tripOf(filters);
  if (!trip) return areaWords(filters.pickup);
  const [from, to] = await Promise.all([labelOf(trip.from), labelOf(trip.to)]);
  const road = `along ${from} → ${to}${tripMiles === null ? "" : ` (${count(tripMiles)} mi)`}`;
  return filters.pickup.kind === "any" ? road : `${await areaWords(filters.pickup)}, ${road}`;
}

/** What the truck is that loads are ranked for, in words. */
export async function truckWords(truck: Truck, equipment: string): Promise<string> {
  return `for a ${equipment.toLowerCase()} at ${await labelOf(truck.at)}`;
}
