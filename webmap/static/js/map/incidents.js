// Incidents as points: coloured by state, clustered where they crowd; bins made by the server are drawn as such.

import { element } from "../base.js";
import { Fetching } from "./fetching.js";
import { card, openPopup } from "./popups.js";
import { colour, stateColour } from "./looks.js";

const APART_FROM_ZOOM = 17;

const Incidents = L.FeatureGroup.extend({
  includes: Fetching,

  initialize(options) {
    L.FeatureGroup.prototype.initialize.call(this, []);
    this.own = options;
    this.begin(options);
    this.rank = 40;
    this.byId = new Map();
    this.states = new Set();
    this.marked = null;
    this.points = options.cluster ? clusters() : L.featureGroup();
    this.addLayer(this.points);
  },

  draw(geojson) {
    this.points.clearLayers();
    this.byId.clear();
    this.states.clear();
    const made = geojson.features.filter((feature) => feature.geometry).map((feature) => this.mark(feature));
    if (this.own.cluster) this.points.addLayers(made);
    else made.forEach((point) => this.points.addLayer(point));
    if (this.marked !== null) this.highlight(this.marked);
    return geojson.features.length;
  },

  mark(feature) {
    const { properties } = feature;
    const at = place(feature.geometry);
    if (properties.count > 1) return this.bin(at, properties);
    const point = L.circleMarker(at, this.style(properties));
    point.feature = feature;
    this.byId.set(String(feature.id), point);
    this.states.add(properties.state);
    point.on("click", (event) => this.select(point, event));
    return point;
  },

  bin(at, { count }) {
    const marker = L.marker(at, { icon: bubble(count) });
    marker.on("click", () => this._map.setView(at, this._map.getZoom() + 2));
    return marker;
  },

  style({ state, late }) {
    return {
      radius: 7, weight: late ? 3 : 1.5, color: late ? colour("--late") : "#fff", fillColor: stateColour(state), fillOpacity: 0.95,
    };
  },

  select(point, event) {
    const { id, properties } = point.feature;
    L.DomEvent.stopPropagation(event);
    this.highlight(id);
    this.board.tell("select", { layer: this.key, id, properties });
    if (!this.own.fields.length && !this.own.link) return;
    const content = card({
      title: properties.number ?? String(id), chip: { state: properties.state, text: this.own.words[properties.state] ?? properties.state },
      fields: this.own.fields, properties, link: this.own.link, id, words: this.board.words,
    });
    openPopup(this.board, point.getLatLng(), content, { offset: [0, -4] });
  },

  highlight(id) {
    const before = this.byId.get(String(this.marked));
    if (before) before.setStyle(this.style(before.feature.properties)).setRadius(7);
    this.marked = id;
    const now = id === null ? null : this.byId.get(String(id));
    if (now) now.setStyle({ color: colour("--map-highlight"), weight: 4 }).setRadius(10);
  },

  zoomTo(id) {
    const point = this.byId.get(String(id));
    if (point) this._map.setView(point.getLatLng(), Math.max(this._map.getZoom(), APART_FROM_ZOOM));
  },

  // Clusters redraw themselves; only points outside of any can be brought forward.
  bringToFront() {
    this.points.eachLayer((point) => point._map && point.bringToFront?.());
    return this;
  },

  meaning() {
    const entries = Object.keys(this.own.words).filter((state) => this.states.has(state))
      .map((state) => ({ shape: "point", fill: stateColour(state), edge: "#fff", label: this.own.words[state] }));
    return { title: this.own.name, entries };
  },
});

export function incidents(options) {
  return new Incidents(options);
}

// A bin may be sent as its square: its middle then.
function place(geometry) {
  if (geometry.type !== "Point") return L.geoJSON(geometry).getBounds().getCenter();
  const [lon, lat] = geometry.coordinates;
  return L.latLng(lat, lon);
}

function clusters() {
  return L.markerClusterGroup({
    maxClusterRadius: 46, disableClusteringAtZoom: APART_FROM_ZOOM, spiderfyOnMaxZoom: true, showCoverageOnHover: false,
    chunkedLoading: true, animate: false, iconCreateFunction: (cluster) => bubble(cluster.getChildCount()),
  });
}

function bubble(count) {
  const size = count < 10 ? 30 : count < 100 ? 36 : count < 1000 ? 44 : 52;
  const text = element("span", "", count < 10000 ? String(count) : `${Math.round(count / 1000)}k`);
  return L.divIcon({ className: "map-bubble", html: text, iconSize: [size, size] });
}
