import { type Attributes, type Child, h } from "./dom";
import type { FieldError } from "./types";
import { toMoment, toUtc } from "./zones";

let made = 0;

/** An input under its label; what the service says of `pointer` is said here. */
export function field(
  label: string,
  input: HTMLElement,
  pointer: string,
  ...more: Child[]
): HTMLElement {
  input.id ||= `field-${++made}`;
  input.dataset["pointer"] = pointer;
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, ...more);
}

/** A select of [value, what is shown]. */
export function choices(
  options: readonly (readonly [string, string])[],
  value = "",
  attributes: Attributes = {},
): HTMLSelectElement {
  const each = options.map(([key, text]) =>
    h("option", { value: key, selected: key === value }, text),
  );
  return h("select", attributes, ...each);
}

export const money = (cents: number | null, attributes: Attributes = {}): HTMLInputElement =>
  h("input", {
    type: "number",
    min: 1,
    step: "0.01",
    inputmode: "decimal",
    value: cents === null ? "" : cents / 100,
    ...attributes,
  });

export const centsOf = (input: HTMLInputElement): number | null =>
  input.value === "" ? null : Math.round(Number(input.value) * 100);

/** The moment of a datetime-local input in a zone, or why there is none. */
export function momentOf(
  input: HTMLInputElement,
  zone: string,
  pointer: string,
): { at: string; errors: FieldError[] } {
  const found = toMoment(input.value, zone);
  if (found !== null) return { at: toUtc(found), errors: [] };
  const message = `The clocks in ${zone} go forward over this time: it does not exist on that day.`;
  return { at: "", errors: [{ pointer, message }] };
}

export const unknownPlace = (pointer: string): FieldError => ({
  pointer,
  message: "No such place is known. Choose one of the list.",
});

function inputOf(inputs: HTMLInputElement[], pointer: string): HTMLInputElement | undefined {
  const pointerOf = (one: HTMLInputElement) => one.dataset["pointer"] as string;
  return (
    inputs.find((one) => pointerOf(one) === pointer) ??
    inputs.find((one) => pointer.split("/").length > 2 && pointerOf(one).startsWith(pointer)) ??
    inputs.find((one) => pointer.startsWith(`${pointerOf(one)}/`))
  );
}

/** Says each error at the input that it points to (`data-pointer`), and in `place` what points to none. */
export function refuseIn(
  form: HTMLFormElement,
  place: HTMLElement,
  errors: FieldError[],
  general: string,
): void {
  for (const old of form.querySelectorAll(".field .refused")) old.remove();
  for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
  const inputs = [...form.querySelectorAll<HTMLInputElement>("[data-pointer]")];
  const left: string[] = errors.length ? [] : [general];
  for (const { pointer: said, message } of errors) {
    const pointer = said.replace(/\/(zip|lat|lon)$/, "/place");
    const at = inputOf(inputs, pointer);
    if (!at) left.push(`${pointer} ${message}`.trim());
    else if (at.getAttribute("aria-invalid") !== "true") {
      at.setAttribute("aria-invalid", "true");
      at.closest(".field")?.append(h("p", { class: "refused", role: "alert" }, message));
    }
  }
  place.textContent = left.join(" ");
  form.querySelector<HTMLElement>("[aria-invalid]")?.focus();
}
