// How things are drawn. Colours come from the style sheet's custom properties, so that map, chips and charts agree.

const read = new Map();

/** The value of a custom property such as "--accent". */
export function colour(name) {
  if (!read.has(name)) {
    read.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#667");
  }
  return read.get(name);
}

/** Look → style and rank; higher ranks lie above. Over the tiles of a base map, fills let it show through. */
export const LOOKS = {
  county: () => ({ rank: 30, color: colour("--map-county"), weight: 3, fill: false }),
  township: () => ({ rank: 29, color: colour("--map-township"), weight: 2, fillOpacity: 0.02, fillColor: colour("--map-township") }),
  village: () => ({ rank: 28, color: colour("--map-village"), weight: 1.5, dashArray: "6 4", fill: false }),
  grid: (tiles) => ({ rank: 10, color: colour("--map-grid"), weight: 1, fillColor: colour("--map-grid-fill"), fillOpacity: tiles ? 0.1 : 0.85 }),
  neighbour: (tiles) => ({ rank: 9, color: colour("--map-neighbour"), weight: 1, fillColor: colour("--map-grid-fill"), fillOpacity: tiles ? 0 : 0.45 }),
  specialised: () => ({ rank: 20, color: colour("--map-special"), weight: 1.8, fillColor: colour("--map-special"), fillOpacity: 0.18 }),
  mine: () => ({ rank: 21, color: colour("--accent"), weight: 3, fillColor: colour("--accent"), fillOpacity: 0.12 }),
  coloured: (tiles) => ({ rank: 8, color: colour("--map-edge"), weight: 1, fillOpacity: tiles ? 0.6 : 0.9 }),
};

export const HIGHLIGHT = () => ({ color: colour("--map-highlight"), weight: 4, opacity: 1 });

export function stateColour(state) {
  return colour(`--state-${state}`);
}

const RAMPS = {
  counts: ["#e8f3f1", "#bfe0da", "#8cc7bd", "#4fa498", "#1f7a70", "#0b4f4c"],
  times: ["#3f7f9c", "#9cc4d4", "#e9ece6", "#f0c9a0", "#dd8452", "#a8342a"],
  rates: ["#b3432b", "#dd8452", "#f1c987", "#cfe3b4", "#85bd8b", "#34805a"],
};

const STEPS = {
  rates: [0, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  times: [0, 0.5, 0.8, 1.25, 2, 4, Infinity],
};

/**
 * Classes for the values: quantiles of counts, fixed steps of rates and of times the average. Returns { colourOf(value), steps: [{from, to, colour}] }.
 * Quantiles, because one busy township would leave every other one pale under equal steps.
 */
export function classes(values, palette) {
  const ramp = RAMPS[palette];
  const known = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const limits = STEPS[palette] ?? quantiles(known, ramp.length);
  const steps = [];
  for (let i = 0; i + 1 < limits.length; i += 1) {
    steps.push({ from: limits[i], to: limits[i + 1], colour: ramp[STEPS[palette] ? i : Math.round((i * (ramp.length - 1)) / Math.max(limits.length - 2, 1))] });
  }
  const colourOf = (value) => {
    if (!Number.isFinite(value) || !steps.length) return colour("--map-no-value");
    return (steps.find((step) => value < step.to) ?? steps[steps.length - 1]).colour;
  };
  return { colourOf, steps };
}

function quantiles(sorted, count) {
  if (!sorted.length) return [];
  const limits = [];
  for (let i = 0; i <= count; i += 1) {
    limits.push(sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / count))]);
  }
  const distinct = [...new Set(limits)];
  return distinct.length > 1 ? distinct : [distinct[0], distinct[0] + 1];
}
