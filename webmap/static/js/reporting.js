// The report form: the device's position, frequent matters in one tap, small photos, and nothing typed is ever lost.
//
// What was typed is kept on this device until the service has accepted it, under the same key: sending again after a
// lost answer is still one report. Name and telephone are never kept: the device may be somebody else's tomorrow.

import { csrfToken, element, fetchJson } from "./base.js";
import { dropDraft, keepDraft, makeKey, readDraft } from "./keys.js";
import { formDataOf, preparePhotos } from "./photos.js";

const KEPT = ["text", "matter", "address", "lon", "lat", "accuracy_m", "channel"];
const form = document.querySelector(".report");
const position = form.querySelector("[data-position]");
const { key, text, matter, lon, lat, accuracy_m: accuracy } = form.elements;

// ── what is kept on this device ──────────────────────────────────────────

function restore() {
  const draft = readDraft();
  const fresh = !form.querySelector(".has-problem");
  if (draft && fresh && (draft.text || draft.address)) {
    for (const name of KEPT) if (form.elements[name] && draft[name]) form.elements[name].value = draft[name];
    key.value = draft.key;
    form.querySelector("[data-restored]").hidden = false;
  } else if (fresh) {
    key.value = makeKey();
  }
}

function keep() {
  const draft = { key: key.value };
  for (const name of KEPT) draft[name] = form.elements[name]?.value ?? "";
  if (draft.text || draft.address) keepDraft(draft);
  else dropDraft();
}

form.querySelector("[data-discard]").addEventListener("click", () => {
  dropDraft();
  location.reload();
});

// ── where it is ──────────────────────────────────────────────────────────

let asked = 0;

async function showPosition({ accuracy: metres } = {}) {
  const mine = (asked += 1);
  if (!lon.value) {
    position.textContent = position.dataset.empty;
    return;
  }
  const parts = [`${Number(lat.value).toFixed(5)}, ${Number(lon.value).toFixed(5)}`];
  if (metres) parts.push(form.dataset.accuracy.replace("{n}", Math.round(metres)));
  position.textContent = parts.join(" · ");
  if (!form.dataset.signedIn) return;
  try {
    const found = await fetchJson(`/api/v1/locate?lon=${lon.value}&lat=${lat.value}`);
    if (mine !== asked) return;
    position.replaceChildren(...sentence(found, metres));
  } catch {
    // Where it falls is told again once it was sent.
  }
}

function sentence({ grid, answerer }, metres) {
  const words = [grid ? form.dataset.where.replace("{grid}", grid.name) : form.dataset.outside];
  const who = answerer?.person?.name ?? answerer?.unit?.name;
  if (grid && who) words.push(form.dataset.answers.replace("{person}", who));
  if (metres) words.push(form.dataset.accuracy.replace("{n}", Math.round(metres)));
  return [element("b", "", words[0]), document.createTextNode(words.slice(1).map((word) => ` · ${word}`).join(""))];
}

function prepareMap(map) {
  const pin = map.layer("pin");
  const button = form.querySelector("[data-locate]");
  button.hidden = !navigator.geolocation;
  button.addEventListener("click", () => pin.fromDevice());
  if (lon.value && lat.value) {
    pin.moveTo(Number(lon.value), Number(lat.value));
    showPosition({ accuracy: Number(accuracy.value) });
  }
  document.addEventListener("wangge:pin", ({ detail }) => {
    showPosition(detail);
    keep();
  });
}

// ── what it is ───────────────────────────────────────────────────────────

function prepareMatters() {
  const box = form.querySelector(".report-frequent");
  if (!box) return;
  box.hidden = false;
  const mark = () => {
    for (const chip of box.children) chip.setAttribute("aria-pressed", String(chip.dataset.matter === matter.value));
  };
  box.addEventListener("click", ({ target }) => {
    const name = target.closest("[data-matter]")?.dataset.matter;
    if (!name) return;
    matter.value = matter.value === name ? "" : name;
    mark();
    keep();
  });
  matter.addEventListener("input", mark);
  mark();
}

// ── sending ──────────────────────────────────────────────────────────────

async function send(event) {
  event.preventDefault();
  const button = form.querySelector(".report-send button");
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  button.classList.add("is-busy");
  keep();
  try {
    const response = await fetch(form.action, {
      method: "POST", body: formDataOf(form), credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
    });
    const kind = response.headers.get("Content-Type") ?? "";
    const answer = kind.includes("json") ? await response.json() : { problems: { form: headingOf(await response.text()) } };
    if (answer.received) {
      dropDraft();
      location.replace(answer.received);
      return;
    }
    tell(answer.problems ?? { form: form.dataset.failed });
  } catch {
    tell({ form: form.dataset.offline });
  }
  delete form.dataset.sending;
  button.classList.remove("is-busy");
}

function headingOf(page) {
  return new DOMParser().parseFromString(page, "text/html").querySelector("h1")?.textContent || form.dataset.failed;
}

/** Put every problem beside its field, and go to the first. */
function tell(problems) {
  form.querySelectorAll(".has-problem").forEach((field) => field.classList.remove("has-problem"));
  form.querySelectorAll("p.problem").forEach((line) => line.remove());
  form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  const summary = form.querySelector("[data-summary]");
  summary.replaceChildren();
  for (const [name, words] of Object.entries(problems)) {
    const field = name === "photos" ? form.querySelector("#photos").closest(".field")
      : name === "position" ? form.querySelector("[data-field=position]") : form.elements[name]?.closest(".field");
    if (!field || name === "key") {
      summary.append(noticeOf(words));
      continue;
    }
    field.classList.add("has-problem");
    const line = element("p", "problem", words);
    line.id = `${name}-problem`;
    field.append(line);
    form.elements[name]?.setAttribute?.("aria-invalid", "true");
    form.elements[name]?.setAttribute?.("aria-describedby", line.id);
  }
  const first = form.querySelector(".has-problem :is(input:not([type=hidden]), textarea)");
  if (first && !summary.children.length) first.focus();
  (summary.children.length ? summary : form.querySelector(".has-problem"))?.scrollIntoView({ block: "center" });
}

function noticeOf(words) {
  const box = element("div", "notice notice-error");
  box.append(element("p", "", words));
  return box;
}

restore();
preparePhotos(form);
prepareMatters();
form.addEventListener("input", keep);
form.addEventListener("submit", send);
window.Wangge?.ready(prepareMap);
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
if (text.value === "" && matchMedia("(min-width: 56rem)").matches) text.focus();
