import type { Child } from "./dom";
import { Problem } from "./http";
import { type Column, ledger } from "./ledger";
import { notice } from "./notice";
import { pane, tabs } from "./pane";
import type { Page } from "./types";
import type { Context } from "./views";

interface Options<T extends { id: number }> {
  title: string;
  empty: string;
  columns: Column<T>[];
  /** Parts of the list: what is asked for, and its name. The first is shown first. */
  which?: readonly (readonly [value: string, text: string])[];
  tools?: Child[];
  page: (which: string, cursor: string | null) => Promise<Page<T>>;
  /** How an item is now; without it, as the list has it. */
  one?: (id: number) => Promise<T>;
  heading: (item: T) => string;
  sheet: (item: T) => Child[];
  /** What else is to be known before the list is shown. */
  before?: () => Promise<unknown>;
}

export interface Browser<T> {
  refresh(): void;
  /** Shows how an item is now. */
  show(item: T): void;
  /** Shows anew what is open, whether or not it has changed itself. */
  again(): void;
  /** What was open is gone. */
  close(): void;
}

/** A view of a list and of what is open of it, kept in step with the address and with the service. */
export function browse<T extends { id: number }>(
  context: Context,
  options: Options<T>,
): Browser<T> {
  const { title, empty, columns, which = [], tools = [], heading, sheet, before } = options;
  let part = which[0]?.[0] ?? "";
  let openId = context.item;
  let shown = "";

  const list = ledger<T>({
    label: title,
    columns,
    page: (cursor) => options.page(part, cursor),
    empty,
    opened: (item, byKey) => {
      open(item);
      if (byKey) view.focus();
    },
  });
  const choice = tabs(`Which of ${title}`, which, part, (value) => {
    part = value;
    void list.refresh();
  });
  const view = pane(context, title, [which.length ? choice : null, ...tools], list.element, () => {
    list.select(openId, true);
    openId = null;
    context.opened(null);
  });

  function open(item: T): void {
    openId = item.id;
    context.opened(item.id);
    list.select(item.id);
    fill(item);
    void look();
  }

  function fill(item: T): void {
    shown = JSON.stringify(item);
    view.fill(heading(item), ...sheet(item));
  }

  /** Shows what is open as it is now, unless it is shown so already. */
  async function look(): Promise<void> {
    const id = openId;
    if (id === null) return;
    try {
      const listed = list.items().find((one) => one.id === id);
      const item = options.one ? await options.one(id) : listed;
      if (item && id === openId && JSON.stringify(item) !== shown) fill(item);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404) notice("That is not here.");
    }
  }

  async function refresh(): Promise<void> {
    await before?.();
    await list.refresh();
    list.select(openId);
    await look();
  }

  void refresh();
  return {
    refresh: () => void refresh(),
    close() {
      openId = null;
      view.close();
      context.opened(null);
      void refresh();
    },
    show(item) {
      if (item.id !== openId) context.opened(item.id);
      openId = item.id;
      fill(item);
      void refresh();
    },
    again() {
      shown = "";
      void refresh();
    },
  };
}
