// The check of a file: waiting for it, and going through what it found on the map.

import { fetchJson } from "./base.js";

const ASK_MS = 1000;
const waiting = document.querySelector("[data-check]");

async function ask() {
  try {
    const { state, stage } = await fetchJson(waiting.dataset.check);
    if (state !== "running") {
      location.reload();
      return;
    }
    const line = waiting.querySelector("[role=status]");
    const words = line.getAttribute(`data-stage-${stage}`);
    if (words && line.textContent !== words) line.textContent = words;
  } catch {
    // Without a network for a moment: the check goes on, and so does the asking.
  }
  setTimeout(ask, ASK_MS);
}

if (waiting) setTimeout(ask, ASK_MS);

// ── findings on the map ──────────────────────────────────────────────────

const counter = document.querySelector("[data-at]");
const order = JSON.parse(counter?.dataset.order ?? "[]"); // the findings as they are listed
let at = -1;

function choose(place, { zoom = true } = {}) {
  at = (place + order.length) % order.length;
  counter.textContent = `${at + 1} / ${order.length}`;
  mark(`[data-finding="${order[at]}"]`)?.scrollIntoView({ block: "nearest" });
  window.Wangge?.ready((map) => {
    map.layer("findings")?.highlight(order[at]);
    if (zoom) map.layer("findings")?.zoomTo(order[at]);
  });
}

function mark(selector) {
  for (const chosen of document.querySelectorAll(".plans-group .is-chosen")) chosen.classList.remove("is-chosen");
  const line = document.querySelector(selector);
  if (!line) return null;
  line.closest("details").open = true;
  line.classList.add("is-chosen");
  return line;
}

function showRow(row) {
  mark(`[data-row="${row}"]`);
  window.Wangge?.ready((map) => {
    map.layer("layer")?.highlight(Number(row));
    map.layer("layer")?.zoomTo(row);
  });
}

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) choose(at < 0 && step.dataset.step === "-1" ? order.length - 1 : at + Number(step.dataset.step));
  const finding = event.target.closest("[data-finding]");
  if (finding) choose(order.indexOf(Number(finding.dataset.finding)));
  const row = event.target.closest("[data-row]");
  if (row) showRow(row.dataset.row);
});

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer === "findings") choose(order.indexOf(Number(detail.id)), { zoom: false });
});
