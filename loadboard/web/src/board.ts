import * as api from "./api";
import { loadDetails } from "./details";
import { button, byId, debounce, h } from "./dom";
import { drawing } from "./draw";
import { areaWords, filterForm } from "./filters";
import { count, equipmentNames, first, loads as loadsText } from "./format";
import { showLegend } from "./legend";
import { loadList } from "./list";
import { boundsOf, circle, createMap } from "./map";
import { notice } from "./notice";
import { postDialog } from "./post";
import {
  type Area,
  type Camera,
  type Filters,
  noFilters,
  type Position,
  readState,
  type Sort,
  searchBody,
  type State,
  writeState,
} from "./state";
import { resolvePlace } from "./suggest";
import type { Equipment, Found, Hexes, Load, Me } from "./types";

const PAGE = 200;
// Up to so many loads are shown one by one; more are counted in hexagons.
const SINGLE = 600;
const MINUTE = 60_000;

const pointsOf = (load: Load): Position[] => load.stops.map((stop) => [stop.lon, stop.lat]);

/** The signed-in page: the map, the filters, the list and the details, kept in step with the address. */
export function showBoard(me: Me, equipment: Equipment[], signedOut: (why: string) => void): void {
  const names = equipmentNames(equipment);
  let state: State = readState(location.search);
  let found: Found = { items: [], total: 0, next_cursor: null };
  let body: Record<string, unknown> = {};
  let asked = new AbortController();
  let many = false;
  let resolution = 0;
  let extended = false;
  let retry = 0;
  let ticking = 0;
  let before: Camera | null = null;

  const form = filterForm(equipment, changed, () => pen.start("outline"));
  const list = loadList(names, {
    chosen: (load) => (details.shown() ? open(load, { push: false }) : map.showLane(load)),
    opened: (load, byKey) => open(load, { focus: byKey }),
    hovered: (load) => (load ? map.showLane(load) : map.showLane(details.shown(), true)),
  });
  const map = createMap(byId("map"), state.camera, {
    moved,
    chosen: (ids) => chooseOf(ids),
    ready: () => void arrive(),
  });
  const pen = drawing(map.map, (ring) => setArea({ kind: "drawn", ring }), showHint);
  const details = loadDetails(me, names, {
    route: (route) => map.showRoute(route),
    fit: (load, route) => {
      before ??= map.camera();
      map.fit(boundsOf((route?.geometry.coordinates as Position[] | undefined) ?? pointsOf(load)));
    },
    changed: () => void refresh(true),
    closed: () => close(),
    say: notice,
  });
  const post = postDialog(equipment, (load) => void posted(load));

  function save(push: boolean): void {
    const address = location.pathname + writeState(state);
    if (address === location.pathname + location.search) return;
    if (push) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }

  const ask = (more: object, signal: AbortSignal) =>
    api.search({ ...body, sort: state.filters.sort, limit: PAGE, ...more }, signal);

  /** Searches anew. What is shown stays until the answer is here; `keep` leaves the list where it is scrolled. */
  async function refresh(keep = false): Promise<void> {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    clearTimeout(retry);
    body = searchBody(state.filters, map.view());
    busy(true);
    try {
      resolution = map.resolution();
      const cells = () => api.hexes({ ...body, resolution }, signal);
      const early = many ? cells().catch(() => null) : null;
      const next = await ask({}, signal);
      while (next.next_cursor !== null && next.total <= SINGLE) {
        const page = await ask({ cursor: next.next_cursor }, signal);
        next.items.push(...page.items);
        next.next_cursor = page.next_cursor;
      }
      const hexes = next.next_cursor === null ? null : ((await early) ?? (await cells()));
      if (signal.aborted) return;
      show(next, hexes, keep);
      form.refuse([]);
      trouble(null);
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
    if (!signal.aborted) busy(false);
  }

  function show(next: Found, hexes: Hexes | null, keep: boolean): void {
    found = next;
    many = hexes !== null;
    extended = false;
    if (hexes) map.showHexes(hexes);
    else map.showLoads(found.items);
    showList();
    if (!keep) byId("scroll").scrollTop = 0;
  }

  function showList(): void {
    list.show(found.items, state.filters.pickup.kind === "near");
    byId("more-loads").hidden = found.next_cursor === null;
    byId("loads").hidden = found.total === 0;
    byId("empty").hidden = found.total > 0;
    void areaWords(state.filters.pickup).then((words) => {
      const shown = found.items.length < found.total ? `, ${count(found.items.length)} listed` : "";
      const text = `${loadsText(found.total)} ${words}${shown}`;
      if (byId("count").textContent !== text) byId("count").textContent = text;
      document.title = `${loadsText(found.total)} · Load board`;
    });
  }

  async function more(): Promise<void> {
    busy(true);
    try {
      const next = await ask({ cursor: found.next_cursor }, asked.signal);
      const at = found.items.length;
      found = { ...next, items: [...found.items, ...next.items] };
      extended = true;
      showList();
      list.select(found.items[at]?.id ?? null, true);
    } catch (error) {
      if (!asked.signal.aborted) failed(error);
    }
    busy(false);
  }

  function busy(is: boolean): void {
    byId("busy").hidden = !is;
    byId("loads").setAttribute("aria-busy", String(is));
  }

  function trouble(text: string | null): void {
    const place = byId("problem");
    place.hidden = text === null;
    if (text !== null)
      place.replaceChildren(
        text,
        button("Try again", {}, () => void refresh()),
      );
  }

  function failed(error: unknown): void {
    if (!(error instanceof api.Problem)) throw error;
    if (error.status === 401) {
      clearInterval(ticking);
      return signedOut("Your token is not valid, or no longer. Sign in again.");
    }
    if (error.status === 422) {
      const left = form.refuse(error.errors);
      return trouble(
        left.length || !error.errors.length ? (left[0]?.message ?? error.message) : null,
      );
    }
    trouble(`${error.message} What you see is the last answer.`);
    retry = window.setTimeout(() => void refresh(true), 10_000);
  }

  function changed(): void {
    const before = state.filters.pickup;
    state = { ...state, filters: form.read() };
    if (state.filters.sort === "distance" && state.filters.pickup.kind !== "near")
      state.filters.sort = "age";
    showFilters();
    save(true);
    if (JSON.stringify(before) !== JSON.stringify(state.filters.pickup)) void showArea(true);
    void refresh();
  }

  function showFilters(): void {
    const { filters } = state;
    byId("clear").hidden =
      JSON.stringify(filters) === JSON.stringify({ ...noFilters(), sort: filters.sort });
    byId("clear-area").hidden = filters.pickup.kind !== "drawn";
    byId<HTMLOptionElement>("by-distance").disabled = filters.pickup.kind !== "near";
    for (const head of document.querySelectorAll<HTMLElement>("th[data-sort]")) {
      const sorted = head.dataset["sort"] === filters.sort;
      const order = ["age", "pickup_time", "distance"].includes(filters.sort)
        ? "ascending"
        : "descending";
      if (sorted) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
  }

  async function showArea(fit: boolean): Promise<void> {
    const { pickup } = state.filters;
    const place = pickup.kind === "near" ? await resolvePlace(pickup.place) : null;
    if (pickup !== state.filters.pickup) return;
    map.showArea(pickup, place);
    if (fit && pickup.kind === "near" && place) map.fit(boundsOf(circle(place, pickup.miles)));
  }

  function setFilters(filters: Filters): void {
    form.write(filters);
    changed();
  }

  const setArea = (pickup: Area) => setFilters({ ...state.filters, pickup });

  function moved(quiet: boolean): void {
    if (!quiet) {
      before = null;
      state = { ...state, camera: map.camera() };
      save(false);
    }
    if (state.filters.pickup.kind === "any") {
      if (!quiet) refreshSoon();
    } else if (many && map.resolution() !== resolution) refreshSoon(true);
  }

  const refreshSoon = debounce((keep: boolean = false) => void refresh(keep), 180);

  function open(load: Load, { focus = false, push = true } = {}): void {
    state = { ...state, load: load.id };
    save(push);
    list.select(load.id);
    details.open(load, focus);
    map.showLane(load, true);
    map.uncover(load);
    document.body.classList.add("with-details");
  }

  function close(): void {
    const id = state.load;
    const inside = byId("details").contains(document.activeElement);
    state = { ...state, load: null };
    save(true);
    details.close();
    map.showLane(null);
    document.body.classList.remove("with-details");
    list.select(id, inside);
    if (before) map.jump(before);
    before = null;
  }

  /** Of the loads at one point, the next one with each click. */
  function chooseOf(ids: number[]): void {
    if (pen.active()) return;
    const at = ids.indexOf(state.load ?? -1);
    const load = found.items.find((one) => one.id === ids[(at + 1) % ids.length]);
    if (load) open(load);
    if (ids.length > 1)
      notice(
        `${((at + 1) % ids.length) + 1} of ${ids.length} loads from here. Click again for the next.`,
      );
  }

  async function posted(load: Load): Promise<void> {
    const [w, s, e, n] = map.view();
    const { lon, lat } = first(load);
    const seen = w <= lon && lon <= e && s <= lat && lat <= n;
    const arrived = map.map.once("moveend");
    if (!seen) map.fit(boundsOf(pointsOf(load)));
    if (!seen) await arrived;
    await refresh();
    open(load, { focus: true });
    const listed = found.items.some((one) => one.id === load.id);
    if (listed) notice(`${load.reference} is on the board.`);
    else
      notice(
        `${load.reference} is on the board, but your filters hide it.`,
        button("Clear filters", {}, () => setFilters(noFilters())),
      );
  }

  async function openAddressed(): Promise<void> {
    const id = state.load;
    if (id === null) return details.shown() ? close() : undefined;
    try {
      const load = found.items.find((one) => one.id === id) ?? (await api.load(id));
      if (state.load === id) open(load, { push: false });
    } catch (error) {
      if (error instanceof api.Problem && error.status === 401) return failed(error);
      notice("That load is not on the board any more.");
    }
  }

  async function arrive(): Promise<void> {
    form.write(state.filters);
    showFilters();
    void showArea(state.camera === null);
    await refresh();
    await openAddressed();
  }

  function back(): void {
    state = readState(location.search);
    form.write(state.filters);
    showFilters();
    map.jump(state.camera);
    void showArea(false);
    void refresh().then(openAddressed);
  }

  function showHint(text: string): void {
    byId("hint").textContent = text;
    byId("hint").hidden = !text;
  }

  function useView(): void {
    const [w, s, e, n] = map.view();
    setArea({
      kind: "drawn",
      ring: [
        [w, s],
        [e, s],
        [e, n],
        [w, n],
        [w, s],
      ],
    });
  }

  function showEmpty(): void {
    byId("empty").replaceChildren(
      h("p", {}, h("strong", {}, "No open loads match.")),
      h("p", {}, "Zoom out, widen the radius or the dates, or take a filter away."),
      button("Clear filters", {}, () => setFilters(noFilters())),
      button("Show the whole country", {}, () => {
        map.jump(null);
        moved(false);
      }),
    );
  }

  function sortBy(event: Event): void {
    const sort = (event.currentTarget as HTMLElement).dataset["sort"] as Sort;
    setFilters({ ...state.filters, sort });
  }

  function listen(): void {
    byId("draw-outline").addEventListener("click", () => pen.start("outline"));
    byId("draw-box").addEventListener("click", () => pen.start("box"));
    byId("use-view").addEventListener("click", useView);
    byId("clear-area").addEventListener("click", () => setArea({ kind: "any" }));
    byId("clear").addEventListener("click", () =>
      setFilters({ ...noFilters(), sort: state.filters.sort }),
    );
    byId("more-loads").addEventListener("click", () => void more());
    byId("post-open").addEventListener("click", () => post.open());
    byId("sort").addEventListener("change", changed);
    for (const head of document.querySelectorAll("th[data-sort]"))
      head.addEventListener("click", sortBy);
    byId("filters-toggle").addEventListener("click", () => {
      const shown = byId("panel").classList.toggle("filtering");
      byId("filters-toggle").setAttribute("aria-expanded", String(shown));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && details.shown() && !byId<HTMLDialogElement>("post").open)
        close();
    });
    window.addEventListener("popstate", back);
    window.addEventListener("online", () => void refresh(true));
    ticking = window.setInterval(() => {
      list.refreshAges();
      if (document.visibilityState === "visible" && !extended && !pen.active()) void refresh(true);
    }, MINUTE);
    api.whenWaiting((seconds) =>
      notice(`The service asks us to slow down; trying again in ${seconds} s.`),
    );
  }

  byId("post-open").hidden = !me.may_post;
  void api.roads().then(
    (roads) => map.showRoads(roads),
    () => notice("The freeways could not be loaded."),
  );
  showLegend();
  showEmpty();
  listen();
}
