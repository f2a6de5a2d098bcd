// A layer whose data comes from an address: fetched for the box in view, when it is wanted, and not twice.
//
// The browser's own cache keeps the ETag: an unchanged answer costs a 304.

import { fetchJson } from "../base.js";

const WAIT_MS = 180; // after the last movement, before asking
const MARGIN = 0.35; // how much more than the view is fetched on each side, as a share of it

/** Mixed into L.FeatureGroup by the layers: they bring `draw(geojson)` and get fetching, queries and trouble. */
export const Fetching = {
  begin(options) {
    this.key = options.key;
    this.url = options.url;
    this.query = {};
    this.whole = options.whole ?? false;
    this.minZoom = options.minZoom ?? 0;
    this.fetched = null; // the box and zoom that what is drawn was fetched for
  },

  onAdd(map) {
    L.FeatureGroup.prototype.onAdd.call(this, map);
    this.board = map.board;
    this.board.register(this);
    map.on("moveend", this.later, this);
    if (this.url) this.refresh();
    return this;
  },

  onRemove(map) {
    map.off("moveend", this.later, this);
    clearTimeout(this.timer);
    this.asking?.abort();
    L.FeatureGroup.prototype.onRemove.call(this, map);
    this.board.legend.later();
    return this;
  },

  /** Ask for something else from now on: an object of query parameters, merged with the earlier ones. */
  setQuery(query) {
    Object.assign(this.query, query);
    this.reload();
  },

  reload() {
    this.fetched = null;
    if (this._map) this.refresh();
  },

  later() {
    clearTimeout(this.timer);
    if (this.url) this.timer = setTimeout(() => this.refresh(), WAIT_MS);
  },

  async refresh() {
    if (!this._map) return;
    if (this._map.getZoom() < this.minZoom) {
      this.asking?.abort();
      this.fetched = null;
      this.draw({ type: "FeatureCollection", features: [] });
      return;
    }
    if (this.covered()) return;
    const wanted = this.wanted();
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.busy(1);
    try {
      const answer = await fetchJson(this.address(wanted), { signal: asking.signal });
      if (!this._map || asking !== this.asking) return;
      this.fetched = wanted;
      this.board.loaded(this, this.draw(answer), answer);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    } finally {
      this.busy(-1);
    }
  },

  wanted() {
    return { bounds: this._map.getBounds().pad(MARGIN), zoom: Math.round(this._map.getZoom()) };
  },

  covered() {
    if (!this.fetched) return false;
    return this.whole
      || (this.fetched.zoom === Math.round(this._map.getZoom()) && this.fetched.bounds.contains(this._map.getBounds()));
  },

  address({ bounds, zoom }) {
    const url = new URL(this.url, location.href);
    if (!this.whole) {
      const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
      url.searchParams.set("bbox", box.map((degrees) => degrees.toFixed(5)).join(","));
      url.searchParams.set("zoom", zoom);
    }
    for (const [name, value] of Object.entries(this.query)) {
      if (value === "" || value === null || value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    return url;
  },

  busy(change) {
    const element = this.board.element;
    element.dataset.busy = Math.max(0, Number(element.dataset.busy ?? 0) + change);
  },

  failed(error) {
    this.board.tell("failed", { layer: this.key, error });
    this.board.trouble.show(error, () => this.refresh());
  },
};
