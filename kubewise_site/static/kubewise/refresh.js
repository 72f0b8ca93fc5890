// Keeps an element with data-refresh="URL" fresh, and says so when it can't.
"use strict";

(function () {
  const EVERY_SECONDS = 5;
  const STALE_SECONDS = 15;
  const target = document.querySelector("[data-refresh]");
  const notice = document.getElementById("stale");
  let freshAt = Date.now();

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(target.dataset.refresh, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) throw new Error("HTTP " + answer.status);
      target.innerHTML = await answer.text();
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
