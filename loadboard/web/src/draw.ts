import type { GeoJSONSource, MapLibreMap, MapMouseEvent } from "maplibre-gl";
import type { Position } from "./areas";
import { NOTHING } from "./layers";

export type Shape = "outline" | "box";

export interface Drawing {
  start(shape: Shape): void;
  stop(): void;
  active(): boolean;
}

const HINTS: Record<Shape, string> = {
  outline:
    "Click the corners of the area. Enter or a double click closes it, Backspace takes back, Escape stops.",
  box: "Drag from one corner of the box to the other. Escape stops.",
};

const rounded = ({ lng, lat }: { lng: number; lat: number }): Position => [
  Number(lng.toFixed(4)),
  Number(lat.toFixed(4)),
];
export const boxOf = ([w, s]: Position, [e, n]: Position): Position[] => [
  [w, s],
  [e, s],
  [e, n],
  [w, n],
  [w, s],
];

/** Lets an area be drawn on the map; `done` gets its closed ring, `tell` what to do next. */
export function drawing(
  map: MapLibreMap,
  done: (ring: Position[]) => void,
  tell: (hint: string) => void,
): Drawing {
  const container = map.getContainer();
  let shape: Shape | null = null;
  let corners: Position[] = [];
  let origin: Position | null = null;

  const sketch = (positions: Position[]) => {
    const points = corners.map((at): GeoJSON.Feature => ({
      type: "Feature",
      properties: {},
      geometry: { type: "Point", coordinates: at },
    }));
    const edge: GeoJSON.Feature = {
      type: "Feature",
      properties: {},
      geometry: { type: "LineString", coordinates: positions },
    };
    const data: GeoJSON.FeatureCollection =
      positions.length > 1
        ? { type: "FeatureCollection", features: [edge, ...points] }
        : { type: "FeatureCollection", features: points };
    map.getSource<GeoJSONSource>("sketch")?.setData(data);
  };

  function stop(): void {
    shape = origin = null;
    corners = [];
    map.getSource<GeoJSONSource>("sketch")?.setData(NOTHING);
    container.classList.remove("drawing");
    map.dragPan.enable();
    map.doubleClickZoom.enable();
    tell("");
  }

  function finish(ring: Position[]): void {
    stop();
    done(ring);
  }

  function close(): void {
    if (corners.length >= 3) finish([...corners, corners[0] as Position]);
    else tell("An area needs three corners at least.");
  }

  function corner(event: MapMouseEvent): void {
    if (shape !== "outline") return;
    const previous = corners.at(-1);
    if (previous && map.project(previous).dist(event.point) < 4) return;
    const start = corners[0];
    if (corners.length >= 3 && start && map.project(start).dist(event.point) < 10) return close();
    corners.push(rounded(event.lngLat));
    sketch(corners);
  }

  function positionOf(event: PointerEvent): Position {
    const frame = container.getBoundingClientRect();
    return rounded(map.unproject([event.clientX - frame.left, event.clientY - frame.top]));
  }

  function drag(event: PointerEvent): void {
    if (shape !== "box") return;
    const here = positionOf(event);
    if (event.type === "pointerdown") origin = here;
    if (!origin) return;
    if (event.type !== "pointerup") return sketch(boxOf(origin, here));
    const [w, e] = [origin[0], here[0]].sort((a, b) => a - b) as Position;
    const [s, n] = [origin[1], here[1]].sort((a, b) => a - b) as Position;
    origin = null;
    if (w < e && s < n) finish(boxOf([w, s], [e, n]));
  }

  function key(event: KeyboardEvent): void {
    if (!shape) return;
    if (event.key === "Escape") stop();
    else if (event.key === "Enter" && shape === "outline" && corners.length) close();
    else if (event.key === "Backspace" && corners.pop()) sketch(corners);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  map.on("click", corner);
  map.on("dblclick", () => shape === "outline" && close());
  map.on(
    "mousemove",
    (event) => shape === "outline" && corners.length && sketch([...corners, rounded(event.lngLat)]),
  );
  for (const type of ["pointerdown", "pointermove", "pointerup"] as const)
    map.getCanvas().addEventListener(type, drag);
  document.addEventListener("keydown", key, true);

  return {
    start(wanted) {
      stop();
      shape = wanted;
      container.classList.add("drawing");
      map.doubleClickZoom.disable();
      if (wanted === "box") map.dragPan.disable();
      tell(HINTS[wanted]);
    },
    stop,
    active: () => shape !== null,
  };
}
