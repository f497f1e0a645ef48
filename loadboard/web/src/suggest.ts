import * as api from "./api";
import { debounce, h } from "./dom";
import type { Place } from "./types";

let lists = 0;

/** Makes a text input a combobox of towns and ZIP codes; `chosen` gets null when the text is free again. */
export function suggestPlaces(
  input: HTMLInputElement,
  chosen: (place: Place | null) => void,
): HTMLElement {
  const list = h("ul", {
    id: `places-${++lists}`,
    role: "listbox",
    class: "suggestions",
    hidden: true,
    "aria-label": "Suggestions",
  });
  let found: Place[] = [];
  let active = -1;
  let asked = new AbortController();
  const attributes = {
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  function close(): void {
    asked.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(place: Place): void {
    input.value = place.label;
    close();
    chosen(place);
  }

  function mark(index: number): void {
    active = index;
    [...list.children].forEach((option, i) =>
      option.setAttribute("aria-selected", String(i === index)),
    );
    const option = list.children[index];
    if (option) input.setAttribute("aria-activedescendant", option.id);
    option?.scrollIntoView({ block: "nearest" });
  }

  function open(places: Place[]): void {
    found = places;
    list.replaceChildren(
      ...places.map((place, i) => {
        const option = h("li", { role: "option", id: `${list.id}-${i}` }, place.label);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          choose(place);
        });
        return option;
      }),
    );
    list.hidden = !places.length;
    input.setAttribute("aria-expanded", String(places.length > 0));
    mark(places.length ? 0 : -1);
  }

  const ask = debounce(async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const text = input.value.trim();
    if (text.length < 2) return close();
    const places = await api.places(text, 8, signal).catch(() => []);
    if (!signal.aborted && document.activeElement === input) open(places);
  }, 120);

  input.addEventListener("input", () => {
    chosen(null);
    ask();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark((active + step + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(found[active] as Place);
    else if (event.key === "Escape") close();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  });
  return list;
}

const known = new Map<string, Promise<Place | null>>();

/** The place that a label stands for, for the eye: its point and its zone. */
export function resolvePlace(label: string): Promise<Place | null> {
  const asked =
    known.get(label) ??
    api.places(label, 1).then(
      (places) => places[0] ?? null,
      () => null,
    );
  known.set(label, asked);
  return asked;
}
