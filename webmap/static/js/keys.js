// The number under which one report stays one report, however often it is sent, and the draft that outlives a lost page.

const DRAFT = "wangge-report";

/** A fresh random UUID; also where the page came over plain http, which has no crypto.randomUUID. */
export function makeKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What was typed and not accepted yet; null where there is none, or the browser keeps nothing. */
export function readDraft() {
  try {
    return JSON.parse(localStorage.getItem(DRAFT));
  } catch {
    return null;
  }
}

export function keepDraft(values) {
  try {
    localStorage.setItem(DRAFT, JSON.stringify(values));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft() {
  try {
    localStorage.removeItem(DRAFT);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}
