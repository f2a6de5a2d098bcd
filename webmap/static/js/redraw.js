// A redraw's page and that of its rows: waiting for the worker, editing a row, and keeping one's place while the page is
// shown anew.
// Going through the findings is plans_check.js.

import { fetchJson } from "./base.js";

const ASK_MS = 1000;
const PAUSE_MS = 2000; // whoever has typed nothing for so long is not in the middle of a word

// ── waiting ──────────────────────────────────────────────────────────────

const waiting = document.querySelector("[data-work]");

async function ask() {
  try {
    const { busy, words, share } = await fetchJson(waiting.dataset.work);
    if (!busy && !document.querySelector("dialog[open]") && !isTyping()) {
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

// `sent` is the form that is being sent: what was typed there has done its work.
function keepPlace(sent = null) {
  const open = Object.fromEntries(groups.map((group) => [group.dataset.group, group.open]));
  const kept = { top: list.scrollTop, page: window.scrollY, open, typed: typed(sent) };
  sessionStorage.setItem(list.dataset.keepsPlace, JSON.stringify(kept));
}

function takePlace() {
  const kept = JSON.parse(sessionStorage.getItem(list.dataset.keepsPlace) ?? "null");
  sessionStorage.removeItem(list.dataset.keepsPlace);
  if (!kept) return;
  for (const group of groups) group.open = kept.open[group.dataset.group] ?? group.open;
  typeAgain(kept.typed ?? []);
  list.scrollTop = kept.top;
  window.scrollTo(0, kept.page);
}

document.addEventListener("submit", (event) => {
  if (event.target.closest(".plans-group, #mending, #editing")) keepPlace(event.target);
});

// ── what is typed meanwhile ──────────────────────────────────────────────

let composing = false; // a Chinese word is under way, which a page shown anew would cut off
let typedAt = -Infinity;

document.addEventListener("compositionstart", () => (composing = true));
document.addEventListener("compositionend", () => (composing = false));
document.addEventListener("input", () => (typedAt = performance.now()));

function isTyping() {
  return composing || performance.now() - typedAt < PAUSE_MS;
}

function fields() {
  const all = [...document.querySelectorAll("form :is(input, textarea, select)")];
  return all.filter((field) => field.name && !["hidden", "file"].includes(field.type) && !field.closest("dialog"));
}

// A field is known by where its form goes and its name; a choice by its value, too.
function keyOf(field) {
  const choice = field.type === "radio" || field.type === "checkbox" ? field.value : "";
  const group = field.closest("details[data-group]")?.dataset.group ?? "";
  return [new URL(field.form.action).pathname, group, field.name, choice].join(" ");
}

function isChanged(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max([...field.options].findIndex((one) => one.defaultSelected), 0);
  return field.value !== field.defaultValue;
}

function typed(sent) {
  const focused = document.activeElement;
  return fields()
    .filter((field) => field.form !== sent && (isChanged(field) || field === focused))
    .map((field) => ({
      key: keyOf(field),
      value: field.value,
      checked: field.checked ?? false,
      at: field === focused ? (field.selectionStart ?? null) : null,
      focused: field === focused,
    }));
}

function typeAgain(kept) {
  const found = new Map(fields().map((field) => [keyOf(field), field]));
  for (const { key, value, checked, at, focused } of kept) {
    const field = found.get(key);
    if (!field) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = checked;
    else field.value = value;
    if (focused) field.focus({ preventScroll: true });
    if (focused && at !== null) field.setSelectionRange(at, at);
  }
}

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
