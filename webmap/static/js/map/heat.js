// Density of points as heat.

import { Fetching } from "./fetching.js";

const Heat = L.FeatureGroup.extend({
  includes: Fetching,

  initialize(options) {
    L.FeatureGroup.prototype.initialize.call(this, []);
    this.own = options;
    this.begin(options);
    this.surface = L.heatLayer([], {
      radius: options.radiusPx, blur: Math.round(options.radiusPx * 0.75), minOpacity: 0.25, maxZoom: 15,
      gradient: { 0.2: "#9ad1c7", 0.45: "#f2d16b", 0.7: "#e8893c", 1: "#a8261d" },
    });
    this.addLayer(this.surface);
  },

  draw(answer) {
    const points = answer.points ?? answer.features.map(({ geometry, properties }) => [...geometry.coordinates.slice(0, 2), properties?.weight ?? 1]);
    const most = answer.max ?? points.reduce((max, [, , weight = 1]) => Math.max(max, weight), 1);
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

export function heat(options) {
  return new Heat(options);
}
