export interface Page<T> {
  items: T[];
  total: number;
  next_cursor: string | null;
}

export interface Party {
  id: number;
  name: string;
}

export interface Me {
  email: string | null;
  organization: { id: number; name: string; kind: string };
  role: string;
  may: string[];
}

export interface Equipment {
  code: string;
  name: string;
  aliases: string[];
}

export interface Place {
  label: string;
  name: string;
  state: string;
  lat: number;
  lon: number;
  zone: string;
}

export interface Window {
  from: string;
  to: string;
}

export interface Stop {
  kind: "pickup" | "delivery";
  place: string | null;
  zip: string | null;
  town: string | null;
  lat: number;
  lon: number;
  state: string | null;
  zone: string;
  window: Window | null;
}

export interface Load {
  id: number;
  version: number;
  status: string;
  reference: string;
  organization: Party;
  equipment: string;
  full: boolean;
  weight_lb: number | null;
  length_ft: number | null;
  hazmat: boolean;
  commodity: string | null;
  rate_cents: number | null;
  rate_per_mile_cents: number | null;
  posted_miles: number | null;
  loaded_miles: number;
  miles_estimated: "road" | "great_circle";
  sample: boolean;
  expires_at: string | null;
  first_posted_at: string;
  confirmed_at: string;
  stops: Stop[];
  distance_mi?: number | null;
  out_of_route_mi?: number | null;
  along_mi?: [pickup: number, delivery: number] | null;
  instant?: Instant;
  flags?: string[];
  /** How the poster's postings of the last 90 days ended. */
  record?: Record90 | null;
  cancel_reason?: string | null;
  /** These three are told to the poster alone. */
  audience?: Audience | null;
  contact?: Contact | null;
  addresses?: (string | null)[] | null;
}

export type Instant = "nobody" | "networks" | "everyone";
export type Audience = "everyone" | { networks: number[]; carriers: number[] };

export interface Contact {
  name: string | null;
  phone: string | null;
  email: string | null;
}

export interface Record90 {
  posted: number;
  booked_here: number;
  cancelled_or_elsewhere: number;
  expired_unconfirmed: number;
}

/** The road that a search goes along. */
export interface Road {
  trip_mi: number;
  line: GeoJSON.LineString;
}

export interface Found {
  items: Load[];
  total: number;
  next_cursor: string | null;
  along?: Road | null;
}

export interface Term {
  name: string;
  cents: number;
  quantity: number;
  unit: string;
}

export interface Step {
  kind: "drive" | "wait" | "break" | "rest" | "restart" | "load" | "unload";
  from: string;
  to: string;
  miles: number;
}

export interface Match {
  load: Load;
  /** Null where no rate is given. */
  worth_cents: number | null;
  terms: Term[];
  plan: Step[];
  deadhead_mi: number;
  out_of_route_mi: number | null;
  sentence: string;
}

export interface Relaxation {
  rule: string;
  from: number;
  to: number;
  gains: number;
}

export interface Matches {
  items: Match[];
  refused: Record<string, number>;
  relax: Relaxation | null;
}

export interface HexProperties {
  cell: string;
  count: number;
  median_rate_per_mile_cents: number | null;
}

export type Hexes = GeoJSON.FeatureCollection<GeoJSON.Polygon, HexProperties> & { total: number };
export type Route = GeoJSON.Feature<GeoJSON.LineString, { miles: number; estimated: boolean }>;

export interface NewStop {
  kind: "pickup" | "delivery";
  place?: string;
  zip?: string;
  window?: Window;
  address?: string;
}

export interface NewLoad {
  reference: string;
  equipment: string;
  full: boolean;
  hazmat: boolean;
  weight_lb: number | null;
  length_ft: number | null;
  commodity: string | null;
  rate_cents: number | null;
  posted_miles: number | null;
  audience: Audience;
  instant: Instant;
  contact: Contact | null;
  stops: NewStop[];
}

export interface FieldError {
  pointer: string;
  message: string;
}
