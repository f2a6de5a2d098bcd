// A pin that a person puts where it happened: by tapping, dragging, arrow keys, or from the device.

import { element } from "../base.js";
import { button } from "./controls.js";

const STEP_PX = 8;

const Pin = L.FeatureGroup.extend({
  initialize(options) {
    L.FeatureGroup.prototype.initialize.call(this, []);
    this.own = options;
    this.key = options.key;
    this.inputs = { lon: input(options.lon), lat: input(options.lat), accuracy: options.accuracy && input(options.accuracy) };
  },

  onAdd(map) {
    L.FeatureGroup.prototype.onAdd.call(this, map);
    this.board = map.board;
    this.board.register(this);
    map.on("click", ({ latlng }) => this.put(latlng, "hand"));
    if (navigator.geolocation) {
      button(this.board, { symbol: "position", label: this.board.words.position, onPress: () => this.fromDevice() }).addTo(map);
    }
    const lon = parseFloat(this.inputs.lon?.value);
    const lat = parseFloat(this.inputs.lat?.value);
    if (Number.isFinite(lon) && Number.isFinite(lat)) this.moveTo(lon, lat);
    else if (this.own.locate) this.fromDevice();
    return this;
  },

  /** Put the pin and look at it. */
  moveTo(lon, lat, zoom = this.own.zoom) {
    this.put(L.latLng(lat, lon), "page");
    this._map.setView([lat, lon], Math.max(zoom, this._map.getZoom()));
  },

  put(latlng, by, accuracy = null) {
    if (this.marker) this.marker.setLatLng(latlng);
    else this.make(latlng);
    this.ring?.remove();
    if (accuracy) {
      this.ring = L.circle(latlng, { radius: accuracy, weight: 1, interactive: false, className: "map-accuracy" }).addTo(this._map);
    }
    this.write(latlng, accuracy);
    if (by !== "page") this.board.tell("pin", { lon: latlng.lng, lat: latlng.lat, accuracy, by });
  },

  make(latlng) {
    const icon = L.divIcon({ className: "map-pin", html: element("i"), iconSize: [34, 44], iconAnchor: [17, 42] });
    this.marker = L.marker(latlng, { icon, draggable: true, autoPan: true, title: this.board.words.pin, alt: this.board.words.pin, zIndexOffset: 1000 });
    this.marker.on("dragend", () => this.put(this.marker.getLatLng(), "hand"));
    this.addLayer(this.marker);
    this.marker.getElement().addEventListener("keydown", (event) => this.onKey(event));
  },

  onKey(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this._map.latLngToContainerPoint(this.marker.getLatLng());
    this.put(this._map.containerPointToLatLng(at.add([step[0] * STEP_PX, step[1] * STEP_PX])), "key");
    this._map.panInside(this.marker.getLatLng(), { padding: [40, 40] });
  },

  fromDevice() {
    const { words, trouble } = this.board;
    this.board.element.dataset.busy = 1;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.board.element.dataset.busy = 0;
        this.put(L.latLng(coords.latitude, coords.longitude), "device", coords.accuracy);
        this._map.setView([coords.latitude, coords.longitude], Math.max(this.own.zoom, this._map.getZoom()));
      },
      (problem) => {
        this.board.element.dataset.busy = 0;
        const text = problem.code === problem.PERMISSION_DENIED ? words.positionDenied : words.positionFailed;
        trouble.show({ name: "Refused", message: text }, () => this.fromDevice());
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
    );
  },

  write({ lng, lat }, accuracy) {
    if (this.inputs.lon) this.inputs.lon.value = lng.toFixed(6);
    if (this.inputs.lat) this.inputs.lat.value = lat.toFixed(6);
    if (this.inputs.accuracy) this.inputs.accuracy.value = accuracy ? Math.round(accuracy) : "";
  },
});

export function pin(options) {
  return new Pin(options);
}

function input(id) {
  return document.getElementById(id);
}
