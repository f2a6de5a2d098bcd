// The map's own scripts. webmap/maps.py writes the inline script that calls `Wangge.open` and the makers below.
//
// What a page's module can do:
//
//   Wangge.ready((map) => { … })          runs once the page's (first) map stands; also when it already does
//   Wangge.map                            that map, a Board; Wangge.maps are all of them by element id
//
//   map.leaflet                           Leaflet's own map
//   map.layer("incidents")                a layer that is on the map, by the key given in Python
//   Wangge.layer("heat")                  the same, also while it is switched off: map.leaflet.addLayer(…) shows it
//   map.layer("incidents").setQuery({ state: "filed", township: "" })
//                                         change what is asked of its address (blank values are left out) and fetch
//   map.layer("incidents").reload()       fetch again
//   map.layer("grids").highlight(id)      mark one area; null marks none. `id` is the feature's id
//   map.layer("areas").setFigures(byId, { by, palette, legend, scale, pale })
//                                         give areas other properties and colours without fetching them again
//   map.layer("grids").zoomTo(id)         show one area or incident whole
//   map.layer("findings").show(geojson)   draw these findings instead
//   map.layer("findings").highlight(id)   mark one finding
//   map.layer("pin").moveTo(lon, lat)     put the pin
//   map.show(lon, lat, zoom)              go somewhere
//   map.home()                            back to what it opened on
//
// What it can hear, on the map's element or, since they bubble, on document:
//
//   wangge:ready      { map }
//   wangge:select     { map, layer, id, properties }   an area, incident or finding was clicked
//   wangge:loaded     { map, layer, count }            a layer has new data
//   wangge:failed     { map, layer, error }            a layer could not fetch; the map itself offers to try again
//   wangge:pin        { map, lon, lat, accuracy, by }  the pin was moved, `by` "hand", "key" or "device"
//
//   document.addEventListener("wangge:select", ({ detail }) => {
//     if (detail.layer === "incidents") openCase(detail.id);
//   });
//
// Popups are made with textContent alone: whatever a reporter typed shows as the text it is.

import { areas } from "./areas.js";
import { tiles } from "./basemap.js";
import { Board } from "./board.js";
import { findings } from "./findings.js";
import { heat } from "./heat.js";
import { incidents } from "./incidents.js";
import { pin } from "./pin.js";

const waiting = [];
const made = new Map();

/** The maker, with what it makes kept under its key. */
function keeping(maker) {
  return (options) => {
    const layer = maker(options);
    made.set(options.key, layer);
    return layer;
  };
}

export const Wangge = {
  map: null,
  maps: {},
  layers: {
    areas: keeping(areas), incidents: keeping(incidents), heat: keeping(heat), findings: keeping(findings), pin: keeping(pin), tiles,
  },

  /** A layer by its key, whether or not it is on the map; of several maps the last one's. */
  layer(key) {
    return made.get(key);
  },

  /** Make the Leaflet map in the element and return it, for Folium's script to put layers on. */
  open(id, settings) {
    const board = new Board(document.getElementById(id), settings);
    this.maps[id] = board;
    this.map ??= board;
    return board.leaflet;
  },

  /** Called when every layer is on the map. */
  opened(leaflet) {
    leaflet.board.tell("ready", {});
    if (leaflet.board === this.map) waiting.splice(0).forEach((hear) => hear(this.map));
    this.standing = true;
  },

  ready(hear) {
    if (this.standing) hear(this.map);
    else waiting.push(hear);
  },
};

window.Wangge = Wangge;
