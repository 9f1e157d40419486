"use strict";
// Filters of the table: a row stays if it fits all of them.
for (const tools of document.querySelectorAll(".tools")) {
  const rows = [...document.querySelectorAll("table.board tbody tr")];
  const field = (name) => tools.querySelector(`[name="${name}"]`);
  const fits = {
    source: (row, wanted) => row.dataset.source === wanted,
    training: (row, wanted) => JSON.parse(row.dataset.training).includes(wanted),
    encoder: (row, wanted) => JSON.parse(row.dataset.encoder).includes(wanted),
    model: (row, wanted) => row.dataset.model.includes(wanted.toLowerCase()),
  };

  function show() {
    let shown = 0;
    for (const row of rows) {
      const wanted = Object.keys(fits).map((name) => [name, field(name).value.trim()]);
      row.hidden = !wanted.every(([name, value]) => !value || fits[name](row, value));
      shown += !row.hidden;
    }
    tools.querySelector("output").textContent = `${shown} of ${rows.length}`;
  }

  tools.addEventListener("input", show);
  show();
}
