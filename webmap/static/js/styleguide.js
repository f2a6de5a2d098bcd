// The one thing on the style guide that needs a script.

import { toast } from "./base.js";

const press = document.getElementById("sample-toast");
press.addEventListener("click", () => toast(press.textContent, "done"));
