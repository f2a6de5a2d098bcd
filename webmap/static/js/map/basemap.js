// Tiles of the configured base map. Those drawn in a shifted datum (GCJ-02, BD-09) are moved back by the local
// offset, which the service sampled on a lattice, so that our WGS-84 data lies where it belongs on them.

const Tiles = L.TileLayer.extend({
  initialize(url, options) {
    L.TileLayer.prototype.initialize.call(this, url, { ...options, crossOrigin: false });
    this.lattice = options.lattice;
  },

  onAdd(map) {
    map.board.tiles = true;
    this.credit = L.control.attribution({ prefix: false, position: "bottomright" });
    this.credit.addAttribution(this.options.attribution).addTo(map);
    this.offset = this.offsetNow(map.getCenter(), map.getZoom(), map);
    L.TileLayer.prototype.onAdd.call(this, map);
    if (this.lattice) map.on("moveend", this.follow, this);
    return this;
  },

  onRemove(map) {
    map.off("moveend", this.follow, this);
    this.credit.remove();
    return L.TileLayer.prototype.onRemove.call(this, map);
  },

  getAttribution() {
    return null;
  },

  // The offset in pixels at a place: where the tile draws it, less where it is.
  offsetNow(center, zoom, map = this._map) {
    if (!this.lattice) return L.point(0, 0);
    const { lon, lat } = interpolated(this.lattice, center.lng, center.lat);
    return map.project([center.lat + lat, center.lng + lon], zoom).subtract(map.project(center, zoom));
  },

  _getTiledPixelBounds(center) {
    const bounds = L.TileLayer.prototype._getTiledPixelBounds.call(this, center);
    return L.bounds(bounds.min.add(this.offset), bounds.max.add(this.offset));
  },

  _getTilePos(coords) {
    return L.TileLayer.prototype._getTilePos.call(this, coords).subtract(this.offset).round();
  },

  _setView(center, zoom, noPrune, noUpdate) {
    this.offset = this.offsetNow(L.latLng(center), this._clampZoom(Math.round(zoom)));
    L.TileLayer.prototype._setView.call(this, center, zoom, noPrune, noUpdate);
  },

  // The offset changes by some metres across a county: lay the tiles anew when that becomes visible.
  follow() {
    const now = this.offsetNow(this._map.getCenter(), this._tileZoom ?? this._map.getZoom());
    if (now.distanceTo(this.offset) < 1) return;
    this.offset = now;
    for (const tile of Object.values(this._tiles)) L.DomUtil.setPosition(tile.el, this._getTilePos(tile.coords));
    this._update();
  },
});

export function tiles(url, options) {
  return new Tiles(url, options);
}

// Bilinear between the four lattice points around; at the edge beyond the lattice.
function interpolated({ west, south, step, columns, rows, lon, lat }, x, y) {
  const fx = Math.min(Math.max((x - west) / step, 0), columns - 1.000001);
  const fy = Math.min(Math.max((y - south) / step, 0), rows - 1.000001);
  const [column, row] = [Math.floor(fx), Math.floor(fy)];
  const [dx, dy] = [fx - column, fy - row];
  const at = (values) => {
    const first = row * columns + column;
    return (1 - dy) * ((1 - dx) * values[first] + dx * values[first + 1])
      + dy * ((1 - dx) * values[first + columns] + dx * values[first + columns + 1]);
  };
  return { lon: at(lon), lat: at(lat) };
}
