import { type Board, showBoard } from "./board";
import { byId } from "./dom";
import { whenStale } from "./http";
import { countWaiting } from "./offers";
import { postDialog } from "./post";
import type { Equipment, Load, Me } from "./types";
import { addressOf, markView, type Shown, showNavigation, viewIn } from "./views";
import { VIEWS } from "./viewlist";

const REFRESH_MS = 15_000;

/** The signed-in page: its views by the address, with the search among them. */
export function showPage(me: Me, equipment: Equipment[]): void {
  const views = VIEWS.filter((view) => me.may.includes(view.action));
  const post = postDialog(me, equipment, posted);
  const edit = (load: Load) => post.open(load);
  let board: Board | null = null;
  let shown: Shown | null = null;
  // Where the search was left, to come back to.
  let searched = "/";

  function show(): void {
    const { name, item } = viewIn(location.search);
    const view = views.find((one) => one.name === name);
    shown = null;
    markView(view?.name ?? "search");
    byId("view").hidden = view === undefined;
    byId("board").classList.toggle("away", view !== undefined);
    byId("skip").setAttribute("href", view ? "#view" : "#rows");
    if (!view) showSearch();
    else {
      document.title = `${view.title} · Load board`;
      const opened = (now: number | null) => move(addressOf(view.name, now));
      shown = view.show({ me, equipment, place: byId("view"), item, opened, edit });
    }
  }

  function showSearch(): void {
    byId("board").hidden = false;
    if (board) board.arrive();
    else board = showBoard(me, equipment, edit);
  }

  function move(address: string): void {
    if (address !== location.pathname + location.search) history.pushState(null, "", address);
  }

  /** Follows a link to a view; the search is found as it was left. */
  function follow(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-view]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(link.pathname + link.search);
  }

  function go(address: string): void {
    if (viewIn(location.search).name === "search") searched = location.pathname + location.search;
    move(address === "/" ? searched : address);
    show();
  }

  function posted(load: Load, isNew: boolean): void {
    if (shown && !isNew) shown.refresh();
    else if (shown) go(addressOf("loads", load.id));
    else void board?.posted(load);
  }

  const count = () => void (me.may.includes("offer.read") && countWaiting(me));
  const searching = { name: "search", title: "Search" };
  showNavigation([searching, ...views]);
  document.addEventListener("click", follow);
  whenStale(() => void (shown ? shown.refresh() : board?.again()));
  byId("post-open").hidden = !me.may.includes("load.post");
  byId("post-open").addEventListener("click", () => post.open());
  window.addEventListener("popstate", show);
  window.setInterval(() => {
    if (document.visibilityState !== "visible" || document.querySelector("dialog[open]")) return;
    shown?.refresh();
    if (!shown) count();
  }, REFRESH_MS);
  count();
  show();
}
