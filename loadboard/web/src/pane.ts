import { button, type Child, h } from "./dom";
import type { Context } from "./views";

export interface Pane {
  /** Shows what is open, beside the list. */
  fill(title: string, ...children: Child[]): void;
  focus(): void;
  close(): void;
}

let made = 0;

/** A view: its title and tools, a list, and beside it what is open of the list. */
export function pane(
  { place }: Context,
  title: string,
  tools: Child[],
  listing: HTMLElement,
  closed: () => void,
): Pane {
  const id = `sheet-${++made}`;
  const sheet = h("aside", { class: "sheet", tabindex: "-1", hidden: true, "aria-labelledby": id });
  place.replaceChildren(
    h("header", {}, h("h2", {}, title), ...tools),
    h("div", { class: "split" }, listing, sheet),
  );

  function leave(): void {
    sheet.hidden = true;
    closed();
  }

  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  });

  return {
    fill(heading, ...children) {
      const inside = sheet.contains(document.activeElement);
      const close = button("×", { class: "close", "aria-label": "Close details" }, leave);
      sheet.replaceChildren(h("header", {}, h("h2", { id }, heading), close), ...spread(children));
      sheet.hidden = false;
      if (inside) sheet.focus();
    },
    focus: () => sheet.focus(),
    close: () => {
      sheet.hidden = true;
    },
  };
}

const spread = (children: Child[]) => children.filter((child): child is Node | string => !!child);

/** Buttons of which one is pressed: which part of a list is shown. */
export function tabs(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  choose: (value: string) => void,
): HTMLElement {
  const buttons = options.map(([value, text]) =>
    button(text, { "aria-pressed": String(value === chosen) }, () => {
      buttons.forEach((one, i) =>
        one.setAttribute("aria-pressed", String(options[i]?.[0] === value)),
      );
      choose(value);
    }),
  );
  return h("div", { class: "tabs", role: "group", "aria-label": label }, ...buttons);
}

export const chip = (status: string, text = status.replaceAll("_", " ")): HTMLElement =>
  h("span", { class: "chip", "data-status": status }, text);

const isLong = (value: Child) => typeof value === "string" && value.length > 34;

/** Facts under their names; what is not known is left out. */
export function facts(known: [name: string, value: Child][]): HTMLElement {
  const given = known.filter(([, value]) => value);
  return h(
    "dl",
    { class: "facts" },
    ...given.map(([name, value]) =>
      h("div", { class: isLong(value) && "wide" }, h("dt", {}, name), h("dd", {}, value)),
    ),
  );
}

export const section = (title: string, ...children: Child[]): HTMLElement =>
  h("section", {}, h("h3", {}, title), ...children);

/** What can be done, in a row; nothing where nothing can. */
export const actionRow = (...actions: HTMLElement[]): Child =>
  actions.length ? h("div", { class: "actions" }, ...actions) : null;
