// What a redraw changes on two maps that move together: before on the left, after on the right.

const KINDS = ["moved", "split", "merged", "new", "ended", "rearranged", "renamed", "attributes"];
const maps = document.querySelector(".diff-maps");
const left = window.Wangge.maps[maps.dataset.left];
const right = window.Wangge.maps[maps.dataset.right];
const sides = [left, right];

// ── together ─────────────────────────────────────────────────────────────

let following = false;

function follow(from, to) {
  from.leaflet.on("move zoomend", () => {
    if (following) return;
    following = true;
    to.leaflet.setView(from.leaflet.getCenter(), from.leaflet.getZoom(), { animate: false });
    following = false;
  });
}

follow(left, right);
follow(right, left);

// ── colours ──────────────────────────────────────────────────────────────

const sheet = getComputedStyle(document.documentElement);
const tones = Object.fromEntries(KINDS.map((kind) => [kind, sheet.getPropertyValue(`--diff-${kind}`).trim()]));
const names = Object.fromEntries(
  [...document.querySelectorAll(".diff-kinds a[class]")].map((link) => [link.className.replace("diff-", ""), link.querySelector("span").textContent]),
);

function colourLayer(layer) {
  const plain = Object.getPrototypeOf(layer).style;
  layer.style = function style(feature) {
    const tone = tones[feature.properties.becomes];
    const own = plain.call(this, feature);
    return tone ? { ...own, color: tone, weight: 1.6, fill: true, fillColor: tone, fillOpacity: 0.35 } : own;
  };
  layer.meaning = () => ({
    title: layer.own.name,
    entries: KINDS.filter((kind) => names[kind]).map((kind) => ({ shape: "area", fill: `${tones[kind]}59`, edge: tones[kind], label: names[kind] })),
  });
  for (const shape of layer.byId.values()) shape.setStyle(layer.style(shape.feature));
  layer.board?.legend.later();
}

colourLayer(left.layer("before"));
colourLayer(right.layer("after"));

// ── one difference on both ───────────────────────────────────────────────

const rows = [...document.querySelectorAll("tr[data-bounds]")];
let chosen = null;

/** Mark several areas: each layer marks one by itself, so the others are drawn here. */
function mark(board, key, ids) {
  const layer = board.layer(key);
  board.chosenIds = ids.map(String);
  for (const [id, shape] of layer.byId) {
    const own = layer.style(shape.feature);
    shape.setStyle(board.chosenIds.includes(id) ? { ...own, color: sheet.getPropertyValue("--map-highlight").trim(), weight: 4, fillOpacity: 0.5 } : own);
    if (board.chosenIds.includes(id)) shape.bringToFront();
  }
}

function choose(row) {
  chosen?.classList.remove("is-chosen");
  chosen = row;
  row.classList.add("is-chosen");
  const [west, south, east, north] = JSON.parse(row.dataset.bounds);
  left.leaflet.fitBounds([[south, west], [north, east]], { padding: [40, 40], maxZoom: 17 });
  mark(left, "before", JSON.parse(row.dataset.before));
  mark(right, "after", JSON.parse(row.dataset.after));
  maps.scrollIntoView({ block: "nearest" });
}

// Areas that are fetched later are marked when they are there.
document.addEventListener("wangge:loaded", ({ detail }) => {
  if (chosen && detail.layer === "before") mark(left, "before", JSON.parse(chosen.dataset.before));
  if (chosen && detail.layer === "after") mark(right, "after", JSON.parse(chosen.dataset.after));
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-bounds]");
  if (row && !event.target.closest("a")) choose(row);
});

document.addEventListener("wangge:select", ({ detail }) => {
  const key = detail.layer === "before" ? "before" : "after";
  const row = rows.find(({ dataset }) => JSON.parse(dataset[key]).map(String).includes(String(detail.id)));
  if (!row) return;
  chosen?.classList.remove("is-chosen");
  chosen = row;
  row.classList.add("is-chosen");
});

// ── one map at a time on a phone ─────────────────────────────────────────

const switches = [...maps.querySelectorAll("[data-show]")];

function show(side) {
  for (const button of switches) button.setAttribute("aria-pressed", String(button.dataset.show === side));
  for (const box of maps.querySelectorAll("[data-side]")) box.toggleAttribute("data-hidden", box.dataset.side !== side);
}

for (const button of switches) button.addEventListener("click", () => show(button.dataset.show));
