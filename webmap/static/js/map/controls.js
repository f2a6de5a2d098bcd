// What stands on the map's edge: zoom, back to my area, scale, legend, and word of trouble.

import { element } from "../base.js";

export function addControls(board) {
  const { leaflet, words } = board;
  L.control.zoom({ position: "topleft", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(leaflet);
  button(board, { symbol: "home", label: words.home, onPress: () => board.home() }).addTo(leaflet);
  L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 120 }).addTo(leaflet);
  leaflet.once("layeradd", () => setTimeout(() => nameTheLayerSwitch(board), 0));
  board.trouble = new Trouble(board);
}

/** A square button on the map. `symbol` is a class of map.css that draws it. */
export function button(board, { symbol, label, onPress, position = "topleft" }) {
  const Button = L.Control.extend({
    options: { position },
    onAdd() {
      const bar = element("div", "leaflet-bar leaflet-control");
      const press = element("a", `map-button map-button-${symbol}`);
      press.href = "#";
      press.title = label;
      press.setAttribute("role", "button");
      press.setAttribute("aria-label", label);
      L.DomEvent.disableClickPropagation(bar);
      L.DomEvent.on(press, "click", (event) => {
        L.DomEvent.preventDefault(event);
        onPress(press);
      });
      bar.append(press);
      return bar;
    },
  });
  return new Button();
}

// Leaflet's switch for layers has a title in English only.
function nameTheLayerSwitch(board) {
  const toggle = board.element.querySelector(".leaflet-control-layers-toggle");
  if (!toggle) return;
  toggle.title = board.words.layers;
  toggle.setAttribute("aria-label", board.words.layers);
}

/** The meaning of colours, collected from the layers that are on the map. */
export class Legend {
  constructor(board) {
    this.board = board;
    this.control = L.control({ position: "bottomright" });
    this.control.onAdd = () => this.make();
    this.box = null;
    board.leaflet.on("layeradd layerremove", () => this.later());
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 0);
  }

  make() {
    const box = element("details", "map-legend leaflet-control");
    box.open = this.board.element.clientWidth > 640;
    box.append(element("summary", "", this.board.words.legend), element("div", "map-legend-body"));
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    return box;
  }

  refresh() {
    const groups = [...this.board.keyed.values()]
      .filter((layer) => this.board.leaflet.hasLayer(layer) && layer.meaning)
      .map((layer) => layer.meaning())
      .filter((group) => group?.entries.length);
    if (!groups.length) {
      if (this.box) this.control.remove();
      this.box = null;
      return;
    }
    if (!this.box) this.box = this.control.addTo(this.board.leaflet).getContainer();
    this.box.querySelector(".map-legend-body").replaceChildren(...groups.map(drawn));
  }
}

function drawn({ title, entries }) {
  const group = element("div", "map-legend-group");
  if (title) group.append(element("p", "map-legend-title", title));
  for (const { shape, fill, edge, label } of entries) {
    const row = element("p", "map-legend-row");
    const mark = element("i", `map-mark map-mark-${shape}`);
    if (fill) mark.style.background = fill;
    if (edge) mark.style.borderColor = edge;
    row.append(mark, element("span", "", label));
    group.append(row);
  }
  return group;
}

/** One sentence over the map when data could not be loaded, with a button to try again. */
class Trouble {
  constructor(board) {
    this.board = board;
    this.box = element("div", "map-trouble");
    this.box.setAttribute("role", "alert");
    this.box.hidden = true;
    board.element.append(this.box);
    L.DomEvent.disableClickPropagation(this.box);
    board.leaflet.getContainer().addEventListener("wangge:loaded", () => (this.box.hidden = true));
  }

  show(error, again) {
    const { words } = this.board;
    const text = error.name === "Refused" ? error.message : words.failed;
    const retry = element("button", "button button-small", words.retry);
    retry.type = "button";
    retry.addEventListener("click", () => {
      this.box.hidden = true;
      again();
    });
    this.box.replaceChildren(element("span", "", text), retry);
    this.box.hidden = false;
  }
}
