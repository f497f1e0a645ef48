import { h } from "./dom";
import { ago, count, dollars, longWindow, perMile, placeName } from "./format";
import { recordWords } from "./trust";
import type { Load, Stop } from "./types";
import { longZone } from "./zones";

export type Names = { long: (code: string) => string };

function stopItem(stop: Stop): HTMLLIElement {
  const zip = stop.zip && stop.zip !== placeName(stop) ? ` ${stop.zip}` : "";
  const at = stop.window ? Date.parse(stop.window.from) : Date.now();
  const near = stop.place === null && stop.town !== null ? "near " : "";
  return h(
    "li",
    { class: stop.kind },
    h(
      "span",
      { class: "kind", title: stop.zone },
      `${stop.kind === "pickup" ? "Pickup" : "Delivery"} · ${longZone(stop.zone, at)}`,
    ),
    h("strong", {}, near + placeName(stop) + zip),
    h("span", {}, longWindow(stop.window, stop.zone)),
  );
}

export function loadFacts(load: Load, names: Names): [string, string | null][] {
  const estimate = load.miles_estimated === "road" ? "by road, est." : "est., 1.3 × great circle";
  return [
    ["Equipment", `${names.long(load.equipment)}, ${load.full ? "full" : "partial"}`],
    ["Loaded miles", `${count(load.loaded_miles)}, ${estimate}`],
    ["Posted miles", load.posted_miles === null ? null : count(load.posted_miles)],
    ["Deadhead", load.distance_mi == null ? null : `${count(load.distance_mi)} mi to the pickup`],
    ["Weight", load.weight_lb === null ? "not given" : `${count(load.weight_lb)} lb`],
    ["Length", load.length_ft === null ? "not given" : `${count(load.length_ft)} ft`],
    ["Commodity", load.commodity ?? "not given"],
    ["Hazmat", load.hazmat ? "yes" : "no"],
    ["Shipper", load.organization.name],
    ["Shipper's record", recordWords(load)],
    ["Reference", load.reference],
    ["Posted", load.first_posted_at && ago(load.first_posted_at)],
    ["Confirmed", load.confirmed_at && ago(load.confirmed_at)],
    [
      "Expires",
      load.expires_at &&
        longWindow({ from: load.expires_at, to: load.expires_at }, load.stops[0]?.zone ?? "UTC"),
    ],
    ["Status", load.status === "posted" ? null : load.status.replaceAll("_", " ")],
  ];
}

export function price(load: Load): HTMLElement {
  const rate = load.rate_cents === null ? "Rate not given" : dollars(load.rate_cents);
  const each =
    load.rate_per_mile_cents === null
      ? null
      : h("span", { class: "quiet" }, `${perMile(load.rate_per_mile_cents)} per loaded mile`);
  return h("p", { class: "price" }, h("strong", {}, rate), each);
}

export const stopList = ({ stops }: Load): HTMLElement =>
  h("ol", { class: "stops" }, ...stops.map(stopItem));
