// Outlines of areas, with names, colours by a number, highlight and selection.

import { element } from "../base.js";
import { Fetching } from "./fetching.js";
import { card, openPopup } from "./popups.js";
import { classes, HIGHLIGHT, LOOKS } from "./looks.js";

const Areas = L.FeatureGroup.extend({
  includes: Fetching,

  initialize(options) {
    L.FeatureGroup.prototype.initialize.call(this, []);
    this.own = options;
    this.begin(options);
    this.rank = LOOKS[options.look]().rank;
    this.byId = new Map();
    this.marked = null;
    this.scheme = null;
  },

  draw(geojson) {
    this.clearLayers();
    this.byId.clear();
    for (const feature of geojson.features) Object.assign(feature.properties, this.figures?.[feature.id]);
    this.grade(geojson.features);
    const shapes = L.geoJSON(geojson, { style: (feature) => this.style(feature), interactive: this.own.selectable });
    shapes.eachLayer((shape) => this.keep(shape));
    if (this.marked !== null) this.highlight(this.marked);
    return this.byId.size;
  },

  keep(shape) {
    const { feature } = shape;
    this.byId.set(String(feature.id ?? feature.properties.code), shape);
    this.addLayer(shape);
    if (!this.own.selectable) return;
    shape.bindTooltip(() => element("span", "", this.nameOf(feature)), { sticky: true, className: "map-tip" });
    shape.on("click", (event) => this.select(shape, event));
  },

  grade(features) {
    const { colourBy, palette, scale } = this.own;
    if (colourBy) this.scheme = classes(scale ?? features.map((feature) => feature.properties[colourBy]), palette);
  },

  /**
   * Colour the areas anew without fetching their outlines. `figures` are properties by feature id; `by` names the one
   * that colours; `scale` are the values that counts are graded by, where they are not those of the areas themselves.
   * `pale` lets what lies above stand out.
   */
  setFigures(figures, { by, palette, legend, scale, pale = false }) {
    this.figures = figures;
    Object.assign(this.own, { colourBy: by, palette, legend, scale, pale });
    const shapes = [...this.byId.values()];
    for (const { feature } of shapes) Object.assign(feature.properties, figures[feature.id]);
    this.grade(shapes.map((shape) => shape.feature));
    for (const shape of shapes) shape.setStyle(this.style(shape.feature));
    if (this.marked !== null) this.highlight(this.marked);
    this.board?.legend.later();
  },

  style(feature) {
    const { rank: _rank, ...style } = LOOKS[this.own.look](this.board?.tiles);
    if (!this.scheme) return style;
    const fillOpacity = this.own.pale ? style.fillOpacity / 3 : style.fillOpacity;
    return { ...style, fill: true, fillOpacity, fillColor: this.scheme.colourOf(feature.properties[this.own.colourBy]) };
  },

  nameOf({ properties }) {
    return properties.name || properties.code || "";
  },

  select(shape, event) {
    const { feature } = shape;
    const id = feature.id ?? feature.properties.code;
    L.DomEvent.stopPropagation(event);
    this.highlight(id);
    this.board.tell("select", { layer: this.key, id, properties: feature.properties });
    if (!this.own.fields.length && !this.own.link) return;
    const content = card({
      title: this.nameOf(feature), fields: this.own.fields, link: this.own.link, id,
      properties: feature.properties, words: this.board.words,
    });
    openPopup(this.board, event.latlng, content).on("remove", () => this.highlight(null));
  },

  /** Mark one area; null marks none. */
  highlight(id) {
    const before = this.byId.get(String(this.marked));
    if (before) before.setStyle(this.style(before.feature));
    this.marked = id;
    const now = id === null ? null : this.byId.get(String(id));
    if (now) now.setStyle(HIGHLIGHT()).bringToFront();
    else if (before) this.board?.arrange();
  },

  zoomTo(id) {
    const shape = this.byId.get(String(id));
    if (shape) this._map.fitBounds(shape.getBounds(), { padding: [24, 24], maxZoom: 17 });
  },

  /** The names of the areas in view: where, and how much room there is in pixels. */
  names(view) {
    const map = this._map;
    if (!this.own.labels || map.getZoom() < (this.own.labelsFromZoom ?? 0)) return [];
    const found = [];
    for (const shape of this.byId.values()) {
      const bounds = shape.getBounds();
      if (!view.intersects(bounds)) continue;
      const room = map.latLngToLayerPoint(bounds.getNorthEast()).x - map.latLngToLayerPoint(bounds.getSouthWest()).x;
      found.push({ name: this.nameOf(shape.feature), at: this.labelPoint(shape), look: this.own.look, room });
    }
    return found;
  },

  labelPoint(shape) {
    const at = shape.feature.properties.label_at;
    if (at) return L.latLng(at[1], at[0]);
    shape.labelPoint ??= middle(shape.getLatLngs());
    return shape.labelPoint;
  },

  meaning() {
    const { name, legend, look, colourBy, palette } = this.own;
    if (!colourBy) {
      const style = LOOKS[look](this.board.tiles);
      const fill = style.fill === false ? "transparent" : faded(style.fillColor, style.fillOpacity);
      return { title: "", entries: [{ shape: "area", fill, edge: style.color, label: name }] };
    }
    const entries = (this.scheme?.steps ?? []).map((step) => ({
      shape: "area", fill: step.colour, edge: step.colour, label: between(step, palette),
    }));
    return { title: legend || name, entries };
  },
});

export function areas(options) {
  return new Areas(options);
}

// The area's balance point, taken of its largest ring; good enough for names on compact shapes.
function middle(latlngs) {
  const rings = latlngs.map((part) => (Array.isArray(part[0]) ? part[0] : part)); // of a multipolygon, each outer ring
  let best = null;
  for (const ring of rings) {
    let sum = 0, x = 0, y = 0;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const cross = ring[j].lng * ring[i].lat - ring[i].lng * ring[j].lat;
      sum += cross;
      x += (ring[j].lng + ring[i].lng) * cross;
      y += (ring[j].lat + ring[i].lat) * cross;
    }
    if (sum && (!best || Math.abs(sum) > best.size)) best = { size: Math.abs(sum), at: L.latLng(y / (3 * sum), x / (3 * sum)) };
  }
  return best ? best.at : L.latLngBounds(rings.flat()).getCenter();
}

function faded(hex, opacity) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${opacity})`;
}

function between({ from, to }, palette) {
  if (palette === "rates") return `${Math.round(from * 100)}–${Math.round(to * 100)}%`;
  if (palette === "times") return to === Infinity ? `≥ ${from}` : from === 0 ? `< ${to}` : `${from}–${to}`;
  const last = Math.max(Math.ceil(to) - 1, from);
  return from === last ? String(from) : `${from}–${last}`;
}
