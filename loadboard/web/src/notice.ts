import { type Attributes, button, byId } from "./dom";
import { Problem } from "./http";

let timer = 0;

/** A word at the foot of the page that goes away by itself. */
export function notice(text: string, ...more: HTMLElement[]): void {
  const place = byId("notice");
  place.replaceChildren(text, ...more);
  place.hidden = false;
  clearTimeout(timer);
  timer = window.setTimeout(() => (place.hidden = true), more.length ? 12_000 : 5_000);
}

/** For what was tried in passing: what the service says against it becomes a notice. */
export function say(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
  notice(error.message);
}

/** A button that does something at once, without a dialog. */
export function doing(
  text: string,
  attributes: Attributes,
  act: () => Promise<void>,
): HTMLButtonElement {
  const element = button(text, attributes, () => {
    element.disabled = true;
    void act()
      .catch(say)
      .finally(() => (element.disabled = false));
  });
  return element;
}
