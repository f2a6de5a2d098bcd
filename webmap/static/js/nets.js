// Nets over the comprehensive grids: colours by verdict, a row and its grid on the map, and what is ticked.

const VERDICTS = ["cuts", "outside", "within", "follows"];
const rows = new Map([...document.querySelectorAll("[data-grid]")].map((row) => [row.dataset.grid, row]));

// ── the map ──────────────────────────────────────────────────────────────

// Each verdict is a layer of its own, so that the layer switch can hide it; its colour is that of its chip.
function colourLayer(layer, verdict) {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(`--net-${verdict}`).trim();
  layer.style = () => ({ color: colour, weight: 2, fillColor: colour, fillOpacity: 0.28 });
  layer.meaning = () => ({ title: "", entries: [{ shape: "area", fill: `${colour}47`, edge: colour, label: layer.own.name }] });
  for (const shape of layer.byId.values()) shape.setStyle(layer.style());
  layer.board?.legend.later();
}

window.Wangge?.ready(() => {
  for (const verdict of VERDICTS) {
    const layer = window.Wangge.layer(`net-${verdict}`);
    if (layer) colourLayer(layer, verdict);
  }
});

function mark(id) {
  for (const [grid, row] of rows) row.classList.toggle("is-chosen", grid === id);
}

function show(row) {
  window.Wangge?.ready((map) => {
    for (const verdict of VERDICTS) map.layer(`net-${verdict}`)?.highlight(null);
    const layer = map.layer(`net-${row.dataset.verdict}`);
    layer?.highlight(row.dataset.grid);
    layer?.zoomTo(row.dataset.grid);
  });
  mark(row.dataset.grid);
  document.querySelector(".plans-map").scrollIntoView({ block: "nearest" });
}

document.addEventListener("wangge:select", ({ detail }) => {
  mark(String(detail.id));
  rows.get(String(detail.id))?.scrollIntoView({ block: "nearest" });
});

// ── what is ticked ───────────────────────────────────────────────────────

const ticks = [...document.querySelectorAll("input[name=grid]")];
const all = document.querySelector("[data-tick-all]");
const told = document.querySelector("[data-ticked]");

function count() {
  const ticked = ticks.filter((tick) => tick.checked).length;
  if (told) told.textContent = told.dataset.words.replace("{count}", ticked);
  if (!all) return;
  all.checked = ticked > 0 && ticked === ticks.length;
  all.indeterminate = ticked > 0 && ticked < ticks.length;
}

all?.addEventListener("change", () => {
  for (const tick of ticks) tick.checked = all.checked;
  count();
});

document.addEventListener("change", (event) => {
  if (event.target.name === "grid") count();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-grid]");
  if (row && !event.target.closest("label, input, a")) show(row);
});

count();
