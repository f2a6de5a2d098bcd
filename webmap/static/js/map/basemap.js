// Tiles of the configured base map. Those drawn in a shifted datum (GCJ-02, BD-09) are moved back, each by the offset
// at its own place, so that our WGS-84 data lies where it belongs on them. The service sampled the offset on a
// lattice. BD-09 ripples by 20 m within a kilometre: one offset for the whole view would show.

const EDGE_PX = 48; // tiles are asked for this far beyond the view, since their offsets differ from the middle's

const Tiles = L.TileLayer.extend({
  initialize(url, options) {
    L.TileLayer.prototype.initialize.call(this, url, options);
    this.lattice = options.lattice;
    if (this.lattice) this.on("tileloadstart", ({ tile, coords }) => this.fit(tile, coords));
  },

  onAdd(map) {
    map.board.tiles = true;
    this.credit = L.control.attribution({ prefix: false, position: "bottomright" });
    this.credit.addAttribution(this.options.attribution).addTo(map);
    return L.TileLayer.prototype.onAdd.call(this, map);
  },

  onRemove(map) {
    this.credit.remove();
    return L.TileLayer.prototype.onRemove.call(this, map);
  },

  getAttribution() {
    return null;
  },

  // The view as the tiles number it.
  _getTiledPixelBounds(center) {
    const bounds = L.TileLayer.prototype._getTiledPixelBounds.call(this, center);
    if (!this.lattice) return bounds;
    const off = interpolated(this.lattice, center.lng, center.lat);
    const there = this._map.project([center.lat + off.lat, center.lng + off.lon], this._tileZoom);
    const by = there.subtract(this._map.project(center, this._tileZoom));
    return L.bounds(bounds.min.add(by).subtract([EDGE_PX, EDGE_PX]), bounds.max.add(by).add([EDGE_PX, EDGE_PX]));
  },

  _getTilePos(coords) {
    if (!this.lattice) return L.TileLayer.prototype._getTilePos.call(this, coords);
    const corner = this._map.unproject(coords.scaleBy(this.getTileSize()), this._tileZoom);
    return this._map.project(this.unshifted(corner), this._tileZoom).subtract(this._level.origin).round();
  },

  // A tile reaches to where the next one begins, so that no seam shows between tiles of different offsets.
  fit(tile, coords) {
    const size = this._getTilePos(L.point(coords.x + 1, coords.y + 1)).subtract(this._getTilePos(coords));
    tile.style.width = `${size.x}px`;
    tile.style.height = `${size.y}px`;
  },

  // The offset is known where things are, not where they are drawn: ask there once more.
  unshifted({ lat, lng }) {
    const near = interpolated(this.lattice, lng, lat);
    const off = interpolated(this.lattice, lng - near.lon, lat - near.lat);
    return L.latLng(lat - off.lat, lng - off.lon);
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
