export interface Rows {
  /** Marks the row that is chosen: the one that Tab comes to. */
  mark(at: number): void;
  focus(at: number, options?: FocusOptions): void;
  focused(): number;
  all(): HTMLTableRowElement[];
}

interface Listeners {
  /** The row was gone to by arrow keys. */
  moved: (at: number) => void;
  opened: (at: number, byKey: boolean) => void;
}

/** Makes the rows of a table a grid: arrow keys move, Enter and a click open. */
export function gridRows(body: HTMLElement, { moved, opened }: Listeners): Rows {
  const all = () => [...body.children] as HTMLTableRowElement[];
  const focused = () => all().indexOf(document.activeElement as HTMLTableRowElement);

  function key(event: KeyboardEvent): void {
    const at = focused();
    if (at < 0) return;
    const last = body.children.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    if (to !== undefined) moved(Math.max(0, Math.min(last, to)));
    else if (event.key === "Enter" || event.key === " ") opened(at, true);
    else return;
    event.preventDefault();
  }

  body.addEventListener("keydown", key);
  body.addEventListener("click", (event) => {
    const row = (event.target as HTMLElement).closest("tr");
    if (row) opened(all().indexOf(row), false);
  });

  return {
    mark(chosen) {
      all().forEach((row, i) => {
        row.tabIndex = i === Math.max(0, chosen) ? 0 : -1;
        row.setAttribute("aria-selected", String(i === chosen));
      });
    },
    focus: (at, options) => (all()[at] ?? all()[0])?.focus(options),
    focused,
    all,
  };
}
