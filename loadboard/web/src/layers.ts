import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { RATE_STEPS, type Palette } from "./palette";

export const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const FONT = ["Segoe UI,Roboto,Helvetica Neue,Arial"];
const BOLD = ["Arial Bold,Roboto,Helvetica Neue,Arial"];

const CREDITS: Record<string, string> = {
  states: "States: US Census Bureau",
  roads: "Freeways: US DOT",
  towns: '<a href="https://www.geonames.org/">GeoNames</a> (CC BY 4.0)',
};

export const SOURCES = [
  "states",
  "roads",
  "towns",
  "area",
  "trip",
  "hexes",
  "loads",
  "lane",
  "route",
  "ends",
  "sketch",
] as const;
export type SourceName = (typeof SOURCES)[number];

export function sources(): Record<string, SourceSpecification> {
  const source = (name: string): SourceSpecification => ({
    type: "geojson",
    data: NOTHING,
    attribution: CREDITS[name] ?? "",
  });
  return Object.fromEntries(SOURCES.map((name) => [name, source(name)]));
}

function byRate(property: string, colours: string[], unknown: string): ExpressionSpecification {
  const steps = RATE_STEPS.flatMap((from, i) => [from, colours[i + 1] as string]);
  return [
    "case",
    ["==", ["get", property], null],
    unknown,
    ["step", ["get", property], colours[0] as string, ...steps],
  ] as ExpressionSpecification;
}

const MEDIAN = "median_rate_per_mile_cents";

function basemap(p: Palette): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": p.sea } },
    { id: "land", type: "fill", source: "states", paint: { "fill-color": p.land } },
    {
      id: "roads",
      type: "line",
      source: "roads",
      layout: { "line-join": "round" },
      paint: {
        "line-color": p.road,
        "line-width": ["interpolate", ["linear"], ["zoom"], 3, 0.6, 7, 1.6, 11, 3],
      },
    },
  ];
}

function area(p: Palette): LayerSpecification[] {
  return [
    {
      id: "area",
      type: "fill",
      source: "area",
      paint: { "fill-color": p.accent, "fill-opacity": 0.06 },
    },
    {
      id: "area-edge",
      type: "line",
      source: "area",
      paint: { "line-color": p.accent, "line-width": 1.5, "line-dasharray": [3, 2] },
    },
  ];
}

function trip(p: Palette): LayerSpecification[] {
  return [
    {
      id: "trip",
      type: "line",
      source: "trip",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.trip, "line-width": 5, "line-opacity": 0.55 },
    },
  ];
}

function market(p: Palette): LayerSpecification[] {
  return [
    {
      id: "hexes",
      type: "fill",
      source: "hexes",
      paint: { "fill-color": byRate(MEDIAN, p.rates, p.unknown), "fill-opacity": 0.86 },
    },
    {
      id: "hex-edges",
      type: "line",
      source: "hexes",
      paint: { "line-color": p.land, "line-width": 1 },
    },
    {
      id: "borders",
      type: "line",
      source: "states",
      paint: { "line-color": p.border, "line-width": 0.8, "line-opacity": 0.7 },
    },
    {
      id: "loads",
      type: "circle",
      source: "loads",
      paint: {
        "circle-color": byRate(MEDIAN, p.rates, p.unknown),
        "circle-radius": ["step", ["get", "count"], 6, 2, 9, 10, 11, 50, 13],
        "circle-stroke-color": p.edge,
        "circle-stroke-width": 1,
      },
    },
  ];
}

function chosen(p: Palette): LayerSpecification[] {
  return [
    {
      id: "lane",
      type: "line",
      source: "lane",
      layout: { "line-cap": "round" },
      paint: { "line-color": p.accent, "line-width": 2, "line-dasharray": [2, 2] },
    },
    {
      id: "route",
      type: "line",
      source: "route",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.accent, "line-width": 3.5 },
    },
  ];
}

function labels(p: Palette): LayerSpecification[] {
  const solid: ExpressionSpecification = ["==", ["get", "kind"], "pickup"];
  return [
    {
      id: "towns",
      type: "symbol",
      source: "towns",
      filter: [
        "<=",
        ["get", "rank"],
        ["step", ["zoom"], 25, 4, 50, 5, 120, 6, 350, 7, 800, 8, 5000],
      ],
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 3, 10.5, 8, 13],
        "symbol-sort-key": ["get", "rank"],
        "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": 0.6,
        "text-padding": 4,
      },
      paint: { "text-color": p.town, "text-halo-color": p.halo, "text-halo-width": 1.6 },
    },
    {
      id: "hex-counts",
      type: "symbol",
      source: "hexes",
      layout: {
        "text-field": ["get", "label"],
        "text-font": BOLD,
        "text-size": 11,
        "text-line-height": 1.15,
        "text-padding": 0,
      },
      paint: { "text-color": byRate(MEDIAN, p.onRates, p.onRates[2] as string) },
    },
    {
      id: "load-counts",
      type: "symbol",
      source: "loads",
      filter: [">", ["get", "count"], 1],
      layout: {
        "text-field": ["get", "label"],
        "text-font": BOLD,
        "text-size": 11,
        "text-padding": 0,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": byRate(MEDIAN, p.onRates, p.onRates[2] as string) },
    },
    {
      id: "ends",
      type: "circle",
      source: "ends",
      paint: {
        "circle-radius": 7,
        "circle-color": ["case", solid, p.accent, p.ring],
        "circle-stroke-color": ["case", solid, p.ring, p.accent],
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "sketch",
      type: "line",
      source: "sketch",
      paint: { "line-color": p.accent, "line-width": 2 },
    },
    {
      id: "sketch-points",
      type: "circle",
      source: "sketch",
      paint: {
        "circle-color": p.accent,
        "circle-radius": 4,
        "circle-stroke-color": p.ring,
        "circle-stroke-width": 1.5,
      },
    },
  ];
}

export const layers = (p: Palette): LayerSpecification[] => [
  ...basemap(p),
  ...area(p),
  ...trip(p),
  ...market(p),
  ...chosen(p),
  ...labels(p),
];
