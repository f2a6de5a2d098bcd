// The form of a new redraw: says what is remembered of the sender that is typed.

const sender = document.getElementById("sender");
const kind = document.getElementById("kind");
const box = document.querySelector("[data-remembered]");
const words = box.querySelector("[data-words]");
const known = [...document.querySelectorAll("template[data-sender]")];

function tell() {
  const found = known.find(({ dataset }) => dataset.sender === sender.value.trim() && dataset.kind === kind.value);
  box.hidden = !found;
  words.textContent = found ? words.dataset.words.replace("{said}", found.content.textContent) : "";
}

sender.addEventListener("input", tell);
kind.addEventListener("change", tell);
tell();
