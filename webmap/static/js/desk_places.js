// The places that the words of a case may mean: numbered on the map as in the list, and marked in the words.
//
// What is drawn comes from the list's own data attributes; names go into the page as text, never as markup.

import { element, fetchJson } from "./base.js";
import { colour } from "./map/looks.js";

const CLOSEST_ZOOM = 17;
const PANE = "places";
const ROOM_PX = 48;
const LEGEND_PX = 190;
const LIKELY_SHARE = 0.1;

let shown = null;

/** Draw the places of the case in the panel and show them all; those of the case before go. */
export function showPlaces(panel) {
  clearPlaces();
  const list = panel.querySelector("[data-candidates]");
  if (!list) return;
  const items = [...list.querySelectorAll("[data-candidate]")];
  const words = panel.querySelector(`[data-words="${list.dataset.candidates}"]`);
  hearItems(items, words);
  const folded = list.closest("details[data-places]");
  folded?.addEventListener("toggle", () => (folded.open ? draw(items, panel) : clearPlaces()));
  if (!folded || folded.open) draw(items, panel);
}

export function clearPlaces() {
  shown?.group.remove();
  shown = null;
}

/** Go to the nth place of the list, so that Enter takes it. Says whether there is one. */
export function goToPlace(nth) {
  const place = shown?.places[nth - 1];
  place?.item.querySelector("[data-candidate-press]").focus();
  return Boolean(place);
}

function hearItems(items, words) {
  items.forEach((item, index) => {
    item.addEventListener("pointerenter", () => activate(index, item, words));
    item.addEventListener("focusin", () => {
      activate(index, item, words);
      look(index);
    });
    const press = item.querySelector("[data-candidate-press]");
    if (press.type === "button") press.addEventListener("click", () => look(index));
  });
}

function draw(items, panel) {
  window.Wangge?.ready((map) => {
    clearPlaces();
    prepare(map.leaflet);
    const group = L.featureGroup();
    const places = items.map((item, index) => drawOne(group, item, index));
    const of = panel.querySelector(".case");
    if (of.dataset.lon) L.marker([of.dataset.lat, of.dataset.lon], { icon: own(), interactive: false, keyboard: false, zIndexOffset: above(5) }).addTo(group);
    shown = { map, group, places };
    group.addTo(map.leaflet);
    whole(of);
  });
}

/** Extents lie above the map's own shapes, which are put in order whenever they are fetched, and take no clicks. */
function prepare(leaflet) {
  if (leaflet.getPane(PANE)) return;
  Object.assign(leaflet.createPane(PANE).style, { zIndex: 440, pointerEvents: "none" });
}

function drawOne(group, item, index) {
  const { lon, lat, radius, name, confidence } = item.dataset;
  const at = L.latLng(Number(lat), Number(lon));
  const place = { item, at, extent: null, confidence: Number(confidence) };
  if (radius) extend(group, place, L.circle(at, { ...style(), radius: Number(radius) }));
  place.marker = L.marker(at, { icon: numbered(index + 1, Boolean(radius)), title: name, alt: `${index + 1} ${name}`, zIndexOffset: above(index) });
  place.marker.on("click", () => goToPlace(index + 1)).addTo(group);
  if (item.dataset.area) outline(group, place, item.dataset);
  return place;
}

/** The likelier lies above, and all lie above the cases: Leaflet itself orders markers by their height on the screen. */
function above(index) {
  return 10_000 * (6 - index);
}

function extend(group, place, shape) {
  place.extent?.remove();
  group.removeLayer(place.extent ?? shape);
  place.extent = shape.addTo(group);
}

/** A village or township is drawn as it is; until its outline is there, and without one, as a circle. */
async function outline(group, place, { area, kind }) {
  const { lat, lng } = place.at;
  const box = [lng - 0.002, lat - 0.002, lng + 0.002, lat + 0.002].join(",");
  try {
    const { features } = await fetchJson(`/api/v1/areas.geojson?kind=${kind}&bbox=${box}`);
    const found = features.find((feature) => String(feature.id) === area);
    if (found && shown?.group === group) extend(group, place, L.geoJSON(found, { style, pane: PANE, interactive: false }));
  } catch {
    // The circle stays: it says as much, less exactly.
  }
}

function style() {
  return { color: colour("--map-highlight"), weight: 2, dashArray: "6 5", fillColor: colour("--map-highlight"), fillOpacity: 0.08, pane: PANE, interactive: false };
}

function numbered(number, wide) {
  return L.divIcon({ className: `desk-place${wide ? " is-wide" : ""}`, html: element("span", "", String(number)), iconSize: [30, 30], iconAnchor: [15, 15] });
}

/** Where the case lies now: it may be hidden in a cluster. */
function own() {
  return L.divIcon({ className: "desk-own", html: element("span"), iconSize: [18, 18], iconAnchor: [9, 9] });
}

/** Show the likely places, and the case itself where it has a position. Areas around a place say no more than it. */
function whole(shownCase) {
  const [best] = shown.places;
  const likely = shown.places.filter((place) => place.confidence >= LIKELY_SHARE * best.confidence && (!place.extent || best.extent));
  const bounds = L.latLngBounds([]);
  likely.forEach((place) => bounds.extend(place.extent?.getBounds() ?? place.at));
  if (shownCase?.dataset.lon) bounds.extend([Number(shownCase.dataset.lat), Number(shownCase.dataset.lon)]);
  shown.map.leaflet.invalidateSize({ pan: false });
  fit(bounds, CLOSEST_ZOOM, { animate: false });
}

function look(index) {
  const place = shown?.places[index];
  if (!place) return;
  const { leaflet } = shown.map;
  if (place.extent) fit(place.extent.getBounds(), CLOSEST_ZOOM);
  else fit(L.latLngBounds([place.at, place.at]), Math.max(leaflet.getZoom(), 16));
}

/** Fit the bounds into what of the map is neither under the panel nor under the legend. */
function fit(bounds, maxZoom, options = {}) {
  if (!bounds.isValid()) return;
  const { leaflet } = shown.map;
  const box = leaflet.getContainer().getBoundingClientRect();
  const panel = document.getElementById("desk-case");
  const above = getComputedStyle(panel).position === "absolute"; // as it is where three columns find no room
  const covered = above ? Math.max(0, box.right - panel.getBoundingClientRect().left) : 0;
  const right = covered + (box.width - covered > 4 * LEGEND_PX ? LEGEND_PX : ROOM_PX);
  leaflet.fitBounds(bounds, { paddingTopLeft: [ROOM_PX, ROOM_PX], paddingBottomRight: [Math.min(right, box.width - 2 * ROOM_PX), ROOM_PX], maxZoom, ...options });
}

function activate(index, item, words) {
  shown?.places.forEach((place, at) => {
    place.marker.getElement()?.classList.toggle("is-active", at === index);
    place.marker.setZIndexOffset(at === index ? above(-1) : above(at));
  });
  item.parentElement.querySelectorAll(".is-active").forEach((other) => other.classList.remove("is-active"));
  item.classList.add("is-active");
  if (words) mark(words, JSON.parse(item.dataset.spans));
}

/** Mark stretches of the words. They count characters, of which a script's strings may need two units each. */
function mark(words, spans) {
  const characters = Array.from(words.textContent);
  const parts = [];
  let at = 0;
  for (const [start, end] of spans) {
    parts.push(characters.slice(at, start).join(""), element("mark", "", characters.slice(start, end).join("")));
    at = end;
  }
  words.replaceChildren(...parts, characters.slice(at).join(""));
}
