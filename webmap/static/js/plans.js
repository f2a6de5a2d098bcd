// The planner's list: a row shows its area on the map, and an area on the map its row.

const rows = [...document.querySelectorAll("[data-area]")];
const layer = new URLSearchParams(location.search).get("kind") ?? document.querySelector(".plans-kinds [aria-current]")?.search.match(/kind=(\w+)/)?.[1];

function mark(id) {
  for (const row of rows) row.classList.toggle("is-chosen", row.dataset.area === String(id));
}

function show(row) {
  const [west, south, east, north] = row.dataset.bounds.split(",").map(Number);
  window.Wangge?.ready((map) => {
    map.leaflet.fitBounds([[south, west], [north, east]], { padding: [40, 40], maxZoom: 17 });
    map.layer(layer)?.highlight(Number(row.dataset.area));
  });
  mark(row.dataset.area);
  document.querySelector(".plans-map").scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-area]");
  if (row && !event.target.closest("a")) show(row);
});

document.addEventListener("wangge:select", ({ detail }) => {
  mark(detail.id);
  rows.find((row) => row.dataset.area === String(detail.id))?.scrollIntoView({ block: "nearest" });
});
