// One map of a page: Leaflet's map, its controls, and what it tells the page.

import { addControls, Legend } from "./controls.js";
import { Labels } from "./labels.js";

export class Board {
  constructor(element, settings) {
    this.element = element;
    this.words = settings.words;
    this.bounds = L.latLngBounds(settings.bounds);
    this.keyed = new Map();
    this.leaflet = L.map(element, {
      // One canvas for all shapes: of several, the topmost would take every click.
      renderer: L.canvas({ padding: 0.3, tolerance: L.Browser.mobile ? 10 : 3 }),
      preferCanvas: true,
      zoomControl: false,
      attributionControl: false,
      zoomSnap: 0.5,
      zoomDelta: 1,
      wheelPxPerZoomLevel: 100,
      minZoom: 3,
      maxZoom: 19,
      maxBoundsViscosity: 0.7,
      fadeAnimation: !reducedMotion(),
      zoomAnimation: !reducedMotion(),
    });
    this.leaflet.board = this;
    this.home({ animate: false });
    const names = this.leaflet.createPane("names");
    names.style.zIndex = 450; // above the shapes, below the pins
    names.style.pointerEvents = "none";
    element.setAttribute("aria-label", settings.label);
    addControls(this);
    this.legend = new Legend(this);
    this.labels = new Labels(this);
    new ResizeObserver(() => this.leaflet.invalidateSize({ debounceMoveend: true })).observe(element);
  }

  /** Layers announce themselves here when they are put on the map. */
  register(layer) {
    this.keyed.set(layer.key, layer);
    this.legend.later();
  }

  /** A layer has new data: put shapes in order, name them, say what colours mean, and tell the page. */
  loaded(layer, count, answer) {
    this.arrange();
    this.labels.later();
    this.legend.later();
    this.tell("loaded", { layer: layer.key, count, answer });
  }

  layer(key) {
    return this.keyed.get(key);
  }

  home(options = {}) {
    this.leaflet.fitBounds(this.bounds, { padding: [12, 12], ...options });
  }

  show(lon, lat, zoom) {
    this.leaflet.setView([lat, lon], zoom ?? Math.max(this.leaflet.getZoom(), 16));
  }

  tell(what, detail) {
    const event = new CustomEvent(`wangge:${what}`, { bubbles: true, detail: { map: this, ...detail } });
    this.element.dispatchEvent(event);
  }

  /** Put shapes above one another as their layers say, whichever was fetched first. */
  arrange() {
    [...this.keyed.values()]
      .filter((layer) => layer.rank !== undefined && this.leaflet.hasLayer(layer))
      .sort((one, other) => one.rank - other.rank)
      .forEach((layer) => layer.bringToFront());
  }
}

export function reducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
