import * as api from "./api";
import { audienceFields } from "./audience";
import { button, byId, h } from "./dom";
import { refuseIn } from "./fields";
import { type Intent, intent } from "./http";
import { stopFields, type StopFields } from "./poststops";
import type { Contact, Equipment, FieldError, Load, Me, NewLoad, Stop } from "./types";

const TEXTS = { reference: "reference", commodity: "commodity" } as const;

/** Without what is meant anyway. */
function asUsual({ audience, instant, contact, ...load }: NewLoad): Partial<NewLoad> {
  return {
    ...load,
    ...(audience === "everyone" ? {} : { audience }),
    ...(instant === "nobody" ? {} : { instant }),
    ...(contact ? { contact } : {}),
  };
}

interface PostDialog {
  /** Asks for a new load, or for what is to be changed of one. */
  open(load?: Load): void;
}

/** The dialog that posts and changes loads; `posted` gets a load as the service took it. */
export function postDialog(
  me: Me,
  equipment: Equipment[],
  posted: (load: Load, isNew: boolean) => void,
): PostDialog {
  const dialog = byId<HTMLDialogElement>("post");
  const form = byId<HTMLFormElement>("post-form");
  const places = byId("post-stops");
  const input = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const text = (name: string) => input(name).value.trim() || null;
  const number = (name: string, times = 1) =>
    input(name).value === "" ? null : Math.round(Number(input(name).value) * times);
  const submit = byId<HTMLButtonElement>("post-submit");
  const audience = audienceFields(me);
  let stops: StopFields[] = [];
  let changing: Load | null = null;
  let meant: Intent = intent();
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

  function extraStop(kind: Stop["kind"]): StopFields {
    const extra = stopFields(kind, false);
    extra.element.append(
      button("Remove this stop", { class: "link" }, () => {
        stops = stops.filter((stop) => stop !== extra);
        showStops();
      }),
    );
    return extra;
  }

  function addStop(): void {
    const extra = extraStop("delivery");
    stops.splice(stops.length - 1, 0, extra);
    showStops();
    extra.element.querySelector("input")?.focus();
  }

  function writeStops(load?: Load): void {
    const all = load?.stops ?? [];
    const between = all.slice(1, -1).map(({ kind }) => extraStop(kind));
    stops = [stopFields("pickup", true), ...between, stopFields("delivery", false)];
    all.forEach((stop, i) => stops[i]?.write(stop, load?.addresses?.[i] ?? null));
    showStops();
  }

  function write(load: Load): void {
    for (const [name, key] of Object.entries(TEXTS)) input(name).value = load[key] ?? "";
    const numbers: [string, number | null][] = [
      ["rate", load.rate_cents === null ? null : load.rate_cents / 100],
      ["weight", load.weight_lb],
      ["length", load.length_ft],
      ["miles", load.posted_miles],
    ];
    for (const [name, value] of numbers) input(name).value = value === null ? "" : String(value);
    input("equipment").value = load.equipment;
    input("full").value = load.full ? "yes" : "no";
    input("hazmat").checked = load.hazmat;
    input("instant").value = load.instant ?? "nobody";
    input("contactName").value = load.contact?.name ?? "";
    input("contactPhone").value = load.contact?.phone ?? "";
    input("contactEmail").value = load.contact?.email ?? "";
  }

  const refuse = (errors: FieldError[], general: string) =>
    refuseIn(form, byId("post-problem"), errors, general);

  function contact(): Contact | null {
    const said = {
      name: text("contactName"),
      phone: text("contactPhone"),
      email: text("contactEmail"),
    };
    return said.name || said.phone || said.email ? said : null;
  }

  async function read(): Promise<{ load: NewLoad; errors: FieldError[] }> {
    const each = await Promise.all(stops.map((stop, i) => stop.read(`/stops/${i}`)));
    const load: NewLoad = {
      reference: input("reference").value.trim(),
      equipment: input("equipment").value,
      full: input("full").value === "yes",
      hazmat: input("hazmat").checked,
      weight_lb: number("weight"),
      length_ft: number("length"),
      commodity: text("commodity"),
      rate_cents: number("rate", 100),
      posted_miles: number("miles"),
      audience: audience.read(),
      instant: input("instant").value as NewLoad["instant"],
      contact: contact(),
      stops: each.map(({ stop }) => stop),
    };
    return { load, errors: each.flatMap(({ errors }) => errors) };
  }

  function save(load: NewLoad): Promise<Load> {
    if (!changing) return api.postLoad(asUsual(load), meant);
    // The reference is what the load is known by, and stays.
    const { reference: _, ...rest } = load;
    return api.changeLoad(changing.id, changing.version, rest);
  }

  async function send(): Promise<void> {
    byId("post-problem").textContent = "";
    submit.disabled = true;
    try {
      const { load, errors } = await read();
      if (errors.length) return refuse(errors, "");
      const taken = await save(load);
      dialog.close();
      posted(taken, changing === null);
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
    open(load) {
      form.reset();
      changing = load ?? null;
      meant = intent();
      byId("post-title").textContent = load ? `Change ${load.reference}` : "Post a load";
      submit.textContent = load ? "Save changes" : "Post load";
      input("reference").disabled = load !== undefined;
      writeStops(load);
      if (load) write(load);
      audience.write(load?.audience ?? "everyone");
      refuse([], "");
      dialog.showModal();
      input(load ? "rate" : "reference").focus();
    },
  };
}
