import { placeQuery } from "./areas";
import { h } from "./dom";
import { field, momentOf, unknownPlace } from "./fields";
import { placeName } from "./format";
import { resolvePlace, suggestPlaces } from "./suggest";
import type { FieldError, NewStop, Place, Stop, Window } from "./types";
import { longZone, shortZone, toLocal, toMoment } from "./zones";

export interface StopFields {
  element: HTMLElement;
  kind: NewStop["kind"];
  read(pointer: string): Promise<{ stop: NewStop; errors: FieldError[] }>;
  write(stop: Stop, address: string | null): void;
}

let made = 0;

/** The fields of one stop, in a form that posts a load. */
export function stopFields(kind: NewStop["kind"], required: boolean): StopFields {
  const place = h("input", {
    type: "text",
    required: true,
    placeholder: "Town, ST or ZIP code",
    maxlength: 100,
  });
  const from = h("input", { type: "datetime-local", required });
  const to = h("input", { type: "datetime-local", required });
  const address = h("input", { type: "text", maxlength: 300, autocomplete: "off" });
  const hint = h(
    "p",
    { class: "hint", id: `post-zone-${++made}` },
    "Times are by the clock of the place.",
  );
  let zone: string | null = null;
  // To the second, as long as its minutes stay as they are.
  let window: { from: string; to: string; posted: Window } | null = null;
  // Where the stop was posted at, as long as its name stays as it is.
  let at: { lat: number; lon: number } | null = null;

  function tell(): void {
    const at = zone && from.value ? toMoment(from.value, zone) : null;
    hint.textContent = zone
      ? `Times are ${longZone(zone)}${at ? ` (${shortZone(zone, at)})` : ""}, ${zone}.`
      : "Times are by the clock of the place.";
  }

  const settle = (found: Place | null) => {
    at = window = null;
    zone = found?.zone ?? null;
    tell();
  };
  const options = suggestPlaces(place, settle);
  place.addEventListener("change", () => void resolvePlace(place.value.trim()).then(settle));
  from.addEventListener("change", () => {
    to.min = from.value;
    tell();
  });
  for (const input of [from, to]) input.setAttribute("aria-describedby", hint.id);
  const title = kind === "pickup" ? "Pickup" : "Delivery";
  const element = h(
    "fieldset",
    { class: "stop" },
    h("legend", {}, title),
    field("Place", place, "place", options),
    field(required ? "From" : "From (optional)", from, "window/from"),
    field(required ? "Until" : "Until (optional)", to, "window/to"),
    hint,
    h(
      "div",
      { class: "street" },
      field("Street, told with the contact alone (optional)", address, "address"),
    ),
  );

  async function read(pointer: string): Promise<{ stop: NewStop; errors: FieldError[] }> {
    const street = address.value.trim();
    const stop: NewStop = {
      kind,
      ...(at ?? placeQuery(place.value.trim())),
      ...(street ? { address: street } : {}),
    };
    if (!from.value && !to.value) return { stop, errors: [] };
    if (window && window.from === from.value && window.to === to.value)
      return { stop: { ...stop, window: window.posted }, errors: [] };
    if (!from.value || !to.value) {
      const missing = from.value ? "to" : "from";
      return {
        stop,
        errors: [
          { pointer: `${pointer}/window/${missing}`, message: "A window has both times, or none." },
        ],
      };
    }
    const clock = zone ?? (await resolvePlace(place.value.trim()))?.zone;
    if (!clock)
      return {
        stop,
        errors: [unknownPlace(`${pointer}/place`)],
      };
    const start = momentOf(from, clock, `${pointer}/window/from`);
    const end = momentOf(to, clock, `${pointer}/window/to`);
    return {
      stop: { ...stop, window: { from: start.at, to: end.at } },
      errors: [...start.errors, ...end.errors],
    };
  }

  function write(stop: Stop, street: string | null): void {
    place.value = stop.place ?? stop.zip ?? placeName(stop);
    if (stop.place === null && stop.zip === null) at = { lat: stop.lat, lon: stop.lon };
    zone = stop.zone;
    address.value = street ?? "";
    if (stop.window) {
      from.value = toLocal(Date.parse(stop.window.from), zone);
      to.value = toLocal(Date.parse(stop.window.to), zone);
      window = { from: from.value, to: to.value, posted: stop.window };
    }
    tell();
  }

  return { element, kind, read, write };
}
