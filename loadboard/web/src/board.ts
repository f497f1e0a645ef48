import * as api from "./api";
import type { Area, Position } from "./areas";
import { type Answer, bestFor, NO_ANSWER, type Search, searchFor } from "./asking";
import { loadDetails } from "./details";
import { button, byId, debounce } from "./dom";
import { boxOf, drawing } from "./draw";
import { filterForm, markFilters } from "./filters";
import { equipmentNames, first } from "./format";
import { showLegend } from "./legend";
import { loadList } from "./list";
import { boundsOf, circle, createMap } from "./map";
import { notice } from "./notice";
import { measuredOf, resultsIn } from "./results";
import {
  type Camera,
  endsOf,
  type Filters,
  noFilters,
  possibleSort,
  readState,
  type Sort,
  type State,
  tripOf,
  writeState,
} from "./state";
import { resolvePlace } from "./suggest";
import type { Truck } from "./truck";
import { truckDialog } from "./truckform";
import type { Equipment, Load, Me } from "./types";

const MINUTE = 60_000;
const NO_AREA: Area = { kind: "any" };

const pointsOf = (load: Load): Position[] => load.stops.map((stop) => [stop.lon, stop.lat]);

export interface Board {
  /** Follows the address, after the search was away or the address has changed. */
  arrive(): void;
  /** Shows a load that was posted or changed just now. */
  posted(load: Load): Promise<void>;
  /** Asks again for what is shown. */
  again(): Promise<void>;
}

