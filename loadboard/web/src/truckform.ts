import type { Problem } from "./api";
import { areaField } from "./areafield";
import { byId, h } from "./dom";
import { momentOf, refuseIn, unknownPlace } from "./fields";
import { resolvePlace, suggestPlaces } from "./suggest";
import type { Truck } from "./truck";
import type { Equipment, FieldError } from "./types";
import { toLocal } from "./zones";

const TEXTS = ["at", "equipment", "deadhead", "driveLeft", "windowLeft"] as const;

export interface TruckDialog {
  open(truck: Truck | null, refusal?: Problem): void;
}

/** The dialog that asks for a truck; `chosen` gets it, and loads are ranked for it. */
export function truckDialog(equipment: Equipment[], chosen: (truck: Truck) => void): TruckDialog {
  const dialog = byId<HTMLDialogElement>("truck");
  const form = byId<HTMLFormElement>("truck-form");
  const input = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const [at, freeFrom, to] = [input("at"), input("freeFrom"), areaField("truck-to")];
  const refuse = (errors: FieldError[], general: string) =>
    refuseIn(form, byId("truck-problem"), errors, general);
  at.after(suggestPlaces(at, () => {}));
  byId("truck-equipment").replaceChildren(
    ...equipment.map(({ code, name }) => h("option", { value: code }, name)),
  );

  async function freeMoment(): Promise<{ at: string; errors: FieldError[] }> {
    if (!freeFrom.value) return { at: "", errors: [] };
    const zone = (await resolvePlace(at.value.trim()))?.zone;
    if (!zone) return { at: "", errors: [unknownPlace("/truck/at/place")] };
    return momentOf(freeFrom, zone, "/truck/free_from");
  }

  async function send(): Promise<void> {
    const free = await freeMoment();
    if (free.errors.length) return refuse(free.errors, "");
    const texts = Object.fromEntries(TEXTS.map((name) => [name, input(name).value.trim()]));
    dialog.close();
    chosen({
      ...(texts as Pick<Truck, (typeof TEXTS)[number]>),
      freeFrom: free.at,
      to: to.read(),
    });
  }

  async function write(truck: Truck): Promise<void> {
    for (const name of TEXTS) input(name).value = truck[name];
    to.write(truck.to);
    if (!truck.freeFrom) return;
    const zone = (await resolvePlace(truck.at))?.zone;
    if (zone) freeFrom.value = toLocal(Date.parse(truck.freeFrom), zone);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  for (const one of dialog.querySelectorAll(".dismiss"))
    one.addEventListener("click", () => dialog.close());

  return {
    open(truck, refusal) {
      form.reset();
      to.write({ kind: "any" });
      if (truck) void write(truck);
      if (!dialog.open) dialog.showModal();
      at.focus();
      refuse(refusal?.errors ?? [], refusal?.message ?? "");
    },
  };
}
