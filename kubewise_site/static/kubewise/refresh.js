// Keeps the parts of a page with data-live fresh, and says so when it can't.
//
// A form that a person may be about to send is never exchanged under their hands: when what it
// would approve has changed, the page says so and offers a reload.
"use strict";

(function () {
  const EVERY_SECONDS = 5;
  const STALE_SECONDS = 15;
  const source = document.querySelector("[data-refresh]");
  const notice = document.getElementById("stale");
  const changed = document.getElementById("changed");
  let freshAt = Date.now();

  function isBusy(part) {
    const active = document.activeElement;
    if (active && active !== document.body && part.contains(active)) return true;
    const selected = document.getSelection();
    if (selected && !selected.isCollapsed && part.contains(selected.anchorNode)) return true;
    return [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
      (field) => field.type !== "radio" && field.value !== field.defaultValue,
    );
  }

  function exchange(part, fresh) {
    if (part.innerHTML === fresh.innerHTML) return;
    const asks = part.dataset.plan !== undefined;
    if (asks && fresh.dataset.plan !== "" && part.dataset.plan !== fresh.dataset.plan) {
      if (part.dataset.plan === "" && !isBusy(part)) return replace(part, fresh);
      changed.hidden = false;
      return;
    }
    if (asks && part.dataset.plan !== "" && part.dataset.plan === fresh.dataset.plan) return;
    if (!isBusy(part)) replace(part, fresh);
  }

  function replace(part, fresh) {
    const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
    part.replaceWith(fresh);
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  }

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(source.dataset.refresh, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) throw new Error("HTTP " + answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelectorAll("[data-live]").forEach((part) => {
        const fresh = page.getElementById(part.id);
        if (fresh) exchange(part, document.importNode(fresh, true));
      });
      freshAt = Date.now();
    } catch {
      // Told by the notice below, with the age of what is shown.
    }
  }

  function tell() {
    const seconds = Math.round((Date.now() - freshAt) / 1000);
    notice.hidden = seconds < STALE_SECONDS;
    notice.querySelector("[data-age]").textContent = seconds + " s";
  }

  setInterval(refresh, EVERY_SECONDS * 1000);
  setInterval(tell, 1000);
  document.addEventListener("visibilitychange", refresh);
})();
