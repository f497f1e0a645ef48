import "maplibre-gl/dist/maplibre-gl.css";
import {
  type GeoJSONSource,
  LngLatBounds,
  MapLibreMap,
  type MapMouseEvent,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import statesUrl from "us-atlas/states-10m.json?url";
import type { Area, Bounds, Position } from "./areas";
import { byId } from "./dom";
import { count, first, perMile } from "./format";
import { layers, NOTHING, type SourceName, sources } from "./layers";
import { calm, palette, whenThemeChanges } from "./palette";
import type { Camera } from "./state";
import townRows from "./towns.json";
import type { HexProperties, Hexes, Load, Place, Route } from "./types";

setWorkerUrl(workerUrl);

const COUNTRY: Bounds = [-125, 24.3, -66.5, 49.6];
const MILE_M = 1609.344;
const EARTH_M = 6_371_008.8;

export interface LoadMap {
  readonly map: MapLibreMap;
  view(): Bounds;
  camera(): Camera;
  resolution(): number;
  showHexes(hexes: Hexes): void;
  showLoads(loads: Load[]): void;
  showLane(load: Load | null, opened?: boolean): void;
  showRoute(route: Route | null): void;
  showArea(area: Area, place: Place | null): void;
  showTrip(line: GeoJSON.LineString | null): void;
  showRoads(roads: GeoJSON.FeatureCollection): void;
  jump(camera: Camera | null): void;
  fit(bounds: Bounds): void;
  uncover(load: Load): void;
}

interface Listeners {
  moved: (quiet: boolean) => void;
  chosen: (ids: number[]) => void;
  ready: () => void;
}

const point = (position: Position, properties: object): GeoJSON.Feature => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: position },
});
const line = (positions: Position[]): GeoJSON.Feature => ({
  type: "Feature",
  properties: {},
  geometry: { type: "LineString", coordinates: positions },
});
const polygon = (ring: Position[]): GeoJSON.Feature => ({
  type: "Feature",
  properties: {},
  geometry: { type: "Polygon", coordinates: [ring] },
});
const collection = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({
  type: "FeatureCollection",
  features,
});

export function boundsOf(positions: Position[]): Bounds {
  const box = positions.reduce((bounds, position) => bounds.extend(position), new LngLatBounds());
  return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
}

/** A circle for the eye: 72 points on a sphere. The service measures on the ellipsoid. */
export function circle({ lon, lat }: { lon: number; lat: number }, miles: number): Position[] {
  const [angle, rad] = [(miles * MILE_M) / EARTH_M, Math.PI / 180];
  return Array.from({ length: 73 }, (_, i): Position => {
    const bearing = (i % 72) * 5 * rad;
    const y = Math.asin(
      Math.sin(lat * rad) * Math.cos(angle) +
        Math.cos(lat * rad) * Math.sin(angle) * Math.cos(bearing),
    );
    const x = Math.atan2(
      Math.sin(bearing) * Math.sin(angle) * Math.cos(lat * rad),
      Math.cos(angle) - Math.sin(lat * rad) * Math.sin(y),
    );
    return [lon + x / rad, y / rad];
  });
}

const top = (element: HTMLElement): number =>
  element.hidden ? Infinity : element.getBoundingClientRect().top;

const median = (sorted: number[]): number | null =>
  sorted.length
    ? ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2
    : null;

/** One feature for all loads of one pickup point, so that none hides another. */
function grouped(loads: Load[]): GeoJSON.Feature[] {
  const groups = groupBy(loads, (load) => `${first(load).lon},${first(load).lat}`);
  return [...groups.values()].map((group) => {
    const rates = group.map((load) => load.rate_per_mile_cents).filter((rate) => rate !== null);
    const { lon, lat } = first(group[0] as Load);
    const properties = {
      ids: group.map((load) => load.id).join(),
      count: group.length,
      label: count(group.length),
    };
    return point([lon, lat], {
      ...properties,
      median_rate_per_mile_cents: median(rates.sort((a, b) => a - b)),
    });
  });
}

function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function hexLabel({ count: n, median_rate_per_mile_cents: cents }: HexProperties, roomy: boolean) {
  const short = n < 1000 ? count(n) : `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`;
  return roomy && cents !== null ? `${short}\n${perMile(cents)}` : short;
}

const towns = collection(
  (townRows as [string, number, number][]).map(([name, lon, lat], rank) =>
    point([lon, lat], { name, rank }),
  ),
);

async function states(): Promise<GeoJSON.FeatureCollection> {
  const atlas = (await (await fetch(statesUrl)).json()) as Topology<{ states: GeometryCollection }>;
  const shapes = feature(atlas, atlas.objects.states);
  // Codes from 60 on are the territories, which the board does not cover.
  return collection(shapes.features.filter((shape) => Number(shape.id) < 60));
}

