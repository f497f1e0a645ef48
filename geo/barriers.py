"""Water that only bridges, tunnels and long ways round get over, as lines drawn down its middle.

Drawn by hand, coarsely, lon/lat in degrees. An end on land or at a bridge is where the way round
passes; an end far out at sea makes that way longer than the road. Lines that share a coordinate
are closed there. The border with Canada is drawn where a road estimate could be tempted across.
"""

Line = tuple[tuple[float, float], ...]

# Where lines meet.
_HURON = (-83.5, 45.83)
_SUPERIOR = (-87.6, 47.6)
_MICHIGAN_NORTH = (-86.35, 45.45)
_MICHIGAN_EAST = (-85.75, 45.6)
_LAKE_HURON = (-82.6, 44.6)
_ERIE_WEST = (-83.08, 41.87)
_CHESAPEAKE = (-76.17, 37.88)
_PAMLICO = (-76.3, 35.1)
_PUGET = (-122.45, 47.93)
_SAN_PABLO = (-122.42, 38.05)
_GOLDEN_GATE = (-122.4, 37.83)

BORDER = "the border through the Great Lakes, the Saint Lawrence, and around Maine"

BARRIERS: dict[str, Line] = {
    BORDER: (
        (-92.12, 46.72),
        (-91.2, 47.0),
        (-90.0, 47.4),
        _SUPERIOR,
        (-86.0, 47.3),
        (-84.85, 46.75),
        (-84.6, 46.5),
        (-84.33, 46.508),
        (-84.11, 46.5),
        (-84.1, 46.2),
        (-83.85, 46.0),
        _HURON,
        _LAKE_HURON,
        (-82.4, 43.4),
        (-82.412, 42.99),
        (-82.41, 42.96),
        (-82.472, 42.8),
        (-82.515, 42.62),
        (-82.75, 42.42),
        (-83.06, 42.315),
        (-83.13, 42.1),
        _ERIE_WEST,
        (-82.4, 41.68),
        (-81.3, 42.2),
        (-80.1, 42.4),
        (-79.1, 42.75),
        (-78.91, 42.92),
        (-79.03, 43.02),
        (-79.072, 43.085),
        (-79.05, 43.17),
        (-79.07, 43.27),
        (-79.2, 43.44),
        (-78.7, 43.63),
        (-76.8, 43.63),
        (-76.4, 44.12),
        (-75.82, 44.43),
        (-75.5, 44.715),
        (-75.3, 44.84),
        (-74.72, 45.0),
        (-71.5, 45.02),
        (-70.85, 45.28),
        (-70.3, 45.95),
        (-70.0, 46.7),
        (-69.23, 47.46),
        (-68.9, 47.18),
        (-68.33, 47.364),
        (-68.15, 47.32),
        (-67.94, 47.17),
        (-67.79, 47.07),
        (-67.78, 45.7),
        (-67.45, 45.29),
        (-67.28, 45.19),
        (-67.1, 45.1),
        (-66.96, 44.92),
        (-66.97, 44.82),
        (-66.8, 44.4),
    ),
    "Lake Michigan, and the Straits of Mackinac": (
        (-87.28, 41.58),
        (-87.15, 42.0),
        (-87.1, 43.5),
        (-86.85, 44.6),
        _MICHIGAN_NORTH,
        _MICHIGAN_EAST,
        (-84.73, 45.815),
        _HURON,
    ),
    "Green Bay": ((-88.01, 44.52), (-87.75, 44.8), (-87.2, 45.25), (-86.85, 45.4), _MICHIGAN_NORTH),
    "Grand Traverse Bay": ((-85.6, 44.75), (-85.52, 45.05), _MICHIGAN_EAST),
    "Saginaw Bay": ((-83.9, 43.64), (-83.4, 43.98), _LAKE_HURON),
    "Keweenaw Bay": ((-88.46, 46.76), (-88.2, 46.98), (-87.7, 47.2), _SUPERIOR),
    "Maumee Bay": ((-83.47, 41.69), _ERIE_WEST),
    "Lake Champlain": ((-73.34, 44.96), (-73.33, 44.5), (-73.4, 44.08)),
    "the Gulf of Maine": ((-70.45, 43.65), (-69.4, 43.0), (-68.0, 41.9)),
    "Cape Cod Bay": ((-70.52, 41.78), (-70.3, 41.95), (-70.3, 42.3), (-69.9, 42.6)),
    "Buzzards Bay": ((-70.65, 41.74), (-70.85, 41.5), (-71.2, 41.2)),
    "Long Island Sound": (
        (-73.8, 40.8),
        (-73.7, 40.87),
        (-73.3, 40.98),
        (-72.6, 41.1),
        (-71.9, 41.2),
        (-70.6, 40.4),
    ),
    "New York Bay": ((-74.045, 40.6), (-73.95, 40.5), (-73.2, 39.9)),
    "Delaware Bay": (
        (-75.54, 39.66),
        (-75.54, 39.45),
        (-75.3, 39.2),
        (-75.08, 38.9),
        (-74.5, 38.4),
    ),
    "the upper Chesapeake, down to the Bay Bridge": (
        (-76.08, 39.53),
        (-76.2, 39.3),
        (-76.38, 39.01),
    ),
    "the lower Chesapeake, down to the bridge-tunnel": (
        (-76.38, 38.98),
        (-76.42, 38.6),
        (-76.3, 38.2),
        _CHESAPEAKE,
        (-76.12, 37.4),
        (-76.04, 37.04),
    ),
    "the Potomac, below its last bridge": (
        (-76.98, 38.35),
        (-76.6, 38.17),
        (-76.35, 37.97),
        _CHESAPEAKE,
    ),
    "Albemarle Sound": ((-76.45, 36.0), (-75.95, 36.02)),
    "Pamlico Sound": ((-75.7, 35.85), (-75.72, 35.5), _PAMLICO, (-76.6, 34.85), (-76.5, 34.4)),
    "Pamlico River": ((-77.02, 35.53), (-76.75, 35.42), (-76.4, 35.32), _PAMLICO),
    "Neuse River": ((-77.0, 35.1), (-76.75, 34.98), (-76.45, 35.05), _PAMLICO),
    "Lake Okeechobee": ((-80.85, 26.71), (-80.85, 27.19)),
    "Florida Bay": ((-80.45, 25.2), (-80.8, 25.0), (-81.3, 24.85), (-83.2, 24.8)),
    "Tampa Bay": ((-82.56, 27.85), (-82.55, 27.72), (-82.7, 27.58), (-83.2, 27.4)),
    "the Gulf at the Big Bend": ((-83.45, 29.9), (-84.6, 29.0), (-86.5, 27.0)),
    "Mobile Bay": ((-88.0, 30.66), (-87.98, 30.4), (-88.0, 30.2), (-88.0, 29.8)),
    "the Mississippi below New Orleans": (
        (-89.97, 29.88),
        (-89.7, 29.5),
        (-89.2, 29.0),
        (-89.1, 28.7),
    ),
    "Lake Pontchartrain, west of the causeway": ((-90.4, 30.2), (-90.13, 30.2)),
    "Lake Pontchartrain, east of the causeway": ((-90.09, 30.2), (-89.84, 30.18)),
    "Galveston Bay": ((-94.97, 29.7), (-94.85, 29.5), (-94.74, 29.34), (-94.4, 29.0)),
    "Great Salt Lake": ((-112.25, 40.7), (-112.5, 41.1), (-112.7, 41.5), (-112.55, 41.72)),
    "Puget Sound": (
        (-122.9, 47.05),
        (-122.75, 47.17),
        (-122.55, 47.27),
        (-122.5, 47.34),
        (-122.45, 47.6),
        _PUGET,
        (-122.7, 48.15),
        (-123.2, 48.25),
        (-124.8, 48.45),
        (-125.6, 48.5),
    ),
    "Saratoga Passage": ((-122.58, 48.4), (-122.5, 48.12), _PUGET),
    "Hood Canal": ((-122.85, 47.43), (-123.1, 47.37), (-122.9, 47.62), (-122.64, 47.85)),
    "San Francisco Bay": (
        (-121.97, 37.46),
        (-122.1, 37.53),
        (-122.25, 37.65),
        (-122.36, 37.8),
        _GOLDEN_GATE,
        (-122.43, 37.95),
        _SAN_PABLO,
        (-122.42, 38.13),
    ),
    "the Golden Gate": (_GOLDEN_GATE, (-122.48, 37.82), (-122.9, 37.6)),
    "Carquinez Strait": (
        _SAN_PABLO,
        (-122.22, 38.06),
        (-122.1, 38.04),
        (-121.9, 38.06),
        (-121.76, 38.03),
    ),
}
