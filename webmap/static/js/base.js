// What every page can do: dialogs, toasts, menus, forms that cannot be sent twice, and talking to the API.
//
// In templates, without any script of one's own:
//   <button data-open="dialog-id">   opens a <dialog>;  data-close inside it closes it
//   <form data-once>                 (the default for every form that posts) disables its buttons while it is sent
//   <select data-submit>             sends its form when another choice is made
// In a page's module:
//   import { fetchJson, toast } from "./base.js";

/** The token without which a request that changes something is refused. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

/** What the service refused: `status`, `title`, `detail` and `problems` as it said them, in the user's language. */
export class Refused extends Error {
  constructor(problem, status) {
    super([problem.title, problem.detail].filter(Boolean).join(" ") || String(status));
    this.name = "Refused";
    this.status = status;
    this.problems = problem.errors ?? problem.problems ?? [];
  }
}

/** Fetch JSON from our own service. `body` is sent as JSON. Rejects with Refused, or TypeError without a network. */
export async function fetchJson(url, { method = "GET", body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(url, {
    method, headers, signal, credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const kind = response.headers.get("Content-Type") ?? "";
  const content = kind.includes("json") ? await response.json() : {};
  if (!response.ok) throw new Refused(content, response.status);
  return content;
}

/** Show a sentence for some seconds. `kind`: info, done, warning, error; errors stay until closed. */
export function toast(text, kind = "info") {
  const box = element("div", `toast toast-${kind}`);
  const close = element("button", "toast-close", "×");
  close.type = "button";
  close.dataset.closeToast = "";
  close.setAttribute("aria-label", document.querySelector(".toasts").dataset.close ?? "×");
  box.append(element("p", "", text), close);
  document.querySelector(".toasts").append(box);
  expire(box);
}

/** An element with a class and with text that is never read as markup. */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

function expire(box) {
  if (!box.classList.contains("toast-error")) setTimeout(() => box.remove(), 8000);
}

function onClick(event) {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  event.target.closest("[data-close-toast]")?.closest(".toast").remove();
  if (event.target instanceof HTMLDialogElement && event.target.open) closeFromOutside(event);
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

// A click on a dialog's backdrop is a click on the dialog outside its box.
function closeFromOutside(event) {
  const box = event.target.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right
    && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) event.target.close();
}

function onSubmit(event) {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  event.submitter?.classList.add("is-busy");
}

function onKey(event) {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
}

// A page that comes back from the browser's memory must be usable again.
function onShow(event) {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
  for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
}

document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
document.addEventListener("keydown", onKey);
document.addEventListener("change", (event) => event.target.closest("[data-submit]")?.form.requestSubmit());
window.addEventListener("pageshow", onShow);
document.querySelectorAll(".toast").forEach(expire);
