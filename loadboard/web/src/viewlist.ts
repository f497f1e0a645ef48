import { blocksView } from "./blocks";
import { bookingsView } from "./bookings";
import { myLoadsView } from "./myloads";
import { networksView } from "./networks";
import { offersView } from "./offers";
import { organizationsView } from "./organizations";
import { peopleView } from "./people";
import type { View } from "./views";

/** The views beside the search, in the order of the head bar. */
export const VIEWS: View[] = [
  myLoadsView,
  offersView,
  bookingsView,
  networksView,
  blocksView,
  organizationsView,
  peopleView,
];
