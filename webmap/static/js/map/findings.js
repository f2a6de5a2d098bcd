// What is wrong in a file of areas, drawn where it is.

import { element } from "../base.js";
import { Fetching } from "./fetching.js";
import { colour, HIGHLIGHT } from "./looks.js";
import { openPopup } from "./popups.js";

const Findings = L.FeatureGroup.extend({
  includes: Fetching,

  initialize(options) {
    L.FeatureGroup.prototype.initialize.call(this, []);
    this.own = options;
    this.begin({ ...options, whole: true });
    this.rank = 50;
    this.byId = new Map();
    this.marked = null;
  },

  onAdd(map) {
    Fetching.onAdd.call(this, map);
    const source = this.own.element && document.getElementById(this.own.element);
    if (source) this.show(JSON.parse(source.textContent));
    return this;
  },

  /** Draw these findings instead of the earlier ones. */
  show(geojson) {
    this.board.loaded(this, this.draw(geojson), geojson);
  },

  draw(geojson) {
    this.clearLayers();
    this.byId.clear();
    geojson.features.forEach((feature, index) => {
      if (!feature.geometry) return;
      const shape = L.geoJSON(feature, { style: () => style(feature), pointToLayer: (_f, at) => L.circleMarker(at, { radius: 8, ...style(feature) }) });
      const id = String(feature.id ?? index);
      shape.on("click", (event) => this.select(id, feature, event));
      this.byId.set(id, shape);
      this.addLayer(shape);
    });
    return this.byId.size;
  },

  select(id, { properties }, event) {
    L.DomEvent.stopPropagation(event);
    this.board.tell("select", { layer: this.key, id, properties });
    const box = element("div", "map-card");
    box.append(element("p", "map-card-title", this.board.words[properties.severity] ?? properties.severity), element("p", "", properties.message));
    openPopup(this.board, event.latlng, box);
  },

  /** Mark one finding; null marks none. */
  highlight(id) {
    const before = this.byId.get(String(this.marked));
    before?.eachLayer((part) => part.setStyle(style(part.feature)));
    this.marked = id;
    this.byId.get(String(id))?.setStyle(HIGHLIGHT()).bringToFront();
  },

  zoomTo(id) {
    const shape = this.byId.get(String(id));
    if (shape) this._map.fitBounds(shape.getBounds(), { padding: [40, 40], maxZoom: 18 });
  },

  meaning() {
    const { words } = this.board;
    const seen = new Set([...this.byId.values()].flatMap((shape) => shape.getLayers().map((part) => part.feature.properties.severity)));
    return {
      title: this.own.name,
      entries: ["block", "warn", "accepted", "mended"].filter((severity) => seen.has(severity))
        .map((severity) => ({ shape: "area", fill: tone(severity), edge: tone(severity), label: words[severity] })),
    };
  },
});

export function findings(options) {
  return new Findings(options);
}

// What somebody has decided about is pale: it needs no look any more.
const TONES = { block: "--finding-block", warn: "--finding-warn", accepted: "--map-no-value", mended: "--map-no-value" };

function tone(severity) {
  return colour(TONES[severity] ?? TONES.warn);
}

function style({ properties }) {
  const own = tone(properties.severity);
  return { color: own, weight: properties.pale ? 1.5 : 3, fillColor: own, fillOpacity: properties.pale ? 0.12 : 0.4 };
}
