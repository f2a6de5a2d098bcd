// Popups, made of elements and textContent: nothing that people typed can become markup.

import { element } from "../base.js";

/** Open a popup, clear of the buttons on the map's left. */
export function openPopup(board, at, content, options = {}) {
  const popup = L.popup({ maxWidth: 300, autoPanPaddingTopLeft: [60, 16], autoPanPaddingBottomRight: [16, 16], ...options });
  popup.setLatLng(at).setContent(content).openOn(board.leaflet);
  popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", board.words.close);
  return popup;
}

/** A card for a feature: title, fields with a value, and a link. */
export function card({ title, chip, fields, properties, link, words, id }) {
  const box = element("div", "map-card");
  box.append(element("p", "map-card-title", title));
  if (chip) box.append(element("span", `chip chip-${chip.state}`, chip.text));
  const facts = element("dl", "map-card-facts");
  for (const { key, label } of fields ?? []) {
    const value = properties[key];
    if (value === null || value === undefined || value === "") continue;
    facts.append(element("dt", "", label), element("dd", "", said(value, words)));
  }
  if (facts.childElementCount) box.append(facts);
  if (link) {
    const anchor = element("a", "button button-small", words.open);
    anchor.href = fill(link, { id, ...properties });
    box.append(anchor);
  }
  return box;
}

function said(value, words) {
  if (Array.isArray(value)) return value.join(words.comma);
  return typeof value === "number" ? value.toLocaleString(document.documentElement.lang) : String(value);
}

/** Put properties into an address of ours. Each is encoded, so that none can lead elsewhere. */
function fill(link, values) {
  return link.replace(/\{(\w+)\}|%7B(\w+)%7D/g, (_whole, plain, encoded) => encodeURIComponent(values[plain ?? encoded] ?? ""));
}
