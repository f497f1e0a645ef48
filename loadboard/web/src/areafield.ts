import type { Area, Position } from "./areas";
import { byId } from "./dom";
import { suggestPlaces } from "./suggest";

export interface AreaField {
  read(): Area;
  write(area: Area): void;
}

/** The fields of an area, whose ids begin with `end`. */
export function areaField(
  end: string,
  changed: () => void = () => {},
  draw: () => void = () => {},
): AreaField {
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
