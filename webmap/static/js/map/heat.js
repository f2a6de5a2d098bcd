// Density of points as heat.
//
// Asked for by box and zoom, the server's squares are about a circle of heat apart at every zoom; fetched once and
// whole, they run together when one zooms out, and leaflet.heat has to dim them then.

import { Fetching } from "./fetching.js";

const Heat = L.FeatureGroup.extend({
  includes: Fetching,

  initialize(options) {
    L.FeatureGroup.prototype.initialize.call(this, []);
    this.own = options;
    this.begin(options);
    this.surface = L.heatLayer([], {
      radius: options.radiusPx, blur: Math.round(options.radiusPx * 0.75), minOpacity: 0.25, maxZoom: options.whole ? 15 : 1,
      gradient: { 0.2: "#9ad1c7", 0.45: "#f2d16b", 0.7: "#e8893c", 1: "#a8261d" },
    });
    this.addLayer(this.surface);
  },

  draw(answer) {
    const points = answer.points ?? answer.features.map(({ geometry, properties }) => [...geometry.coordinates.slice(0, 2), properties?.weight ?? 1]);
    const most = answer.max ?? nearlyMost(points.map(([, , weight = 1]) => weight));
    this.surface.setOptions({ max: most });
    this.surface.setLatLngs(points.map(([lon, lat, weight = 1]) => [lat, lon, weight]));
    return points.length;
  },

  bringToFront() {
    return this;
  },

  meaning() {
    const { less, more } = this.board.words;
    return { title: this.own.name, entries: [{ shape: "heat", label: `${less} → ${more}` }] };
  },
});

// What is as hot as it gets: one single place that is far beyond all others would leave these pale.
function nearlyMost(weights) {
  const sorted = weights.sort((one, other) => one - other);
  return Math.max(sorted[Math.floor(sorted.length * 0.98)] ?? 1, 1);
}

export function heat(options) {
  return new Heat(options);
}
