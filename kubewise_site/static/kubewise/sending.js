// A form of ours is sent once: a second click on a slow network does nothing but wait.
"use strict";

(function () {
  const PATIENCE_MS = 15_000;

  function release(form) {
    delete form.dataset.sent;
    form.querySelectorAll("button[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.classList.contains("kw-form")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(release, PATIENCE_MS, form);
  });

  // Back from an error page: the form may be sent again.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
})();
