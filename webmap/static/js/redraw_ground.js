// The ground that changes hands, hatched on both maps of a redraw; the pieces of the chosen difference one by one.

import { element, fetchJson } from "./base.js";

const maps = document.querySelector(".diff-maps");
const left = window.Wangge.maps[maps.dataset.left];
const right = window.Wangge.maps[maps.dataset.right];
const sides = [left, right];
const panel = document.querySelector("[data-ground-panel]");
const list = panel.querySelector("ol");
const counter = panel.querySelector("[role=status]");
const rows = [...document.querySelectorAll("tr[data-ground]")];

// ── on the maps ──────────────────────────────────────────────────────────

const tone = getComputedStyle(document.documentElement).getPropertyValue("--diff-ground").trim();

/** Slanting lines, which a canvas fills with as it does with a colour. */
function hatching() {
  const tile = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
  const pen = tile.getContext("2d");
  pen.strokeStyle = tone;
  pen.lineWidth = 2.2;
  for (const x of [-8, 0, 8]) {
    pen.moveTo(x - 1, 9);
    pen.lineTo(x + 9, -1);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

const hatch = hatching();

function hatchLayer(layer) {
  layer.rank = 40; // above the areas, below what was found
  layer.style = () => ({ color: tone, weight: 2, fill: true, fillColor: hatch, fillOpacity: 1 });
  layer.meaning = () => ({
    title: "",
    entries: [{ shape: "area", fill: `repeating-linear-gradient(-45deg, ${tone} 0 2px, transparent 2px 5px)`, edge: tone, label: layer.own.name }],
  });
  for (const shape of layer.byId.values()) shape.setStyle(layer.style());
  layer.board?.legend.later();
}

/** The same pieces lie on both maps: they are fetched once, for the right one. */
function share(features) {
  left.layer("ground").draw({ type: "FeatureCollection", features });
  left.arrange();
}

function follow(from, to) {
  from.leaflet.on("layeradd layerremove", ({ layer, type }) => {
    if (layer !== from.layer("ground")) return;
    if (type === "layeradd") to.leaflet.addLayer(to.layer("ground"));
    else to.leaflet.removeLayer(to.layer("ground"));
  });
}

for (const board of sides) hatchLayer(board.layer("ground"));
follow(left, right);
follow(right, left);
share([...right.layer("ground").byId.values()].map(({ feature }) => feature));

document.addEventListener("wangge:loaded", ({ detail }) => {
  if (detail.layer === "ground") {
    share(detail.answer.features);
    panel.querySelector("[data-left-out]").hidden = !detail.answer.left_out;
  }
  for (const board of sides) board.layer("ground").bringToFront(); // areas that are marked came to the front just now
  mark(marked);
});

// ── the pieces of one difference ─────────────────────────────────────────

let chosenRow = null;
let pieces = [];
let at = -1;
let asked = Promise.resolve();

/** List the pieces of a difference. */
function show(row) {
  chosenRow = row;
  asked = (async () => {
    try {
      const { features } = await fetchJson(row.dataset.ground);
      if (chosenRow === row) tell(features);
    } catch (error) {
      if (chosenRow === row) say(error.name === "Refused" ? error.message : left.words.failed);
    }
  })();
  return asked;
}

function tell(features) {
  pieces = features;
  at = -1;
  panel.querySelector("[data-hint]").hidden = pieces.length > 0;
  list.replaceChildren(...pieces.map((piece, place) => line(piece, place)));
  counter.textContent = String(pieces.length);
  mark(null);
}

function line({ properties }, place) {
  const item = element("li");
  const button = element("button", "", properties.name);
  button.type = "button";
  button.dataset.piece = place;
  item.append(button);
  return item;
}

function say(text) {
  tell([]);
  list.replaceChildren(element("li", "", text));
}

let marked = null;

/** Fill one piece whole; null none. */
function mark(id) {
  marked = id;
  for (const board of sides) {
    const layer = board.layer("ground");
    layer.highlight(id);
    layer.byId.get(id)?.setStyle({ color: tone, fillColor: tone, fillOpacity: 0.6 });
  }
}

function choose(place, { zoom = true } = {}) {
  if (!pieces.length) return;
  at = (place + pieces.length) % pieces.length;
  const { id, geometry } = pieces[at];
  const said = `${at + 1} / ${pieces.length}`;
  if (counter.textContent !== said) counter.textContent = said;
  for (const button of list.querySelectorAll("[data-piece]")) {
    const here = Number(button.dataset.piece) === at;
    button.classList.toggle("is-chosen", here);
    button.toggleAttribute("aria-current", here);
    if (here) button.scrollIntoView({ block: "nearest" });
  }
  mark(id);
  if (zoom && geometry) left.leaflet.fitBounds(L.geoJSON(geometry).getBounds(), { padding: [60, 60], maxZoom: 18 });
}

/** Go on to the piece after or before, and from the last one of a difference to the next difference. */
async function step(by) {
  const within = at + by;
  if (chosenRow && pieces.length && (at < 0 || (within >= 0 && within < pieces.length))) {
    choose(at < 0 && by < 0 ? pieces.length - 1 : within);
    return;
  }
  if (!rows.length) return;
  const place = chosenRow ? rows.indexOf(chosenRow) + by : by > 0 ? 0 : rows.length - 1;
  const row = rows[(place + rows.length) % rows.length];
  row.querySelector("button").click(); // which shows it on both maps, too
  await asked;
  if (chosenRow === row) choose(by > 0 ? 0 : pieces.length - 1);
}

async function showTrade(row, code) {
  await asked;
  if (chosenRow === row) choose(pieces.findIndex(({ properties }) => code === properties.before || code === properties.after));
}

document.addEventListener("click", ({ target }) => {
  const stepping = target.closest("[data-piece-step]");
  if (stepping) step(Number(stepping.dataset.pieceStep));
  const piece = target.closest("[data-piece]");
  if (piece) choose(Number(piece.dataset.piece));
  const row = target.closest("tr[data-bounds]");
  if (!row || target.closest("a")) return;
  if (row.dataset.ground) show(row);
  else tell([]);
  const trade = target.closest("[data-trade]");
  if (trade) showTrade(row, trade.dataset.trade);
});

// A piece that is chosen on a map is told in the list with the others of its difference, where that is on this page.
document.addEventListener("wangge:select", async ({ detail }) => {
  if (detail.layer !== "ground") return;
  const { id, properties } = detail;
  const [, after] = id.split(">");
  const row = rows.find(({ dataset }) => JSON.parse(dataset.after).map(String).includes(after))
    ?? rows.find(({ dataset }) => JSON.parse(dataset.before).includes(properties.before));
  if (row && row !== chosenRow) await show(row);
  if (!row) tell([{ id, properties }]);
  choose(pieces.findIndex((piece) => piece.id === id), { zoom: false });
});