/** The search: the map, the filters, the list and the details, kept in step with the address. */
export function showBoard(me: Me, equipment: Equipment[], edit: (load: Load) => void): Board {
  const names = equipmentNames(equipment);
  const isCarrier = me.organization.kind === "carrier";
  let state: State = readState(location.search, isCarrier);
  let found: Answer = NO_ANSWER;
  let search: Search;
  let asked = new AbortController();
  let resolution = 0;
  let extended = false;
  let retry = 0;
  let before: Camera | null = null;
  let fitted: string | null = null;

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
    edit,
    closed: () => close(),
    say: notice,
    measured: (load) => measuredOf(found, load),
  });
  const truckForm = truckDialog(equipment, setTruck);
  const showResults = resultsIn(list, names, {
    clear: () => setFilters(noFilters()),
    showCountry,
    changeTruck: () => truckForm.open(state.truck),
  });

  function save(push: boolean): void {
    const address = location.pathname + writeState(state);
    if (address === location.pathname + location.search) return;
    if (push) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }

  /** Asks anew. What is shown stays until the answer is here; `keep` leaves the list where it is scrolled. */
  async function refresh(keep = false): Promise<void> {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    clearTimeout(retry);
    search = searchFor(state.filters, map.view());
    resolution = map.resolution();
    busy(true);
    try {
      const next = state.truck
        ? await bestFor(state.truck, signal)
        : await search.first(resolution, found.hexes !== null, signal);
      if (signal.aborted) return;
      show(next, keep);
      form.refuse([]);
      trouble(null);
    } catch (error) {
      if (!signal.aborted) failed(error, keep);
    }
    if (!signal.aborted) busy(false);
  }

  function show(next: Answer, keep: boolean): void {
    found = next;
    extended = false;
    showFound();
    map.showTrip(found.along?.line ?? null);
    fitOnce();
    if (!keep) byId("scroll").scrollTop = 0;
  }

  function showFound(): void {
    if (found.hexes) map.showHexes(found.hexes);
    else map.showLoads(found.items);
    showResults(found, state);
  }

  /** Brings a new road, or where a truck's best loads begin, into view, unless the view was chosen. */
  function fitOnce(): void {
    const about = state.truck ? JSON.stringify(state.truck) : endsOf(state.filters);
    if (about === fitted) return;
    fitted = about;
    const starts = state.truck ? found.items.map((load) => pointsOf(load)[0] as Position) : [];
    const seen = (found.along?.line.coordinates as Position[] | undefined) ?? starts;
    if (state.camera === null && seen.length) map.fit(boundsOf(seen));
  }

  async function more(): Promise<void> {
    busy(true);
    try {
      const next = await search.next(found.next_cursor as string, asked.signal);
      const at = found.items.length;
      found = { ...found, ...next, items: [...found.items, ...next.items] };
      extended = true;
      showFound();
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

  function failed(error: unknown, keep = false): void {
    if (!(error instanceof api.Problem)) throw error;
    if (found === NO_ANSWER) byId("count").textContent = "No answer yet";
    if (error.status === 401) return;
    if (error.status === 422 && state.truck) {
      if (!keep) truckForm.open(state.truck, error);
      return trouble(error.message);
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
    const old = state.filters;
    const filters = form.read();
    // A field that is left after a choice from its list says so once more.
    if (JSON.stringify(filters) === JSON.stringify(old)) return;
    const ends = endsOf(filters);
    if (ends && !endsOf(old)) filters.sort = "out_of_route";
    filters.sort = possibleSort(filters);
    // Another road is brought into view.
    const camera = ends && ends !== endsOf(old) ? null : state.camera;
    state = { ...state, filters, camera };
    showFilters();
    save(true);
    if (JSON.stringify(old.pickup) !== JSON.stringify(filters.pickup)) void showArea(true);
    void refresh();
  }

  function setTruck(truck: Truck | null): void {
    if (details.shown()) close();
    state = { ...state, truck, load: null, camera: truck ? null : state.camera };
    showFilters();
    save(true);
    void showArea(false);
    void refresh();
  }

  function showFilters(): void {
    document.body.classList.toggle("for-truck", state.truck !== null);
    markFilters(state.filters);
  }

  const areaShown = (): Area => (state.truck ? NO_AREA : state.filters.pickup);

  async function showArea(fit: boolean): Promise<void> {
    const area = areaShown();
    const place = area.kind === "near" ? await resolvePlace(area.place) : null;
    if (area !== areaShown()) return;
    map.showArea(area, place);
    const seen = area.kind === "near" && place ? circle(place, area.miles) : null;
    if (fit && seen && !tripOf(state.filters)) map.fit(boundsOf(seen));
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
    if (state.truck || tripOf(state.filters)) return;
    if (state.filters.pickup.kind === "any") {
      if (!quiet) refreshSoon();
    } else if (found.hexes && map.resolution() !== resolution) refreshSoon(true);
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
      if (error instanceof api.Problem && error.status === 401) return;
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
    state = readState(location.search, isCarrier);
    form.write(state.filters);
    showFilters();
    fitted = null;
    if (state.camera || !(state.truck || tripOf(state.filters))) map.jump(state.camera);
    void showArea(false);
    void refresh().then(openAddressed);
  }

  const shown = () =>
    document.visibilityState === "visible" && !byId("board").classList.contains("away");

  function showHint(text: string): void {
    byId("hint").textContent = text;
    byId("hint").hidden = !text;
  }

  function useView(): void {
    const [w, s, e, n] = map.view();
    setArea({ kind: "drawn", ring: boxOf([w, s], [e, n]) });
  }

  function showCountry(): void {
    map.jump(null);
    moved(false);
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
    byId("truck-open").addEventListener("click", () => truckForm.open(state.truck));
    byId("truck-change").addEventListener("click", () => truckForm.open(state.truck));
    byId("truck-leave").addEventListener("click", () => setTruck(null));
    byId("sort").addEventListener("change", changed);
    for (const head of document.querySelectorAll("th[data-sort]"))
      head.addEventListener("click", sortBy);
    byId("filters-toggle").addEventListener("click", () => {
      const shown = byId("panel").classList.toggle("filtering");
      byId("filters-toggle").setAttribute("aria-expanded", String(shown));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.shown() || !shown()) return;
      if (!document.querySelector("dialog[open]")) close();
    });
    window.addEventListener("online", () => void refresh(true));
    window.setInterval(() => {
      list.refreshAges();
      if (shown() && !extended && !pen.active()) void refresh(true);
    }, MINUTE);
    api.whenWaiting((seconds) =>
      notice(`The service asks us to slow down; trying again in ${seconds} s.`),
    );
  }

  byId("truck-open").hidden = !isCarrier;
  void api.roads().then(
    (roads) => map.showRoads(roads),
    () => notice("The freeways could not be loaded."),
  );
  showLegend();
  listen();
  const again = () => refresh(true).then(openAddressed);
  return { arrive: back, posted, again };
}
