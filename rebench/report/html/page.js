"use strict";
document.documentElement.classList.add("js");

// Tables: a number by its value, whatever is printed; what is unknown comes last when the best are first.
const value = (text) => (text.trim() === "" ? -Infinity : parseFloat(text));
Tablesort.extend("value", () => false, (a, b) => (value(a) < value(b) ? 1 : value(a) > value(b) ? -1 : 0));
Tablesort.extend("name", () => false, (a, b) => b.localeCompare(a));
for (const table of document.querySelectorAll("table.sortable")) {
  new Tablesort(table, { descending: true });
}

// Galleries: which cards, in which order, with which layers.
for (const gallery of document.querySelectorAll(".gallery")) {
  const field = (name) => gallery.querySelector(`[name="${name}"]`);
  const list = gallery.querySelector(".cards");
  const cards = [...list.children];
  const ious = new Map(cards.map((card) => [card, JSON.parse(card.dataset.ious)]));
  const iou = (card, model) => ious.get(card)[model] ?? -1;

  const orders = {
    given: (card) => -cards.indexOf(card),
    apart: (card, a, b) => Math.abs(iou(card, a) - iou(card, b)),
    ahead: (card, a, b) => iou(card, a) - iou(card, b),
    behind: (card, a, b) => iou(card, b) - iou(card, a),
    best: (card, a) => iou(card, a),
    worst: (card, a) => -iou(card, a),
  };

  function show() {
    const first = field("first").value;
    const second = field("second").value;
    const kind = field("kind").value;
    const group = field("group").value;
    const outcome = field("outcome").value;
    const fits = (card) =>
      (!kind || card.dataset.kinds.split(" ").includes(kind)) &&
      (!group || card.dataset.group === group) &&
      (!outcome || card.dataset.outcomes.split(" ")[first] === outcome);
    const key = orders[field("order").value];
    const ordered = [...cards].sort((a, b) => key(b, first, second) - key(a, first, second));
    let shown = 0;
    for (const card of ordered) {
      card.hidden = !fits(card);
      shown += !card.hidden;
      for (const part of card.querySelectorAll("[data-model]")) {
        part.classList.toggle("first", part.dataset.model === first);
        part.classList.toggle("second", part.dataset.model === second && second !== first);
      }
    }
    list.append(...ordered);
    gallery.querySelector("output").textContent = `${shown} of ${cards.length}`;
  }

  for (const select of gallery.querySelectorAll("select")) select.addEventListener("change", show);
  for (const box of gallery.querySelectorAll("input[type=checkbox]")) {
    box.addEventListener("change", () => gallery.classList.toggle(`hide-${box.name}`, !box.checked));
  }
  show();
}
