// The desk: cases open beside the list, steps are taken without losing one's place, new cases announce themselves.
//
// The server renders every piece; this script only asks for it with `fragment=` and puts it where it belongs.

import { csrfToken, fetchJson, toast } from "./base.js";
import { clearPlaces, goToPlace, showPlaces } from "./desk_places.js";

const REFRESH_MS = 30_000;
const list = document.getElementById("desk-list");
const panel = document.getElementById("desk-case");
const news = document.querySelector(".desk-news");

/** The address of this view with other parameters; null leaves one out. */
function address(path, changes = {}) {
  const url = new URL(path, location.href);
  if (path === location.href) url.search = location.search;
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url;
}

async function fetchPiece(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" }, ...options });
  if (response.redirected && !response.url.includes("fragment=")) location.assign(response.url);
  return { ok: response.ok, text: await response.text(), piece: response.url.includes("fragment=") };
}

// ── the case ─────────────────────────────────────────────────────────────

async function openCase(id, { push = true } = {}) {
  const url = address(`/desk/${id}`);
  new URLSearchParams(location.search).forEach((value, name) => url.searchParams.set(name, value));
  url.searchParams.set("fragment", "case");
  const { ok, text } = await fetchPiece(url);
  if (!ok) {
    toast(new DOMParser().parseFromString(text, "text/html").querySelector("h1")?.textContent ?? String(id), "error");
    return;
  }
  fill(id, text);
  if (push) history.pushState({}, "", address(location.href, { case: id }));
}

/** Put a rendered case into the panel. The markup is the server's own, with every word of a person escaped. */
function fill(id, html) {
  panel.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  panel.hidden = false;
  panel.dataset.id = id;
  panel.scrollTop = 0;
  panel.querySelector("[data-close-case]")?.toggleAttribute("hidden", !list);
  markRow(id);
  showOnMap();
  showPlaces(panel);
  preparePlacing();
}

function closeCase() {
  if (!list || panel.hidden) return;
  panel.hidden = true;
  panel.replaceChildren();
  delete panel.dataset.id;
  stopPlacing();
  clearPlaces();
  history.pushState({}, "", address(location.href, { case: null }));
  const row = markRow(null);
  row?.focus();
  window.Wangge?.ready((map) => {
    map.layer("incidents")?.highlight(null);
    map.layer("grids")?.highlight(null);
  });
}

function showOnMap() {
  const shown = panel.querySelector(".case");
  if (!shown) return;
  window.Wangge?.ready((map) => {
    map.layer("grids")?.highlight(shown.dataset.grid ? Number(shown.dataset.grid) : null);
    map.layer("incidents")?.highlight(Number(panel.dataset.id));
    if (!shown.dataset.lon) return;
    const at = L.latLng(Number(shown.dataset.lat), Number(shown.dataset.lon));
    if (!map.layer("incidents")) L.circleMarker(at, { radius: 9, weight: 3, color: "#fff", fillColor: "#d9661f", fillOpacity: 1 }).addTo(map.leaflet);
    if (panel.querySelector("section [data-candidate]")) return; // all the places are shown instead
    if (!map.leaflet.getBounds().pad(-0.15).contains(at) || map.leaflet.getZoom() < 14) map.show(at.lng, at.lat, 15);
  });
}

// ── the list ─────────────────────────────────────────────────────────────

const rows = () => [...list.querySelectorAll("[data-case]")];

function markRow(id) {
  let before = null;
  for (const row of list ? rows() : []) {
    const chosen = row.dataset.case === String(id);
    if (row.getAttribute("aria-current")) before = row;
    row.toggleAttribute("aria-current", chosen);
    if (chosen) row.setAttribute("aria-current", "true");
    row.parentElement.classList.toggle("is-chosen", chosen);
    if (chosen) row.scrollIntoView({ block: "nearest" });
  }
  return before;
}

async function refreshList() {
  const { ok, text } = await fetchPiece(address(location.href, { fragment: "list", after: null }));
  if (!ok) return;
  list.innerHTML = text;
  markRow(panel.dataset.id ?? null);
  window.Wangge?.ready((map) => map.layer("incidents")?.reload());
  refreshCounts();
}

async function showMore(link) {
  const url = address(link.href, { fragment: "list" });
  const { ok, text } = await fetchPiece(url);
  if (!ok) return;
  const next = new DOMParser().parseFromString(text, "text/html");
  list.querySelector(".desk-rows").append(...next.querySelectorAll(".desk-rows > li"));
  link.parentElement.replaceWith(...[next.querySelector(".desk-next")].filter(Boolean));
}

function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row === document.activeElement || row.getAttribute("aria-current"));
  const focused = all.indexOf(document.activeElement);
  const next = all[Math.min(Math.max((focused >= 0 ? focused : at) + step, 0), all.length - 1)];
  next?.focus();
  if (next && !panel.hidden) openCase(next.dataset.case);
}

// ── what has come in meanwhile ───────────────────────────────────────────

let known = null;

async function refreshCounts() {
  const counts = await fetchJson(address("/desk/counts", Object.fromEntries(new URLSearchParams(location.search))));
  for (const [tab, number] of Object.entries(counts)) {
    const shown = document.querySelector(`[data-tab="${tab}"] [data-count]`);
    if (shown) shown.textContent = number.toLocaleString();
  }
  return counts;
}

