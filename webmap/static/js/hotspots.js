// The hotspots page: a row shows its grid on the map, and a grid on the map its row.

const rows = [...document.querySelectorAll("[data-area]")];

function mark(id) {
  for (const row of rows) row.classList.toggle("is-chosen", row.dataset.area === String(id));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("a")) return;
  const row = event.target.closest("[data-area]");
  const point = event.target.closest("[data-default]");
  if (!row && !point) return;
  window.Wangge?.ready((map) => {
    if (point) {
      map.show(Number(point.dataset.lon), Number(point.dataset.lat), 16);
      map.layer("defaults")?.highlight(point.dataset.default);
      return;
    }
    map.layer("grids")?.highlight(Number(row.dataset.area));
    map.layer("grids")?.zoomTo(row.dataset.area);
  });
  if (row) mark(row.dataset.area);
  document.querySelector(".hotspots-map").scrollIntoView({ block: "nearest" });
});

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer !== "grids") return;
  mark(detail.id);
  rows.find((row) => row.dataset.area === String(detail.id))?.scrollIntoView({ block: "nearest" });
});
