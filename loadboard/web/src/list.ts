import { byId, h } from "./dom";
import {
  ago,
  count,
  dollars,
  first,
  last,
  longWindow,
  perMile,
  placeName,
  shortAge,
  shortWindow,
  thousands,
  wholeDollars,
} from "./format";
import type { Load } from "./types";

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

function truck(load: Load, names: Names): HTMLTableCellElement {
  const title = [
    names.long(load.equipment),
    load.full ? "full" : "partial",
    load.hazmat && "hazmat",
  ]
    .filter(Boolean)
    .join(", ");
  const badges = [
    !load.full && h("small", {}, "P"),
    load.hazmat && h("small", { class: "hazmat" }, "HM"),
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
    cell("origin", placeName(pickup), placeName(pickup)),
    milesCell("deadhead", load.distance_mi),
    milesCell("out", load.out_of_route_mi),
    cell("destination", placeName(delivery) + between, placeName(delivery)),
    cell("miles number", count(load.loaded_miles)),
    truck(load, names),
    figure("weight", load.weight_lb, thousands, (pounds) => `${count(pounds)} lb`),
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

  const rows = () => [...body.children] as HTMLTableRowElement[];
  const loadOf = (target: EventTarget | null) => {
    const id = Number((target as HTMLElement | null)?.closest?.("tr")?.dataset["id"]);
    return loads.find((load) => load.id === id);
  };

  function mark(): void {
    const all = rows();
    const at = Math.max(
      0,
      loads.findIndex((load) => load.id === selected),
    );
    all.forEach((one, i) => {
      one.tabIndex = i === at ? 0 : -1;
      one.setAttribute("aria-selected", String(loads[i]?.id === selected));
    });
  }

  function select(id: number | null, focus = false): void {
    selected = id;
    mark();
    const at = loads.findIndex((load) => load.id === id);
    const one = rows()[at];
    one?.scrollIntoView({ block: "nearest" });
    if (focus) (one ?? rows()[0])?.focus();
  }

  function key(event: KeyboardEvent): void {
    const at = rows().indexOf(document.activeElement as HTMLTableRowElement);
    if (at < 0) return;
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: loads.length - 1,
    };
    const to = steps[event.key];
    const load = loads[to === undefined ? at : Math.max(0, Math.min(loads.length - 1, to))];
    if (!load) return;
    if (to !== undefined) {
      select(load.id, true);
      listeners.chosen(load);
    } else if (event.key === "Enter" || event.key === " ") listeners.opened(load, true);
    else return;
    event.preventDefault();
  }

  body.addEventListener("keydown", key);
  body.addEventListener("click", (event) => {
    const load = loadOf(event.target);
    if (!load) return;
    select(load.id, true);
    listeners.opened(load, false);
  });
  body.addEventListener("mouseover", (event) => listeners.hovered(loadOf(event.target) ?? null));
  body.addEventListener("mouseleave", () => listeners.hovered(null));

  return {
    show(next, measured, cells = () => []) {
      const focused = rows().indexOf(document.activeElement as HTMLTableRowElement);
      const focusedId = loads[focused]?.id;
      loads = next;
      table.className = `with-${measured}`;
      body.replaceChildren(...loads.map((load) => row(load, names, cells(load))));
      mark();
      if (focused < 0) return;
      const again = loads.findIndex((load) => load.id === focusedId);
      rows()[again < 0 ? Math.min(focused, loads.length - 1) : again]?.focus({
        preventScroll: true,
      });
    },
    select,
    refreshAges() {
      rows().forEach((one, i) => {
        const shown = one.querySelector(".age");
        if (shown && loads[i]) shown.textContent = shortAge(loads[i].first_posted_at);
      });
    },
  };
}
