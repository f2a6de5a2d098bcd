// The form of a new redraw: says what is remembered of the sender that is typed, and what is too large to be sent.

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

// A server that refuses a file ends the connection while it is sent, and browsers say nothing but that.
const file = document.getElementById("file");

file.addEventListener("change", () => {
  const tooLarge = (file.files[0]?.size ?? 0) > file.dataset.most * 1024 ** 2;
  file.setCustomValidity(tooLarge ? file.dataset.tooLarge : "");
  if (tooLarge) file.reportValidity();
});
