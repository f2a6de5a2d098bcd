// Names of areas, written where they do not cover one another: those of higher areas first.

import { element } from "../base.js";

const MOST = 160; // more are not readable, and each is an element
const LETTER_PX = { wide: 13, narrow: 7 };

export class Labels {
  constructor(board) {
    this.board = board;
    this.group = L.layerGroup().addTo(board.leaflet);
    board.leaflet.on("zoomend moveend layeradd layerremove", () => this.later());
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.place());
  }

  place() {
    const map = this.board.leaflet;
    const view = map.getBounds();
    const wanted = [...this.board.keyed.values()]
      .filter((layer) => layer.names && map.hasLayer(layer))
      .sort((one, other) => other.rank - one.rank)
      .flatMap((layer) => layer.names(view));
    const taken = [];
    const placed = [];
    for (const { name, at, look, room } of wanted) {
      const size = { x: width(name), y: 18 };
      if (placed.length >= MOST) break;
      if (size.x > room || !view.contains(at)) continue;
      const box = boxAround(map.latLngToContainerPoint(at), size);
      if (taken.some((other) => other.overlaps(box))) continue;
      taken.push(box);
      placed.push(label(name, at, look));
    }
    this.group.clearLayers();
    placed.forEach((one) => this.group.addLayer(one));
  }
}

function width(name) {
  return [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x2e7f ? LETTER_PX.wide : LETTER_PX.narrow), 0);
}

function boxAround(point, { x, y }) {
  return L.bounds(point.subtract([x / 2, y / 2]), point.add([x / 2, y / 2]));
}

function label(name, at, look) {
  const text = element("span", `map-label map-label-${look}`, name);
  const icon = L.divIcon({ className: "map-label-anchor", html: text, iconSize: [0, 0] });
  return L.marker(at, { icon, interactive: false, keyboard: false, pane: "names" });
}
