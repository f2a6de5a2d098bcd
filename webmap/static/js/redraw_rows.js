// The rows of a draft: a row shows its area on the map, and an area on the map its row. Editing is redraw.js.

const rows = [...document.querySelectorAll("tr[data-shows]")];
const dialog = document.getElementById("editing");

function mark(number) {
  for (const row of rows) row.classList.toggle("is-chosen", row.dataset.shows === String(number));
}

function show(row) {
  const [west, south, east, north] = row.dataset.bounds.split(",").map(Number);
  window.Wangge?.ready((map) => {
    map.leaflet.fitBounds([[south, west], [north, east]], { padding: [40, 40], maxZoom: 17 });
    map.layer("layer")?.highlight(Number(row.dataset.shows));
  });
  mark(row.dataset.shows);
}

document.addEventListener("click", ({ target }) => {
  const row = target.closest("tr[data-shows]");
  if (!row || target.closest("a, [data-edit]")) return;
  show(row);
  document.querySelector(".plans-map").scrollIntoView({ block: "nearest" });
});

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer !== "layer") return;
  mark(detail.id);
  rows.find(({ dataset }) => dataset.shows === String(detail.id))?.scrollIntoView({ block: "nearest" });
});

// The row that was asked for, or was edited just now.
const first = document.querySelector("tr[data-first]") ?? rows.find(({ id }) => id && `#${id}` === location.hash);
if (first) {
  show(first);
  first.scrollIntoView({ block: "nearest" });
}

// What could not be taken is told beside the fields, and stays as it was typed.
if (dialog?.querySelector(".problem")) {
  dialog.showModal();
  dialog.querySelector("[aria-invalid]").focus();
}
