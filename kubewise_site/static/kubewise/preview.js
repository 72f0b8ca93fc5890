// Shows what a form that is being written would give: asked a moment after the last key.
"use strict";

document.querySelectorAll("[data-preview]").forEach((target) => {
  const QUIET_MS = 600;
  const form = target.closest("form");
  const names = target.dataset.fields.split(" ");
  const message = target.querySelector("[data-message]");
  const rows = target.querySelector("[data-rows]");
  const drawing = target.querySelector("[data-drawing]");
  let timer = 0;
  let asked = 0;

  function show(told) {
    message.textContent = told.message;
    rows.closest("[role=region]").hidden = told.rows.length === 0;
    rows.replaceChildren(...told.rows.map((row) => {
      const line = document.createElement("tr");
      for (const text of [row.about, row.series, row.value].filter((one) => one !== undefined)) {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (row.beyond) cell.className = "kw-danger-text";
        line.append(cell);
      }
      return line;
    }));
    if (drawing) document.dispatchEvent(new CustomEvent("kubewise:draw", { detail: { target: drawing, charts: told.charts } }));
  }

  async function ask() {
    const number = ++asked;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    names.forEach((name) => body.append(name, form.elements[name]?.value ?? ""));
    try {
      const answer = await fetch(target.dataset.preview, { method: "POST", body });
      if (!answer.ok || answer.redirected) throw new Error("HTTP " + answer.status);
      const told = await answer.json();
      if (number === asked) show(told);
    } catch {
      if (number === asked) message.textContent = "The preview can't be made now.";
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, QUIET_MS);
  }

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if (names.some((name) => form.elements[name]?.value)) later();
});
