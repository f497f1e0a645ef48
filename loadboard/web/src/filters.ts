import { byId, h } from "./dom";
import type { Area, Choice, Filters, Position } from "./state";
import { resolvePlace, suggestPlaces } from "./suggest";
import type { Equipment, FieldError } from "./types";
import { HERE, longZone } from "./zones";

export interface FilterForm {
  read(): Filters;
  write(filters: Filters): void;
  refuse(errors: FieldError[]): FieldError[];
}

const TEXTS = [
  "earliest",
  "latest",
  "full",
  "hazmat",
  "maxWeight",
  "maxLength",
  "minRate",
  "minPerMile",
  "maxAge",
] as const;
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
  "/pickup_window/from": "earliest",
  "/pickup_window/to": "latest",
  "/max_weight_lb": "maxWeight",
  "/max_length_ft": "maxLength",
  "/min_rate_cents": "minRate",
  "/min_rate_per_mile_cents": "minPerMile",
  "/max_age_minutes": "maxAge",
};

interface AreaField {
  read(): Area;
  write(area: Area): void;
}

function areaField(end: "pickup" | "delivery", changed: () => void, draw: () => void): AreaField {
  const kind = byId<HTMLSelectElement>(`${end}-kind`);
  const place = byId<HTMLInputElement>(`${end}-place`);
  const miles = byId<HTMLInputElement>(`${end}-miles`);
  const states = byId<HTMLInputElement>(`${end}-states`);
  let ring: Position[] = [];
  const show = () => {
    byId(`${end}-near`).hidden = kind.value !== "near";
    states.hidden = kind.value !== "states";
  };
  place.after(suggestPlaces(place, (found) => found && changed()));
  kind.addEventListener("change", () => {
    show();
    if (kind.value === "near") place.focus();
    else if (kind.value === "states") states.focus();
    else if (kind.value === "drawn") draw();
    changed();
  });
  for (const input of [place, miles, states]) input.addEventListener("change", changed);
  const named = () =>
    (states.value.toUpperCase().match(/\b[A-Z]{2}\b/g) ?? []).filter(
      (one, i, all) => all.indexOf(one) === i,
    );
  return {
    read() {
      if (kind.value === "near" && place.value.trim())
        return { kind: "near", place: place.value.trim(), miles: Number(miles.value) || 100 };
      if (kind.value === "states" && named().length) return { kind: "states", states: named() };
      return kind.value === "drawn" && ring.length ? { kind: "drawn", ring } : { kind: "any" };
    },
    write(area) {
      kind.value = area.kind;
      if (area.kind === "near") [place.value, miles.value] = [area.place, String(area.miles)];
      if (area.kind === "states") states.value = area.states.join(", ");
      if (area.kind === "drawn") ring = area.ring;
      show();
    },
  };
}

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
  byId("dates-zone").textContent = `Pickup dates, ${longZone(HERE)}`;
  byId("more-toggle").addEventListener("click", () => {
    byId("more").hidden = !byId("more").hidden;
    byId("more-toggle").setAttribute("aria-expanded", String(!byId("more").hidden));
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const id = (event.target as HTMLElement).id;
    if (id === "unknown" || id === "sort" || (TEXTS as readonly string[]).includes(id)) announce();
  });

  function refuse(errors: FieldError[]): FieldError[] {
    for (const old of form.querySelectorAll(".refused")) old.remove();
    for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
    return errors.filter(({ pointer, message }) => {
      const end = pointer.match(/^\/(pickup|delivery)(\/|$)/)?.[1];
      const id =
        POINTERS[pointer] ??
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
      const texts = Object.fromEntries(TEXTS.map((key) => [key, input(key).value]));
      const chosen = {
        ...texts,
        full: input("full").value as Choice,
        hazmat: input("hazmat").value as Choice,
      };
      return {
        ...(chosen as Pick<Filters, (typeof TEXTS)[number]>),
        pickup: pickup.read(),
        delivery: delivery.read(),
        equipment: equipment.read(),
        unknown: byId<HTMLInputElement>("unknown").checked,
        sort: input("sort").value as Filters["sort"],
      };
    },
    write(filters) {
      for (const key of TEXTS) input(key).value = filters[key];
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

/** What the search covers, in words. */
export async function areaWords(area: Area): Promise<string> {
  if (area.kind === "near")
    return `within ${area.miles} mi of ${(await resolvePlace(area.place))?.label ?? area.place}`;
  if (area.kind === "states") return `from ${area.states.join(", ")}`;
  return area.kind === "drawn" ? "in the drawn area" : "in the map view";
}
