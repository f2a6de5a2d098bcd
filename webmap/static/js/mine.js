// My map: the sheet under the map, my position, cases by tap on list or map, and "found and fixed" in two taps.
//
// The server renders the list; this script sends its forms and puts the list as it is afterwards in place.

import { csrfToken, element, fetchJson, toast } from "./base.js";
import { button } from "./map/controls.js";
import { makeKey } from "./keys.js";
import { clearPhotos, formDataOf, preparePhotos } from "./photos.js";

const REFRESH_MS = 60_000;
const page = document.querySelector(".mine");
const sheet = page.querySelector(".mine-sheet");
const list = document.getElementById("mine-list");
const quick = document.querySelector(".mine-quick");

// ── where I am ───────────────────────────────────────────────────────────

let here = null;
let watching = null;
const FRESH_MS = 30_000;

/** Follow the device's position from now on. Called again, it only asks the browser again. */
function follow({ look = false } = {}) {
  if (!navigator.geolocation) return refuse({ code: 2 });
  if (watching !== null) navigator.geolocation.clearWatch(watching);
  let first = look;
  watching = navigator.geolocation.watchPosition(
    ({ coords }) => {
      take(coords);
      if (first) window.Wangge.map.show(here.lon, here.lat);
      first = false;
    },
    refuse,
    { enableHighAccuracy: true, timeout: 20000, maximumAge: 10000 },
  );
}

function take(coords) {
  here = { lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy };
  showMe();
  showDistances();
  return here;
}

function refuse(problem) {
  if (here) return;
  toast(problem.code === 1 ? page.dataset.denied : page.dataset.noPosition, "warning");
}

/** Where the device is now, not where it was seen last; null where it has no position to give. */
function position() {
  return new Promise((hear) => navigator.geolocation.getCurrentPosition(
    ({ coords }) => hear(take(coords)),
    (problem) => {
      refuse(problem);
      hear(null);
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: FRESH_MS },
  ));
}

let dot = null;

function showMe() {
  const map = window.Wangge?.map?.leaflet;
  if (!map) return;
  const at = [here.lat, here.lon];
  dot ??= {
    ring: L.circle(at, { radius: 1, weight: 1, interactive: false, className: "mine-ring", renderer: L.svg() }).addTo(map),
    point: L.marker(at, { interactive: false, keyboard: false, icon: L.divIcon({ className: "mine-me", iconSize: [18, 18] }) }).addTo(map),
  };
  dot.ring.setLatLng(at).setRadius(here.accuracy);
  dot.point.setLatLng(at);
}

function showDistances() {
  for (const one of list.querySelectorAll("details[data-lon]")) {
    const metres = distance(here, { lon: Number(one.dataset.lon), lat: Number(one.dataset.lat) });
    one.querySelector("[data-distance]").textContent = metres < 950
      ? page.dataset.metres.replace("{n}", Math.round(metres / 10) * 10)
      : page.dataset.kilometres.replace("{n}", (metres / 1000).toFixed(1));
  }
}

// On the scale of a walk the earth is flat: within a per mille of the way round the ball.
function distance(one, other) {
  const perDegree = 111_320;
  const east = (other.lon - one.lon) * perDegree * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(east, (other.lat - one.lat) * perDegree);
}

// ── the sheet ────────────────────────────────────────────────────────────

const SIZES = ["low", "half", "full"];

function setSheet(size) {
  page.dataset.sheet = size;
  page.classList.remove("is-dragged");
  page.style.removeProperty("--sheet");
}

function prepareSheet() {
  const handle = sheet.querySelector(".mine-handle");
  let drag = null;
  handle.addEventListener("pointerdown", (event) => {
    drag = { from: event.clientY, height: sheet.offsetHeight, moved: false };
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const moved = drag.from - event.clientY;
    drag.moved ||= Math.abs(moved) > 6;
    page.classList.toggle("is-dragged", drag.moved);
    if (drag.moved) page.style.setProperty("--sheet", `${drag.height + moved}px`);
  });
  const release = () => {
    if (drag?.moved) setSheet(nearest(sheet.offsetHeight / page.offsetHeight));
    setTimeout(() => (drag = null), 0);
  };
  handle.addEventListener("pointerup", release);
  handle.addEventListener("pointercancel", release);
  handle.addEventListener("click", () => {
    if (!drag?.moved) setSheet(SIZES[(SIZES.indexOf(page.dataset.sheet) + 1) % SIZES.length]);
  });
}

function nearest(share) {
  return share < 0.35 ? "low" : share < 0.75 ? "half" : "full";
}

// ── cases ────────────────────────────────────────────────────────────────

/** Open one case in the list, and mark it on the map. */
function openCase(id) {
  const one = list.querySelector(`details[data-case="${id}"]`);
  if (!one) return;
  one.closest(".mine-group").open = true;
  one.open = true;
  if (page.dataset.sheet === "low") setSheet("half");
  one.scrollIntoView({ block: "start", behavior: "instant" });
}

