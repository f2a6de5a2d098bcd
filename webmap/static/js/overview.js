// The overview: going through the months changes figures, table, colours and heat in place; a row shows its area.
//
// The server renders every piece; this script only asks for it with `fragment=figures` and puts it where it belongs.

import { toast } from "./base.js";

const STEP_MS = 1400;
const REFRESH_MS = 60_000;
const page = document.querySelector(".overview");
const form = document.querySelector(".overview-time");
const months = JSON.parse(form.dataset.months);
const range = form.querySelector("input[type=range]");
const said = form.querySelector("output");
const play = form.querySelector("[data-play]");

const heatBox = document.querySelector("[data-heat]");

// ── what is shown ────────────────────────────────────────────────────────

let turn = 0;
const fetched = new Map();

/** The address of this view with other parameters; null leaves one out. */
function address(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url;
}

async function pieces(url) {
  const asked = new URL(url);
  asked.searchParams.set("fragment", "figures");
  if (!fetched.has(asked.href)) {
    const response = await fetch(asked, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    fetched.set(asked.href, await response.text());
  }
  return new DOMParser().parseFromString(fetched.get(asked.href), "text/html");
}

/** Show another view of the same area. The markup is the server's own, with every word of a person escaped. */
async function show(url, { push = true } = {}) {
  const mine = ++turn;
  page.setAttribute("aria-busy", "true");
  try {
    const found = await pieces(url);
    if (mine !== turn) return;
    for (const piece of found.querySelectorAll("[data-piece]")) {
      document.querySelector(`[data-piece="${piece.dataset.piece}"]`).replaceWith(piece);
    }
    if (push) history.replaceState({}, "", url);
    follow(new URL(url));
    colour();
  } catch {
    if (mine !== turn) return;
    stop();
    toast(page.dataset.offline, "error");
  } finally {
    if (mine === turn) page.removeAttribute("aria-busy");
  }
}

/** Let the tools say what is shown, and lead on from there. */
function follow(url) {
  const month = url.searchParams.get("month");
  const shown = url.searchParams.get("show") ?? "filed";
  const kept = Object.fromEntries(["month", "show", "heat"].map((name) => [name, url.searchParams.get(name)]));
  form.querySelector("[data-whole]").toggleAttribute("aria-current", month === "all");
  if (month === "all") said.textContent = form.dataset.year;
  for (const link of document.querySelectorAll("[data-show]")) {
    if (link.dataset.show === shown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const link of document.querySelectorAll(".overview-head a, [data-show], [data-whole], .overview-table a[href^='/overview']")) {
    const target = new URL(link.href);
    for (const [name, value] of Object.entries(kept)) {
      if ((name === "month" && link.hasAttribute("data-whole")) || (name === "show" && link.dataset.show)) continue;
      if (value === null) target.searchParams.delete(name);
      else target.searchParams.set(name, value);
    }
    link.href = target;
  }
}

function colour({ heat = true } = {}) {
  const told = JSON.parse(document.querySelector("[data-map-figures]").textContent);
  window.Wangge?.ready((map) => {
    if (heat) map.leaflet.closePopup();
    map.layer("areas").setFigures(told.areas, { ...told, pale: heatBox.checked });
    if (heat) Wangge.layer("heat").setQuery(told.heat);
  });
}

// ── the months ───────────────────────────────────────────────────────────

let playing = null;
let wanted = null;

function sayMonth() {
  const month = months[range.value];
  said.textContent = month.name;
  range.setAttribute("aria-valuetext", month.name);
  return month;
}

function showMonth() {
  const month = sayMonth();
  clearTimeout(wanted);
  wanted = setTimeout(() => show(address({ month: month.value })), playing ? 0 : 120);
}

function step() {
  const last = Number(range.max);
  if (document.hidden) return;
  if (Number(range.value) >= last) {
    stop();
    return;
  }
  range.value = Number(range.value) + 1;
  showMonth();
}

function start() {
  if (Number(range.value) >= Number(range.max)) range.value = 0;
  playing = setInterval(step, STEP_MS);
  play.setAttribute("aria-pressed", "true");
  showMonth();
}

function stop() {
  clearInterval(playing);
  playing = null;
  play.setAttribute("aria-pressed", "false");
}

// ── hearing ──────────────────────────────────────────────────────────────

range.addEventListener("input", () => {
  stop();
  showMonth();
});
play.addEventListener("click", () => (playing ? stop() : start()));
form.addEventListener("submit", (event) => event.preventDefault());

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest("[data-in-place]");
  if (link) {
    event.preventDefault();
    stop();
    show(link.href);
    return;
  }
  const find = event.target.closest("[data-find]") ?? (event.target.closest("a, button") ? null : event.target.closest("[data-area]"));
  if (find) showArea(find.dataset.find ?? find.dataset.area);
});

function showArea(id) {
  window.Wangge?.ready((map) => {
    map.layer("areas").highlight(Number(id));
    map.layer("areas").zoomTo(id);
  });
  mark(id);
  page.querySelector(".overview-map").scrollIntoView({ block: "nearest" });
}

function mark(id) {
  for (const row of document.querySelectorAll("[data-area]")) row.classList.toggle("is-chosen", row.dataset.area === String(id));
}

// A popup leads into its area in the month and the colours shown.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".map-card a");
  if (!link || !link.pathname.startsWith("/overview")) return;
  const here = new URL(location.href);
  const target = new URL(link.href);
  for (const name of ["month", "show", "heat", "screen"]) {
    if (here.searchParams.has(name)) target.searchParams.set(name, here.searchParams.get(name));
  }
  link.href = target;
}, { capture: true });

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer !== "areas") return;
  mark(detail.id);
  document.querySelector(`[data-area="${detail.id}"]`)?.scrollIntoView({ block: "nearest" });
});

heatBox.addEventListener("change", () => {
  window.Wangge?.ready((map) => {
    if (heatBox.checked) map.leaflet.addLayer(Wangge.layer("heat"));
    else map.leaflet.removeLayer(Wangge.layer("heat"));
  });
  history.replaceState({}, "", address({ heat: heatBox.checked ? "1" : null }));
  follow(new URL(location.href));
  colour({ heat: false });
});

colour({ heat: false }); // it is being fetched already

// The big screen stays up to date by itself.
setInterval(() => {
  fetched.clear();
  if (!document.hidden && !playing && document.documentElement.classList.contains("dark")) show(location.href, { push: false });
}, REFRESH_MS);
