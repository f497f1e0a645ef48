export interface Palette {
  sea: string;
  land: string;
  border: string;
  road: string;
  town: string;
  halo: string;
  accent: string;
  trip: string;
  unknown: string;
  ring: string;
  edge: string;
  rates: string[];
  onRates: string[];
}

/** Where one colour of a rate per mile ends and the next begins, in cents. */
export const RATE_STEPS = [175, 200, 225, 250, 300];

const LIGHT: Palette = {
  sea: "#dfe6ea",
  land: "#f7f7f4",
  border: "#8f9aa3",
  road: "#d9cfc0",
  town: "#4a545e",
  halo: "#f7f7f4",
  accent: "#c2410c",
  trip: "#6d4fc4",
  unknown: "#a9b1b8",
  ring: "#ffffff",
  edge: "#4b5862",
  rates: ["#f3e2ab", "#bfdca4", "#7fc4a3", "#3fa0a3", "#2b7399", "#2b4279"],
  onRates: ["#1d2730", "#1d2730", "#1d2730", "#0d1a22", "#ffffff", "#ffffff"],
};

const DARK: Palette = {
  sea: "#10151a",
  land: "#1b2229",
  border: "#5a6771",
  road: "#353a3d",
  town: "#b9c3cc",
  halo: "#161c22",
  accent: "#fb923c",
  trip: "#b39dfa",
  unknown: "#5c6872",
  ring: "#10151a",
  edge: "#0b1014",
  rates: ["#3b4a80", "#30719a", "#2c7f86", "#58b08a", "#a5cf80", "#f4e08a"],
  onRates: ["#ffffff", "#ffffff", "#ffffff", "#0b1216", "#0b1216", "#0b1216"],
};

const dark = matchMedia("(prefers-color-scheme: dark)");

export const palette = (): Palette => (dark.matches ? DARK : LIGHT);
export const whenThemeChanges = (act: () => void): void => dark.addEventListener("change", act);
export const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
