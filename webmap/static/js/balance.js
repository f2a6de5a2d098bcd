// Balance: a measure orders the table and colours the map, a grid is shown in both, and a line is drawn to split it.

const told = JSON.parse(document.getElementById("balance-told").textContent);
const table = document.querySelector(".balance-table");
const body = table.tBodies[0];
const rows = new Map([...body.rows].map((row) => [row.dataset.grid, row]));
const measures = Object.keys(told.legends);
const section = document.querySelector(".balance-map");

// ── the measure ──────────────────────────────────────────────────────────

function value(key, column) {
  return column === "code" ? told.codes[key] : told.values[key][column];
}

function compare(one, other) {
  if (typeof one === "string") return one < other ? -1 : Number(one > other);
  return one - other;
}

/** Put the rows in order: those without a number come last whichever way. */
function arrange() {
  const sign = told.ascending || told.order === "code" ? 1 : -1;
  const given = [...rows.keys()].filter((key) => value(key, told.order) !== null);
  const none = [...rows.keys()].filter((key) => value(key, told.order) === null);
  given.sort((one, other) => sign * compare(value(one, told.order), value(other, told.order)) || compare(told.codes[one], told.codes[other]));
  body.append(...[...given, ...none].map((key) => rows.get(key)));
}

function choose(column) {
  const again = told.order === column;
  told.ascending = again && column !== "code" ? !told.ascending : false;
  told.order = column;
  if (column !== "code") told.by = column;
  arrange();
  sayColumn();
  colour();
  keepAddress();
}

function sayColumn() {
  const way = told.ascending || told.order === "code" ? "ascending" : "descending";
  for (const head of table.tHead.rows[0].cells) {
    const column = head.querySelector("[data-measure]")?.dataset.measure;
    if (!column) continue;
    head.setAttribute("aria-sort", column === told.order ? way : "none");
    head.querySelector("i").textContent = column === told.order ? { ascending: "▴", descending: "▾" }[way] : "";
  }
  for (const card of document.querySelectorAll(".balance-measures a")) {
    if (card.dataset.measure === told.by) card.setAttribute("aria-current", "true");
    else card.removeAttribute("aria-current");
  }
  const at = 1 + measures.indexOf(told.by);
  for (const row of body.rows) for (const cell of row.cells) cell.classList.toggle("is-measured", cell.cellIndex === at);
}

function colour() {
  window.Wangge?.ready((map) => {
    map.leaflet.closePopup();
    map.layer("grids").setFigures(told.grids, { by: told.by, palette: "times", legend: told.legends[told.by] });
    if (chosen) map.layer("grids").highlight(chosen);
  });
}

function keepAddress() {
  const url = new URL(location.href);
  const said = { by: told.by === "households" ? null : told.by, order: told.order === "code" ? "code" : null, ascending: told.ascending ? "1" : null };
  for (const [name, word] of Object.entries(said)) {
    if (word === null) url.searchParams.delete(name);
    else url.searchParams.set(name, word);
  }
  history.replaceState({}, "", url);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-measure]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.dataset.measure);
});

// ── the grid ─────────────────────────────────────────────────────────────

let chosen = null;
const grid = document.getElementById("grid");
const to = document.getElementById("to");

/** Mark a grid in the table, and make it the one that is tried with. */
function mark(key) {
  chosen = key;
  for (const [each, row] of rows) row.classList.toggle("is-chosen", each === key);
  if (grid && key) grid.value = told.codes[key];
  offerVillages();
}

function show(key) {
  mark(key);
  window.Wangge?.ready((map) => {
    map.layer("grids").zoomTo(key);
    map.layer("grids").highlight(key);
  });
}

/** Only the villages that the grid touches can take it. */
function offerVillages() {
  if (!to) return;
  const beside = grid.value ? told.beside[grid.value] ?? [] : null;
  for (const option of to.options) {
    if (option.value) option.hidden = option.disabled = beside !== null && !beside.includes(option.value);
  }
  if (to.selectedOptions[0]?.disabled) to.value = "";
  if (beside?.length === 1) [to.value] = beside;
  document.querySelector("[data-none]").hidden = beside === null || beside.length > 0;
}

