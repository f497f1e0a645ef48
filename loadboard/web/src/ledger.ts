import { button, type Child, h } from "./dom";
import { Problem } from "./http";
import { gridRows } from "./rows";
import type { Page } from "./types";

export interface Column<T> {
  name: string;
  title: string;
  number?: boolean;
  cell: (item: T) => Child;
}

interface Options<T extends { id: number }> {
  label: string;
  columns: Column<T>[];
  page: (cursor: string | null) => Promise<Page<T>>;
  empty: string;
  opened: (item: T, byKey: boolean) => void;
}

export interface Ledger<T> {
  element: HTMLElement;
  /** Asks anew; the answer replaces what is shown, and the focus stays on its row. */
  refresh(): Promise<void>;
  select(id: number | null, focus?: boolean): void;
  items(): T[];
}

/** A table of what the service lists, page by page, that is gone through by arrow keys. */
export function ledger<T extends { id: number }>(options: Options<T>): Ledger<T> {
  const { columns, label, empty, opened } = options;
  const body = h("tbody", { role: "rowgroup" });
  const said = h("p", { class: "said", role: "status" }, "Loading…");
  const more = button("Load more", { hidden: true }, () => void read(items, cursor, 0));
  let items: T[] = [];
  let selected: number | null = null;
  let cursor: string | null = null;
  let asked = 0;

  const place = () => items.findIndex(({ id }) => id === selected);
  const rows = gridRows(body, {
    moved: (at) => select(items[at]?.id ?? null, true),
    opened: (at, byKey) => {
      const item = items[at] as T;
      select(item.id);
      opened(item, byKey);
    },
  });

  const cells = (item: T) =>
    columns.map(({ name, number, cell, title }) => {
      const shown = cell(item);
      const attributes = {
        role: "gridcell",
        class: number ? `${name} number` : name,
        title: typeof shown === "string" ? shown : null,
        "data-title": title,
      };
      return h("td", attributes, shown);
    });

  function show(): void {
    const focused = rows.focused();
    body.replaceChildren(
      ...items.map((item) =>
        h("tr", { role: "row", tabindex: "-1", "data-id": item.id }, ...cells(item)),
      ),
    );
    rows.mark(place());
    if (focused >= 0) rows.focus(Math.min(focused, items.length - 1), { preventScroll: true });
    said.textContent = items.length ? "" : empty;
    more.hidden = cursor === null;
  }

  /** Asks for so many items at the least, after those of `known`; a later question makes an earlier one void. */
  async function read(known: T[], from: string | null, least: number): Promise<void> {
    const mine = ++asked;
    try {
      let page = await options.page(from);
      const found = [...known, ...page.items];
      while (page.next_cursor !== null && found.length < least) {
        page = await options.page(page.next_cursor);
        found.push(...page.items);
      }
      if (mine !== asked) return;
      [items, cursor] = [found, page.next_cursor];
      show();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      said.textContent = error.message;
    }
  }

  function select(id: number | null, focus = false): void {
    selected = id;
    rows.mark(place());
    if (focus) rows.focus(place());
  }

  const heads = columns.map(({ name, title, number }) =>
    h("th", { role: "columnheader", scope: "col", class: number ? `${name} number` : name }, title),
  );
  const table = h(
    "table",
    { role: "grid", "aria-label": `${label}. Arrow keys move, Enter opens.`, class: "ledger" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads)),
    body,
  );
  return {
    element: h("div", { class: "listing" }, table, said, more),
    refresh: () => read([], null, items.length),
    select,
    items: () => items,
  };
}
