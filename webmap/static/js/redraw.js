// A redraw's page and that of its rows: waiting for the worker, editing a row, and keeping one's place while the page is
// shown anew.
// Going through the findings is plans_check.js.

import { fetchJson } from "./base.js";

const ASK_MS = 1000;

// ── waiting ──────────────────────────────────────────────────────────────

const waiting = document.querySelector("[data-work]");

async function ask() {
  try {
    const { busy, words, share } = await fetchJson(waiting.dataset.work);
    if (!busy && !document.querySelector("dialog[open]")) {
      keepPlace();
      location.reload();
      return;
    }
    const line = waiting.querySelector("[data-words]");
    if (line.textContent !== words) line.textContent = words;
    const bar = waiting.querySelector("progress");
    if (share !== null) bar.value = share;
    else bar.removeAttribute("value");
  } catch {
    // Without a network for a moment: the work goes on, and so does the asking.
  }
  setTimeout(ask, ASK_MS);
}

if (waiting) setTimeout(ask, ASK_MS);

// ── one's place ──────────────────────────────────────────────────────────

const list = document.querySelector("[data-keeps-place]");
const groups = [...document.querySelectorAll("details[data-group]")];

function keepPlace() {
  const open = Object.fromEntries(groups.map((group) => [group.dataset.group, group.open]));
  sessionStorage.setItem(list.dataset.keepsPlace, JSON.stringify({ top: list.scrollTop, page: window.scrollY, open }));
}

function takePlace() {
  const kept = JSON.parse(sessionStorage.getItem(list.dataset.keepsPlace) ?? "null");
  sessionStorage.removeItem(list.dataset.keepsPlace);
  if (!kept) return;
  for (const group of groups) group.open = kept.open[group.dataset.group] ?? group.open;
  list.scrollTop = kept.top;
  window.scrollTo(0, kept.page);
}

document.addEventListener("submit", (event) => {
  if (event.target.closest(".plans-group, #mending, #editing")) keepPlace();
});
takePlace();

// ── editing a row ────────────────────────────────────────────────────────

const dialog = document.getElementById("editing");
const chosen = document.querySelector("[data-chosen]");

function edit({ edit: row, code, name, parent, households }) {
  const form = dialog.querySelector("form");
  form.elements.row.value = row;
  form.elements.code.value = code;
  form.elements.name.value = name;
  form.elements.parent.value = parent;
  form.elements.households.value = households;
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-edit]");
  if (button && dialog) edit(button.dataset);
});

document.addEventListener("wangge:select", ({ detail }) => {
  if (detail.layer !== "layer" || !chosen) return;
  const { row, code, name, parent, households } = detail.properties;
  chosen.hidden = false;
  chosen.querySelector("span").textContent = `${row} · ${name} · ${code}`;
  Object.assign(chosen.querySelector("button").dataset, { edit: row, code, name, parent: parent ?? "", households: households ?? "" });
});

// A moment to come is chosen by choosing it.
for (const moment of document.querySelectorAll("input[name=at]")) {
  moment.addEventListener("input", () => {
    moment.form.querySelector("input[name=when][value=later]").checked = true;
  });
}