body.addEventListener("click", (event) => {
  const row = event.target.closest("[data-grid]");
  if (row) show(row.dataset.grid);
});

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer !== "grids") return;
  mark(detail.id);
  rows.get(String(detail.id))?.scrollIntoView({ block: "nearest" });
});

grid?.addEventListener("change", () => {
  const key = Object.keys(told.codes).find((each) => told.codes[each] === grid.value);
  if (key) show(key);
  else mark(null);
});

const into = document.getElementById("into");
const fresh = document.querySelector("[data-new-draft]");

function offerName() {
  if (fresh) fresh.hidden = Boolean(into.value);
}

into?.addEventListener("change", offerName);

// ── the line ─────────────────────────────────────────────────────────────

const SAME_PX = 4;
const field = document.getElementById("line");
const draw = document.querySelector("[data-draw]");
const undo = document.querySelector("[data-undo]");
let drawn = null;
let pressed = null;

/** The points in the field, as [lon, lat]; what is no pair of numbers is passed over. */
function points() {
  return field.value.split(/[,，;；\n]/).map((pair) => pair.trim().split(/\s+/).map(Number))
    .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));
}

function write(found) {
  field.value = found.map(([lon, lat]) => `${lon.toFixed(6)} ${lat.toFixed(6)}`).join(", ");
  sketch();
}

/** Draw what the field says, and every point of it. */
function sketch() {
  undo.hidden = !points().length;
  window.Wangge?.ready((map) => {
    drawn?.remove();
    const at = points().map(([lon, lat]) => [lat, lon]);
    const tone = getComputedStyle(document.documentElement).getPropertyValue("--map-highlight").trim();
    drawn = L.layerGroup([
      L.polyline(at, { color: tone, weight: 3, dashArray: "8 5", interactive: false }),
      ...at.map((each) => L.circleMarker(each, { radius: 5, color: tone, weight: 2, fillColor: "#fff", fillOpacity: 1, interactive: false })),
    ]).addTo(map.leaflet);
  });
}

function drawing() {
  return draw?.getAttribute("aria-pressed") === "true";
}

function turn(on) {
  const label = draw.querySelector("span");
  draw.setAttribute("aria-pressed", String(on));
  label.textContent = on ? label.dataset.on : label.dataset.off;
  section.classList.toggle("is-drawing", on);
  window.Wangge?.ready((map) => {
    map.leaflet.closePopup();
    if (on) map.element.scrollIntoView({ block: "nearest" });
  });
}

/** While drawing, the map's clicks are points: neither a grid nor the map itself hears of them. */
function intercept(map) {
  const at = (event) => map.leaflet.mouseEventToContainerPoint(event);
  const ours = (event) => drawing() && !event.target.closest(".leaflet-control");
  map.element.addEventListener("pointerdown", (event) => (pressed = at(event)), { capture: true });
  map.element.addEventListener("dblclick", (event) => ours(event) && event.stopPropagation(), { capture: true });
  map.element.addEventListener("click", (event) => {
    if (!ours(event)) return;
    event.stopPropagation();
    const here = at(event);
    if (pressed && here.distanceTo(pressed) > SAME_PX) return; // the map was dragged
    const found = points();
    const last = found.at(-1);
    if (last && map.leaflet.latLngToContainerPoint([last[1], last[0]]).distanceTo(here) <= SAME_PX) return; // a double click
    const { lng, lat } = map.leaflet.containerPointToLatLng(here);
    write([...found, [lng, lat]]);
  }, { capture: true });
}

if (draw) {
  window.Wangge?.ready(intercept);
  draw.addEventListener("click", () => turn(!drawing()));
  undo.addEventListener("click", () => write(points().slice(0, -1)));
  field.addEventListener("input", sketch);
  document.addEventListener("keydown", (event) => event.key === "Escape" && drawing() && turn(false));
  if (field.value) sketch();
  offerName();
  if (grid.value) mark(Object.keys(told.codes).find((key) => told.codes[key] === grid.value) ?? null);
}

sayColumn();
colour();
