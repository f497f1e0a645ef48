import { byId, type Child, h } from "./dom";
import type { Equipment, Load, Me } from "./types";

/** What a view is given to work with. */
export interface Context {
  me: Me;
  equipment: Equipment[];
  place: HTMLElement;
  /** What is open in the view, by the address. */
  item: number | null;
  /** Notes in the address what is open now. */
  opened(item: number | null): void;
  /** Opens the form that changes a load. */
  edit(load: Load): void;
}

/** A view that is shown: what to do from time to time. */
export interface Shown {
  refresh(): void;
}

export interface View {
  name: string;
  title: string;
  /** Shown to whoever may do this. */
  action: string;
  show(context: Context): Shown;
}

export function addressOf(view: string, item: number | null = null): string {
  if (view === "search") return item === null ? "/" : `/?load=${item}`;
  return `/?view=${view}${item === null ? "" : `&item=${item}`}`;
}

export function viewIn(address: string): { name: string; item: number | null } {
  const query = new URLSearchParams(address);
  return { name: query.get("view") ?? "search", item: Number(query.get("item")) || null };
}

/** A link to a view, which the page follows without loading anew. */
export const viewLink = (view: string, item: number | null, ...text: Child[]): HTMLAnchorElement =>
  h("a", { href: addressOf(view, item), "data-view": view }, ...text);

export function showNavigation(views: { name: string; title: string }[]): void {
  const links = views.map(({ name, title }) =>
    viewLink(name, null, title, h("span", { class: "waiting", hidden: true })),
  );
  byId("views").replaceChildren(...links);
  byId("views").hidden = links.length < 2;
}

export function markView(name: string): void {
  for (const link of byId("views").querySelectorAll<HTMLElement>("a"))
    if (link.dataset["view"] === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
}

/** How much waits in a view, beside its name. */
export function markWaiting(name: string, n: number): void {
  const mark = byId("views").querySelector<HTMLElement>(`[data-view="${name}"] .waiting`);
  if (!mark) return;
  mark.hidden = n === 0;
  mark.textContent = String(n);
  mark.title = `${n} waiting for your answer`;
}
