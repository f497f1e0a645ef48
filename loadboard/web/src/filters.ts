import { areaField } from "./areafield";
import { byId, h } from "./dom";
import { type Filters, noFilters, TEXT_KEYS, tripOf } from "./state";
import { suggestPlaces } from "./suggest";
import type { Equipment, FieldError } from "./types";
import { HERE, longZone } from "./zones";

export interface FilterForm {
  read(): Filters;
  write(filters: Filters): void;
  refuse(errors: FieldError[]): FieldError[];
}

const MORE = [
  "full",
  "hazmat",
  "maxWeight",
  "maxLength",
  "minRate",
  "minPerMile",
  "maxAge",
] as const;

const POINTERS: Record<string, string> = {
  "/along": "alongTo",
  "/along/from": "alongFrom",
  "/along/to": "alongTo",
  "/along/max_out_of_route_mi": "alongMiles",
  "/pickup_window/from": "earliest",
  "/pickup_window/to": "latest",
  "/max_weight_lb": "maxWeight",
  "/max_length_ft": "maxLength",
  "/min_rate_cents": "minRate",
  "/min_rate_per_mile_cents": "minPerMile",
  "/max_age_minutes": "maxAge",
};

function equipmentMenu(
  all: Equipment[],
  changed: () => void,
): { read: () => string[]; write: (codes: string[]) => void } {
  const menu = byId<HTMLDetailsElement>("equipment-menu");
  const boxes = all.map(({ code, name }) =>
    h("input", { type: "checkbox", value: code, "aria-label": name }),
  );
  const read = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const title = () => {
    const names = all.filter(({ code }) => read().includes(code)).map(({ name }) => name);
    byId("equipment-title").textContent = names.length ? names.join(", ") : "Any equipment";
  };
  byId("equipment-options").replaceChildren(
    ...boxes.map((box, i) => h("label", { class: "tick" }, box, all[i]?.name)),
  );
  menu.addEventListener("change", () => {
    title();
    changed();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target as Node)) menu.open = false;
  });
  const write = (codes: string[]) => {
    for (const box of boxes) box.checked = codes.includes(box.value);
    title();
  };
  return { read, write };
}

export function filterForm(all: Equipment[], changed: () => void, draw: () => void): FilterForm {
  const form = byId<HTMLFormElement>("filters");
  const input = (id: string) => byId<HTMLInputElement | HTMLSelectElement>(id);
  const countMore = () => {
    const used =
      MORE.filter((key) => input(key).value !== "").length +
      (byId<HTMLInputElement>("unknown").checked ? 0 : 1);
    byId("more-count").textContent = used ? ` (${used})` : "";
  };
  const announce = () => {
    countMore();
    changed();
  };
  const pickup = areaField("pickup", announce, draw);
  const delivery = areaField("delivery", announce, draw);
  const equipment = equipmentMenu(all, announce);
  for (const id of ["alongFrom", "alongTo"]) {
    const place = byId<HTMLInputElement>(id);
    place.after(suggestPlaces(place, (found) => found && announce()));
  }
  byId("dates-zone").textContent = `Pickup dates, ${longZone(HERE)}`;
  byId("more-toggle").addEventListener("click", () => {
    byId("more").hidden = !byId("more").hidden;
    byId("more-toggle").setAttribute("aria-expanded", String(!byId("more").hidden));
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const id = (event.target as HTMLElement).id;
    if (id === "unknown" || id === "sort" || (TEXT_KEYS as string[]).includes(id)) announce();
  });

  function refuse(errors: FieldError[]): FieldError[] {
    for (const old of form.querySelectorAll(".refused")) old.remove();
    for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
    return errors.filter(({ pointer, message }) => {
      const end = pointer.match(/^\/(pickup|delivery)(\/|$)/)?.[1];
      const id =
        POINTERS[pointer.replace(/\/(place|zip)$/, "")] ??
        (end && `${end}-${input(`${end}-kind`).value === "states" ? "states" : "place"}`);
      if (!id || (end && ["any", "drawn"].includes(input(`${end}-kind`).value))) return true;
      input(id).setAttribute("aria-invalid", "true");
      input(id)
        .closest(".field")
        ?.append(h("p", { class: "refused", role: "alert" }, message));
      return false;
    });
  }

  return {
    read() {
      const texts = Object.fromEntries(TEXT_KEYS.map((key) => [key, input(key).value]));
      return {
        ...(texts as Pick<Filters, (typeof TEXT_KEYS)[number]>),
        pickup: pickup.read(),
        delivery: delivery.read(),
        equipment: equipment.read(),
        unknown: byId<HTMLInputElement>("unknown").checked,
        sort: input("sort").value as Filters["sort"],
      };
    },
    write(filters) {
      for (const key of TEXT_KEYS) input(key).value = filters[key];
      pickup.write(filters.pickup);
      delivery.write(filters.delivery);
      equipment.write(filters.equipment);
      byId<HTMLInputElement>("unknown").checked = filters.unknown;
      input("sort").value = filters.sort;
      countMore();
    },
    refuse,
  };
}

/** Shows around the form what the filters make possible: clearing, sorts, and the heads of the columns. */
export function markFilters(filters: Filters): void {
  byId("clear").hidden =
    JSON.stringify(filters) === JSON.stringify({ ...noFilters(), sort: filters.sort });
  byId("pickup-any").textContent = tripOf(filters) ? "Along my road" : "Map view";
  byId("clear-area").hidden = filters.pickup.kind !== "drawn";
  byId<HTMLOptionElement>("by-distance").disabled = filters.pickup.kind !== "near";
  byId<HTMLOptionElement>("by-out-of-route").disabled = tripOf(filters) === null;
  byId<HTMLSelectElement>("sort").value = filters.sort;
  for (const head of document.querySelectorAll<HTMLElement>("th[data-sort]")) {
    const sorted = head.dataset["sort"] === filters.sort;
    const order = ["age", "pickup_time", "distance", "out_of_route"].includes(filters.sort)
      ? "ascending"
      : "descending";
    if (sorted) head.setAttribute("aria-sort", order);
    else head.removeAttribute("aria-sort");
  }
}
