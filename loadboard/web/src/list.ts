import { byId, h } from "./dom";
import {
  ago,
  count,
  dollars,
  first,
  isInstant,
  last,
  longWindow,
  perMile,
  placeName,
  shortAge,
  shortWindow,
  wholeDollars,
} from "./format";
import { gridRows } from "./rows";
import type { Load, Stop } from "./types";

/** What the list shows beside the loads themselves: miles that a search measured, or what loads are worth. */
export type Measured = "nothing" | "deadhead" | "out" | "worth";

export interface LoadList {
  show(loads: Load[], measured: Measured, cells?: (load: Load) => HTMLElement[]): void;
  select(id: number | null, focus?: boolean): void;
  refreshAges(): void;
}

interface Listeners {
  chosen: (load: Load) => void;
  opened: (load: Load, byKey: boolean) => void;
  hovered: (load: Load | null) => void;
}

type Names = { short: (code: string) => string; long: (code: string) => string };

function cell(name: string, text: string, title?: string): HTMLTableCellElement {
  return h("td", { role: "gridcell", class: name, title }, text);
}

function figure(
  name: string,
  value: number | null,
  text: (value: number) => string,
  title?: (value: number) => string,
): HTMLTableCellElement {
  if (value === null) return cell(`${name} number none`, "—", "not given");
  return cell(`${name} number`, text(value), title?.(value));
}

/** A town that is cut before its state is. */
function town(name: string, stop: Stop, more = ""): HTMLTableCellElement {
  const full = placeName(stop);
  const [, place, state] = full.match(/^(.+)(, [A-Z]{2})$/) ?? [null, full, ""];
  const shown = h("span", { class: "town" }, h("span", {}, place), `${state}${more}`);
  return h("td", { role: "gridcell", class: name, title: full }, shown);
}

function truck(load: Load, names: Names): HTMLTableCellElement {
  const isOdd = (load.flags ?? []).length > 0;
  const title = [
    names.long(load.equipment),
    load.full ? "full" : "partial",
    load.hazmat && "hazmat",
    isInstant(load) && "can be booked at once",
    ...(load.flags ?? []),
  ]
    .filter(Boolean)
    .join(", ");
  const badges = [
    !load.full && h("small", {}, "P"),
    load.hazmat && h("small", { class: "hazmat" }, "HM"),
    isInstant(load) && h("small", { class: "instant" }, "B"),
    isOdd && h("small", { class: "odd" }, "!"),
  ];
  return h(
    "td",
    { role: "gridcell", class: "truck", title },
    names.short(load.equipment),
    ...badges,
  );
}

const milesCell = (name: string, miles: number | null | undefined) =>
  cell(`${name} number`, miles == null ? "" : count(miles));

function row(load: Load, names: Names, more: HTMLElement[]): HTMLTableRowElement {
  const [pickup, delivery] = [first(load), last(load)];
  const between = load.stops.length > 2 ? ` +${load.stops.length - 2}` : "";
  return h(
    "tr",
    { role: "row", tabindex: "-1", "data-id": load.id, "aria-selected": "false" },
    cell("age", shortAge(load.first_posted_at), ago(load.first_posted_at)),
    cell("pickup", shortWindow(pickup.window, pickup.zone), longWindow(pickup.window, pickup.zone)),
    town("origin", pickup),
    milesCell("deadhead", load.distance_mi),
    milesCell("out", load.out_of_route_mi),
    town("destination", delivery, between),
    cell("miles number", count(load.loaded_miles)),
    truck(load, names),
    figure("weight", load.weight_lb, count),
    figure("rate", load.rate_cents, wholeDollars, dollars),
    figure("per-mile", load.rate_per_mile_cents, perMile),
    cell("shipper", load.organization.name, load.organization.name),
    ...more,
  );
}

export function loadList(names: Names, listeners: Listeners): LoadList {
  const table = byId("loads");
  const body = byId("rows");
  let loads: Load[] = [];
  let selected: number | null = null;
  const place = (id: number | null | undefined) => loads.findIndex((load) => load.id === id);

  const rows = gridRows(body, {
    moved(at) {
      const load = loads[at] as Load;
      select(load.id, true);
      listeners.chosen(load);
    },
    opened(at, byKey) {
      const load = loads[at] as Load;
      if (!byKey) select(load.id, true);
      listeners.opened(load, byKey);
    },
  });

  const loadOf = (target: EventTarget | null) =>
    loads[rows.all().indexOf((target as HTMLElement).closest("tr") as HTMLTableRowElement)];

  function select(id: number | null, focus = false): void {
    selected = id;
    const at = place(id);
    rows.mark(at);
    rows.all()[at]?.scrollIntoView({ block: "nearest" });
    if (focus) rows.focus(at);
  }

  body.addEventListener("mouseover", (event) => listeners.hovered(loadOf(event.target) ?? null));
  body.addEventListener("mouseleave", () => listeners.hovered(null));

  return {
    show(next, measured, cells = () => []) {
      const focused = rows.focused();
      const focusedId = loads[focused]?.id;
      loads = next;
      table.className = `with-${measured}`;
      body.replaceChildren(...loads.map((load) => row(load, names, cells(load))));
      rows.mark(place(selected));
      if (focused < 0) return;
      const again = place(focusedId);
      const near = Math.min(focused, loads.length - 1);
      rows.focus(again < 0 ? near : again, { preventScroll: true });
    },
    select,
    refreshAges() {
      rows.all().forEach((one, i) => {
        const shown = one.querySelector(".age");
        if (shown && loads[i]) shown.textContent = shortAge(loads[i].first_posted_at);
      });
    },
  };
}
