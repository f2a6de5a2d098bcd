// Photos of a form: made small on the telephone before they are sent, shown as small pictures, removable.
//
// A photo of 5 MB becomes one of 300 KB: on a weak signal that decides whether it arrives. A browser that cannot
// read the file sends it as it is. The server decides what a photo is, and strips it, whatever happened here.

import { element, toast } from "./base.js";

const LONGEST_SIDE_PX = 1600;
const MOST = 6;
const chosen = new WeakMap();

/** Make every photo field in `root` work. Called again for markup that came later. */
export function preparePhotos(root = document) {
  for (const field of root.querySelectorAll("[data-photos]")) {
    if (chosen.has(field)) continue;
    chosen.set(field, []);
    field.classList.add("is-ready");
    for (const part of field.querySelectorAll("[hidden]")) part.hidden = false;
    field.addEventListener("change", ({ target }) => target.matches("input[type=file]") && take(field, target));
  }
}

/** What the form would send, with the small photos instead of the chosen files. */
export function formDataOf(form, submitter) {
  const data = new FormData(form, submitter);
  data.delete("photos");
  for (const field of form.querySelectorAll("[data-photos]")) {
    for (const { blob, name } of chosen.get(field) ?? []) data.append("photos", blob, name);
  }
  return data;
}

/** Forget the photos of the form, once they were sent. */
export function clearPhotos(form) {
  for (const field of form.querySelectorAll("[data-photos]")) {
    chosen.set(field, []);
    show(field);
  }
}

async function take(field, input) {
  const files = [...input.files];
  input.value = "";
  for (const file of files) {
    if (chosen.get(field).length >= MOST) {
      toast(field.dataset.many, "warning");
      break;
    }
    chosen.get(field).push({ blob: await shrink(file), name: file.name || "photo.jpg" });
    show(field);
  }
}

async function shrink(file) {
  try {
    const image = await createImageBitmap(file);
    const share = Math.min(1, LONGEST_SIDE_PX / Math.max(image.width, image.height));
    const canvas = element("canvas");
    canvas.width = Math.round(image.width * share);
    canvas.height = Math.round(image.height * share);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return small && small.size < file.size ? small : file;
  } catch {
    return file;
  }
}

function show(field) {
  const photos = chosen.get(field);
  const list = field.querySelector(".photo-previews");
  for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  list.replaceChildren(...photos.map((photo, at) => preview(field, photo, at)));
}

function preview(field, photo, at) {
  const item = element("li");
  const image = element("img");
  image.src = URL.createObjectURL(photo.blob);
  image.alt = photo.name;
  const remove = element("button", "photo-remove", "×");
  remove.type = "button";
  remove.setAttribute("aria-label", field.dataset.remove);
  remove.addEventListener("click", () => {
    chosen.get(field).splice(at, 1);
    show(field);
  });
  item.append(image, remove);
  return item;
}