async function look() {
  if (document.hidden) return;
  try {
    const counts = await refreshCounts();
    const waiting = counts.queue + counts.filed;
    if (known !== null && waiting > known) announce(waiting - known);
    else known = waiting;
  } catch {
    // The next look may succeed; a desk that is offline for a moment needs no alarm.
  }
}

function announce(count) {
  const words = count === 1 ? list.dataset.countOne : list.dataset.countMany.replace("{count}", count);
  news.hidden = false;
  news.querySelector("button").textContent = words;
}

// ── steps ────────────────────────────────────────────────────────────────

async function takeStep(form, submitter) {
  submitter?.classList.add("is-busy");
  try {
    const body = new URLSearchParams(new FormData(form));
    const { text, piece } = await fetchPiece(address(form.action, { fragment: "case" }), {
      method: "POST", body, headers: { Accept: "text/html", "X-CSRFToken": csrfToken() },
    });
    if (!piece) return;
    stopPlacing();
    fill(panel.dataset.id, text);
    if (list) await refreshList();
  } catch {
    submitter?.classList.remove("is-busy");
    toast(panel.dataset.offline, "error");
  }
}

// ── placing by hand ──────────────────────────────────────────────────────

let placing = null;

function preparePlacing() {
  stopPlacing();
  const box = panel.querySelector("[data-place]");
  box?.querySelector("[data-place-start]").addEventListener("click", () => startPlacing(box));
  box?.querySelector("[data-place-cancel]").addEventListener("click", stopPlacing);
}

function startPlacing(box) {
  window.Wangge?.ready((map) => {
    const form = box.querySelector("form");
    form.hidden = false;
    box.querySelector("[data-place-start]").hidden = true;
    const put = ({ latlng }) => putPin(latlng);
    map.leaflet.on("click", put);
    map.leaflet.getContainer().classList.add("is-placing");
    placing = { map, box, form, put, pin: null, asked: 0 };
    map.leaflet.getContainer().scrollIntoView({ block: "nearest" });
  });
}

function stopPlacing() {
  if (!placing) return;
  const { map, box, form, put, pin } = placing;
  map.leaflet.off("click", put);
  map.leaflet.getContainer().classList.remove("is-placing");
  pin?.remove();
  form.hidden = true;
  box.querySelector("[data-place-start]").hidden = false;
  placing = null;
}

function putPin(latlng) {
  const icon = L.divIcon({ className: "desk-pin", iconSize: [28, 28], iconAnchor: [14, 28] });
  placing.pin ??= L.marker(latlng, { draggable: true, icon, keyboard: true }).addTo(placing.map.leaflet)
    .on("dragend", () => putPin(placing.pin.getLatLng()));
  placing.pin.setLatLng(latlng);
  placing.form.elements.lon.value = latlng.lng.toFixed(7);
  placing.form.elements.lat.value = latlng.lat.toFixed(7);
  askWhere(latlng);
}

/** Say which grid the pin lies in and who would answer, before anything is saved. */
async function askWhere({ lat, lng }) {
  const turn = ++placing.asked;
  const said = placing.form.querySelector("[data-answer]");
  const save = placing.form.querySelector("[data-save]");
  const where = await fetchJson(address("/api/v1/locate", { lon: lng.toFixed(7), lat: lat.toFixed(7) }));
  if (!placing || placing.asked !== turn) return;
  said.hidden = false;
  save.disabled = !where.grid;
  const answerer = where.answerer?.person?.name ?? where.answerer?.unit?.name ?? said.dataset.nobody;
  said.textContent = where.grid ? `${where.grid.name} · ${where.township?.name ?? ""} · ${answerer}` : said.dataset.outside;
  placing.map.layer("grids")?.highlight(where.grid ? where.grid.id : null);
}

// ── hearing ──────────────────────────────────────────────────────────────

document.addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  const row = event.target.closest("[data-case]");
  if (row && plain) {
    event.preventDefault();
    openCase(row.dataset.case);
  }
  if (event.target.closest("[data-close-case]")) closeCase();
  if (event.target.closest("[data-candidate-inside]") && !placing) startPlacing(panel.querySelector("[data-place]"));
  const more = event.target.closest("[data-next]");
  if (more && plain) {
    event.preventDefault();
    showMore(more);
  }
  if (event.target.closest("[data-news]")) {
    news.hidden = true;
    known = null;
    refreshList();
  }
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-step]")) return;
  event.preventDefault();
  takeStep(event.target, event.submitter);
}, { capture: true });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (!typing && /^[1-5]$/.test(event.key) && goToPlace(Number(event.key))) event.preventDefault();
  if (!list) return;
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) closeCase();
  if (typing) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/") document.getElementById("text").focus();
  else return;
  event.preventDefault();
});

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer === "incidents" && !placing) openCase(detail.id);
});

window.addEventListener("popstate", () => location.reload());

if (panel && !panel.hidden && panel.dataset.id) {
  panel.querySelector("[data-close-case]")?.toggleAttribute("hidden", !list);
  showOnMap();
  showPlaces(panel);
  preparePlacing();
}
if (list) {
  look();
  setInterval(look, REFRESH_MS);
}
