import { byId } from "./dom";

let timer = 0;

/** A word at the foot of the page that goes away by itself. */
export function notice(text: string, ...more: HTMLElement[]): void {
  const place = byId("notice");
  place.replaceChildren(text, ...more);
  place.hidden = false;
  clearTimeout(timer);
  timer = window.setTimeout(() => (place.hidden = true), more.length ? 12_000 : 5_000);
}
