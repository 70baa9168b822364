// The secret of a link stands in the fragment, which browsers never send by themselves. It is put into the form, to be
// sent by POST when the person presses the button, and taken out of the address bar.
"use strict";

const form = document.querySelector("[data-secret-form]");
const field = form?.querySelector("[name=secret]");
const secret = location.hash.slice(1);
if (field && secret) {
  field.value = secret;
  history.replaceState(null, "", location.pathname);
}
const missing = document.querySelector("[data-secret-missing]");
if (field && missing && !field.value) missing.hidden = false;
// Another link opened in the same tab changes only the fragment.
addEventListener("hashchange", () => location.reload());
