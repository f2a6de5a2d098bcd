// The report was accepted: what was kept of it on this device is no longer needed.

import { dropDraft } from "./keys.js";

dropDraft();