list.addEventListener("toggle", ({ target }) => {
  if (!target.matches("[data-case]")) return;
  window.Wangge?.ready((map) => {
    const layer = map.layer("incidents");
    if (target.open) {
      layer.highlight(Number(target.dataset.case));
      const at = target.dataset.lon && L.latLng(Number(target.dataset.lat), Number(target.dataset.lon));
      if (at && !map.leaflet.getBounds().pad(-0.1).contains(at)) map.leaflet.panTo(at);
    } else if (!list.querySelector("[data-case][open]")) {
      layer.highlight(null);
    }
  });
}, { capture: true });

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer === "incidents") openCase(detail.id);
});

async function ask(url, options = {}) {
  const address = new URL(url, location.href);
  address.searchParams.set("fragment", "list");
  const response = await fetch(address, {
    credentials: "same-origin", ...options, headers: { Accept: "text/html", "X-CSRFToken": csrfToken() },
  });
  return { page: new DOMParser().parseFromString(await response.text(), "text/html"), ok: response.ok, url: response.url };
}

/** Put the list as it is now in place, and tell what the server says. The markup is its own, every word escaped. */
function renew({ page: answer, ok, url }) {
  if (!url.includes("fragment=") && !answer.querySelector("[data-said]")) {
    toast(answer.querySelector("h1")?.textContent ?? page.dataset.offline, "error");
    return false;
  }
  const open = new Set([...list.querySelectorAll("[data-case][open]")].map((one) => one.dataset.case));
  const focused = list.contains(document.activeElement);
  list.replaceChildren(...answer.body.childNodes);
  if (focused) list.focus({ preventScroll: true });
  for (const one of list.querySelectorAll("[data-case]")) one.open = open.has(one.dataset.case);
  preparePhotos(list);
  if (here) showDistances();
  const said = list.querySelector("[data-said]");
  if (said) toast(said.textContent, said.dataset.said);
  window.Wangge?.ready((map) => map.layer("incidents").reload());
  return ok;
}

async function submit(form, submitter, data = formDataOf(form, submitter)) {
  if (form.dataset.sending) return false;
  form.dataset.sending = "yes";
  submitter?.classList.add("is-busy");
  try {
    return renew(await ask(form.action, { method: "POST", body: data }));
  } catch {
    toast(page.dataset.offline, "error");
    return false;
  } finally {
    delete form.dataset.sending;
    submitter?.classList.remove("is-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-step], .mine-quick")) return;
  event.preventDefault();
  if (form === quick) fixNow(event.submitter);
  else submit(form, event.submitter);
}, { capture: true });

// Nobody's half-written note or half-chosen photo is taken away by news.
async function look() {
  if (document.hidden || list.contains(document.activeElement) || list.querySelector(".photo-previews li, form[data-sending]")) return;
  if ([...list.querySelectorAll("textarea")].some((note) => note.value)) return;
  try {
    renew(await ask(location.pathname));
  } catch {
    // Without a network the list stays as it was; the next look may succeed.
  }
}

// ── found and fixed, in two taps ─────────────────────────────────────────

const ROUGH_M = 60; // beyond that, a grid may well be the wrong one
let spot = null;
const where = quick?.querySelector("[data-where]");

function tellWhere(words, kind = "") {
  where.textContent = words;
  where.dataset.kind = kind;
}

async function beginQuick() {
  quick.elements.key.value = makeKey();
  tellWhere(where.dataset.asking);
  spot = position();
  const at = await spot;
  if (!at) return tellWhere(page.dataset.noPosition, "warning");
  if (watching === null) follow();
  const metres = Math.round(at.accuracy);
  tellWhere(where.dataset.found.replace("{n}", metres));
  try {
    const { grid } = await fetchJson(`/api/v1/locate?lon=${at.lon}&lat=${at.lat}`);
    const ours = [...document.querySelectorAll(".mine-grid .number")].some((code) => code.textContent === grid?.code);
    if (!grid) tellWhere(where.dataset.outside, "warning");
    else if (ours) tellWhere(where.dataset.inside.replace("{grid}", grid.name).replace("{n}", metres), metres > ROUGH_M ? "warning" : "done");
    else tellWhere(where.dataset.elsewhere.replace("{grid}", grid.name), "warning");
  } catch {
    // The answer after sending says where it fell.
  }
}

async function fixNow(submitter) {
  submitter.classList.add("is-busy");
  const at = (await spot) ?? (await (spot = position()));
  submitter.classList.remove("is-busy");
  if (!at) {
    tellWhere(page.dataset.noPosition, "warning");
    return;
  }
  quick.elements.lon.value = at.lon.toFixed(7);
  quick.elements.lat.value = at.lat.toFixed(7);
  quick.elements.accuracy_m.value = at.accuracy.toFixed(1);
  if (await submit(quick, submitter)) {
    quick.closest("dialog").close();
    quick.reset();
    clearPhotos(quick);
  }
}

for (const opener of document.querySelectorAll("[data-quick]")) {
  opener.hidden = !navigator.geolocation;
  opener.addEventListener("click", beginQuick);
}

// ── beginning ────────────────────────────────────────────────────────────

prepareSheet();
preparePhotos();
window.Wangge?.ready((map) => {
  if (!navigator.geolocation) return;
  button(map, { symbol: "position", label: page.dataset.me, onPress: () => follow({ look: true }) }).addTo(map.leaflet);
});
navigator.permissions?.query({ name: "geolocation" }).then(({ state }) => state === "granted" && follow()).catch(() => {});
setInterval(look, REFRESH_MS);
