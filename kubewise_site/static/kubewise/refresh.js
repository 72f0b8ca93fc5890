// Keeps the parts of a page with data-live fresh, and says so when it can't.
//
// A form that a person may be about to send is never exchanged under their hands: when what it
// would approve has changed, the page says so and offers a reload.
"use strict";

(function () {
  const EVERY_SECONDS = 5;
  const STALE_SECONDS = 15;
  const PATIENCE_MS = 10_000;
  const source = document.querySelector("[data-refresh]");
  const notice = document.getElementById("stale");
  const changed = document.getElementById("changed");
  const ended = document.getElementById("ended");
  const ticked = document.getElementById("ticked");
  let freshAt = Date.now();

  function isBusy(part) {
    const active = document.activeElement;
    if (active && active !== document.body && part.contains(active)) return true;
    const selected = document.getSelection();
    if (selected && !selected.isCollapsed && part.contains(selected.anchorNode)) return true;
    return [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) =>
      field.type === "checkbox"
        ? field.checked !== field.defaultChecked
        : field.type !== "radio" && field.value !== field.defaultValue,
    );
  }

  const keyOf = (body) =>
    body.querySelector("input.action-select")?.value ?? body.querySelector("a")?.getAttribute("href");

  function copyCells(mine, fresh) {
    [...fresh.querySelectorAll("th, td")].forEach((cell, at) => {
      const old = mine.querySelectorAll("th, td")[at];
      if (!cell.querySelector("input") && old.innerHTML !== cell.innerHTML) old.innerHTML = cell.innerHTML;
    });
  }

  // A list keeps its rows, whose boxes have handlers: cells and order change in place, and other
  // rows take a reload. It stands still while a person works in it; then it ages, and says so.
  function exchangeList(part, fresh) {
    const busy = isBusy(part) || document.activeElement.matches("input, select, textarea");
    ticked.hidden = !busy;
    if (busy) return false;
    const mine = new Map([...part.tBodies].map((body) => [keyOf(body), body]));
    const wanted = [...fresh.tBodies];
    if (mine.size !== wanted.length || wanted.some((body) => !mine.has(keyOf(body)))) {
      location.reload();
      return true;
    }
    wanted.forEach((body) => {
      copyCells(mine.get(keyOf(body)), body);
      part.append(mine.get(keyOf(body)));
    });
    return true;
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
    let kept = false;
    try {
      const answer = await fetch(source.dataset.refresh || location.href, {
        headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE_MS),
      });
      ended.hidden = !answer.redirected;
      if (!answer.ok || answer.redirected) throw new Error("HTTP " + answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelectorAll("[data-live]").forEach((part) => {
        const fresh = page.getElementById(part.id);
        if (!fresh) return;
        if (part.dataset.live !== "list") return exchange(part, document.importNode(fresh, true));
        kept = !exchangeList(part, fresh);
      });
      const appeared = page.getElementById("result_list") && !document.getElementById("result_list");
      if (appeared) location.reload();
      if (!kept) freshAt = Date.now();
    } catch {
      // Told by the notice below, with the age of what is shown.
    }
  }

  function tell() {
    const seconds = Math.round((Date.now() - freshAt) / 1000);
    notice.hidden = seconds < STALE_SECONDS;
    notice.querySelector("[data-age]").textContent = seconds + " s";
  }

  const login = ended.querySelector("[data-login]");
  login.href += "?next=" + encodeURIComponent(location.pathname + location.search);
  setInterval(refresh, EVERY_SECONDS * 1000);
  setInterval(tell, 1000);
  document.addEventListener("visibilitychange", refresh);
})();
