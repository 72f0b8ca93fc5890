// Buttons with data-ask="ID" open that dialog, with what is to be done filled in.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (!button) return;
  const dialog = document.getElementById(button.dataset.ask);
  const answer = dialog.querySelector("[data-answer]");
  dialog.querySelector("[data-question]").textContent = button.dataset.question;
  dialog.querySelector("[data-consequence]").textContent = button.dataset.consequence;
  dialog.querySelector("[name=reason]").value = button.dataset.reason || "";
  answer.name = button.name;
  answer.value = button.value;
  answer.textContent = button.dataset.question;
  answer.className = button.className;
  dialog.showModal();
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-close]")?.closest("dialog")?.close();
});