export function createMap(
  container: HTMLElement,
  camera: Camera | null,
  listeners: Listeners,
): LoadMap {
  const start = camera
    ? { center: [camera.lon, camera.lat] as Position, zoom: camera.zoom }
    : { bounds: COUNTRY, fitBoundsOptions: { padding: 12 } };
  const map = new MapLibreMap({
    container,
    ...start,
    style: { version: 8, sources: sources(), layers: layers(palette()) },
    minZoom: 2,
    maxZoom: 13,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    renderWorldCopies: false,
    fadeDuration: calm() ? 0 : 150,
    attributionControl: { compact: false },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: "imperial" }), "bottom-left");
  map
    .getCanvas()
    .setAttribute("aria-label", "Map of loads. Arrow keys move it, plus and minus zoom.");

  // At resolution 3 a cell is 30 pixels wide at zoom 4; each finer one is 1/√7 as wide, which is 1.4 zoom levels.
  const fineness = () => Math.max(2, Math.min(7.99, (map.getZoom() - 4) / 1.404 + 3));
  let routed = false;
  let hexes: Hexes | null = null;
  const show = (name: SourceName, data: GeoJSON.GeoJSON) =>
    void map.getSource<GeoJSONSource>(name)?.setData(data);

  map.on("load", () => {
    show("towns", towns);
    void states().then((shapes) => show("states", shapes));
    listeners.ready();
  });
  for (const type of ["dataloading", "movestart"] as const)
    map.on(type, () => container.setAttribute("aria-busy", "true"));
  /** The count, and the median price under it where the cells are wide enough at this zoom. */
  function labelHexes(): void {
    if (!hexes) return;
    const roomy = fineness() % 1 > 0.25;
    const labelled = hexes.features.map((hex) => {
      return { ...hex, properties: { ...hex.properties, label: hexLabel(hex.properties, roomy) } };
    });
    show("hexes", collection(labelled));
  }

  map.on("zoomend", labelHexes);
  map.on("idle", () => container.setAttribute("aria-busy", "false"));
  map.on("moveend", (event) => listeners.moved((event as { quiet?: boolean }).quiet === true));
  map.on("click", "loads", (event) =>
    listeners.chosen(String(event.features?.[0]?.properties.ids).split(",").map(Number)),
  );
  map.on("click", "hexes", (event: MapMouseEvent & { features?: GeoJSON.Feature[] }) => {
    const shape = event.features?.[0]?.geometry as GeoJSON.Polygon | undefined;
    if (shape && !container.classList.contains("drawing"))
      map.fitBounds(boundsOf(shape.coordinates[0] as Position[]), { animate: !calm() });
  });
  for (const layer of ["loads", "hexes"]) {
    map.on("mouseenter", layer, () => container.classList.add("pointing"));
    map.on("mouseleave", layer, () => container.classList.remove("pointing"));
  }
  whenThemeChanges(() => {
    for (const layer of layers(palette())) {
      for (const [name, value] of Object.entries(layer.paint ?? {}))
        map.setPaintProperty(layer.id, name as never, value as never);
    }
  });

  return {
    map,
    view() {
      const box = map.getBounds();
      const clamp = (value: number, most: number) =>
        Number(Math.max(-most, Math.min(most, value)).toFixed(5));
      return [
        clamp(box.getWest(), 180),
        clamp(box.getSouth(), 90),
        clamp(box.getEast(), 180),
        clamp(box.getNorth(), 90),
      ];
    },
    camera: () => ({ lon: map.getCenter().lng, lat: map.getCenter().lat, zoom: map.getZoom() }),
    resolution: () => Math.floor(fineness()),
    showHexes(next) {
      hexes = next;
      labelHexes();
      show("loads", NOTHING);
    },
    showLoads(loads) {
      hexes = null;
      show("loads", collection(grouped(loads)));
      show("hexes", NOTHING);
    },
    // The load that is open has its road instead of a straight line, once that is known.
    showLane(load, opened = false) {
      const stops = load?.stops ?? [];
      show(
        "lane",
        stops.length && !(opened && routed)
          ? line(stops.map((stop) => [stop.lon, stop.lat]))
          : NOTHING,
      );
      show(
        "ends",
        collection(stops.map((stop) => point([stop.lon, stop.lat], { kind: stop.kind }))),
      );
    },
    showRoute(route) {
      routed = route !== null;
      show("route", route ?? NOTHING);
      if (routed) show("lane", NOTHING);
    },
    showArea(area, place) {
      if (area.kind === "drawn") show("area", polygon(area.ring));
      else if (area.kind === "near" && place) show("area", polygon(circle(place, area.miles)));
      else show("area", NOTHING);
    },
    showTrip: (line) => show("trip", line ?? NOTHING),
    showRoads: (roads) => show("roads", roads),
    jump(to) {
      if (to) map.jumpTo({ center: [to.lon, to.lat], zoom: to.zoom }, { quiet: true });
      else map.fitBounds(COUNTRY, { padding: 12, animate: false }, { quiet: true });
    },
    uncover(load) {
      const free = top(byId("details")) - container.getBoundingClientRect().top - 24;
      const { y } = map.project([first(load).lon, first(load).lat]);
      if (free > 24 && y > free && y < container.clientHeight)
        map.panBy([0, y - free], { animate: !calm() }, { quiet: true });
    },
    fit(bounds) {
      const covered = Math.max(0, container.getBoundingClientRect().bottom - top(byId("details")));
      map.fitBounds(
        bounds,
        {
          padding: { top: 64, left: 48, right: 48, bottom: 48 + covered },
          maxZoom: 9,
          animate: !calm(),
          duration: 600,
        },
        { quiet: true },
      );
    },
  };
}
