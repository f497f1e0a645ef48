import * as api from "./api";
import { placeQuery } from "./areas";
import { button, byId, h } from "./dom";
import { momentOf, refuseIn, unknownPlace } from "./fields";
import { resolvePlace, suggestPlaces } from "./suggest";
import type { Equipment, FieldError, Load, NewLoad, NewStop, Place } from "./types";
import { longZone, shortZone, toMoment } from "./zones";

interface StopFields {
  element: HTMLElement;
  kind: NewStop["kind"];
  read(pointer: string): Promise<{ stop: NewStop; errors: FieldError[] }>;
}

let made = 0;

function field(
  label: string,
  input: HTMLElement,
  pointer: string,
  ...more: HTMLElement[]
): HTMLElement {
  input.id ||= `post-${++made}`;
  input.dataset["pointer"] = pointer;
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, ...more);
}

function stopFields(kind: NewStop["kind"], required: boolean): StopFields {
  const place = h("input", {
    type: "text",
    required: true,
    placeholder: "Town, ST or ZIP code",
    maxlength: 100,
  });
  const from = h("input", { type: "datetime-local", required });
  const to = h("input", { type: "datetime-local", required });
  const hint = h(
    "p",
    { class: "hint", id: `post-zone-${++made}` },
    "Times are by the clock of the place.",
  );
  let zone: string | null = null;

  function tell(): void {
    const at = zone && from.value ? toMoment(from.value, zone) : null;
    hint.textContent = zone
      ? `Times are ${longZone(zone)}${at ? ` (${shortZone(zone, at)})` : ""}, ${zone}.`
      : "Times are by the clock of the place.";
  }

  const settle = (found: Place | null) => {
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
  );

  async function read(pointer: string): Promise<{ stop: NewStop; errors: FieldError[] }> {
    const stop: NewStop = { kind, ...placeQuery(place.value.trim()) };
    if (!from.value && !to.value) return { stop, errors: [] };
    if (!from.value || !to.value) {
      const missing = from.value ? "to" : "from";
      return {
        stop,
        errors: [
          { pointer: `${pointer}/window/${missing}`, message: "A window has both times, or none." },
        ],
      };
    }
    const at = zone ?? (await resolvePlace(place.value.trim()))?.zone;
    if (!at)
      return {
        stop,
        errors: [unknownPlace(`${pointer}/place`)],
      };
    const start = momentOf(from, at, `${pointer}/window/from`);
    const end = momentOf(to, at, `${pointer}/window/to`);
    return {
      stop: { ...stop, window: { from: start.at, to: end.at } },
      errors: [...start.errors, ...end.errors],
    };
  }

  return { element, kind, read };
}

/** The dialog that posts a load; `posted` gets it as the service took it. */
export function postDialog(equipment: Equipment[], posted: (load: Load) => void): { open(): void } {
  const dialog = byId<HTMLDialogElement>("post");
  const form = byId<HTMLFormElement>("post-form");
  const places = byId("post-stops");
  const input = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const number = (name: string, times = 1) =>
    input(name).value === "" ? null : Math.round(Number(input(name).value) * times);
  const submit = byId<HTMLButtonElement>("post-submit");
  let stops: StopFields[] = [];
  byId("post-equipment").replaceChildren(
    ...equipment.map(({ code, name }) => h("option", { value: code }, name)),
  );

  function showStops(): void {
    places.replaceChildren(...stops.map((stop) => stop.element));
    stops.forEach(({ element }, i) => {
      for (const one of element.querySelectorAll<HTMLElement>("[data-pointer]")) {
        const end = one.dataset["pointer"]?.replace(/^\/stops\/\d+\//, "");
        one.dataset["pointer"] = `/stops/${i}/${end}`;
      }
    });
  }

  function addStop(): void {
    const extra = stopFields("delivery", false);
    extra.element.append(
      button("Remove this stop", { class: "link" }, () => {
        stops = stops.filter((stop) => stop !== extra);
        showStops();
      }),
    );
    stops.splice(stops.length - 1, 0, extra);
    showStops();
    extra.element.querySelector("input")?.focus();
  }

  const refuse = (errors: FieldError[], general: string) =>
    refuseIn(form, byId("post-problem"), errors, general);

  async function read(): Promise<{ load: NewLoad; errors: FieldError[] }> {
    const each = await Promise.all(stops.map((stop, i) => stop.read(`/stops/${i}`)));
    const load: NewLoad = {
      reference: input("reference").value.trim(),
      equipment: input("equipment").value,
      full: input("full").value === "yes",
      hazmat: input("hazmat").checked,
      weight_lb: number("weight"),
      length_ft: number("length"),
      commodity: input("commodity").value.trim() || null,
      rate_cents: number("rate", 100),
      posted_miles: number("miles"),
      stops: each.map(({ stop }) => stop),
    };
    return { load, errors: each.flatMap(({ errors }) => errors) };
  }

  async function send(): Promise<void> {
    byId("post-problem").textContent = "";
    submit.disabled = true;
    try {
      const { load, errors } = await read();
      if (errors.length) return refuse(errors, "");
      const taken = await api.postLoad(load);
      dialog.close();
      posted(taken);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      refuse(error.errors, error.message);
    } finally {
      submit.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  byId("post-add-stop").addEventListener("click", addStop);
  for (const one of dialog.querySelectorAll(".dismiss"))
    one.addEventListener("click", () => dialog.close());

  return {
    open() {
      form.reset();
      stops = [stopFields("pickup", true), stopFields("delivery", false)];
      showStops();
      refuse([], "");
      dialog.showModal();
      input("reference").focus();
    },
  };
}
