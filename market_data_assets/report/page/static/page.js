"use strict";
// The panels are drawn once; choosing an instrument puts its columns into them.
(function () {
  const types = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
  const tabs = Array.from(document.querySelectorAll('[role="tab"]'));
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  let chosen = [];

  function decoded(column) {
    const bytes = Uint8Array.from(atob(column.base64), (letter) => letter.charCodeAt(0));
    return new types[column.type](bytes.buffer);
  }

  function fill(drawn, columns) {
    const [start, end] = columns.time;
    const named = (name) => drawn.get_model_by_name(name);
    chosen = Object.entries(columns.candles).map(([name, column]) => [name, decoded(column)]);
    for (const [name, label] of Object.entries(columns.labels)) named(name).axis_label = label;
    named("gaps").data = columns.gaps;
    named("time").setv({ start, end, reset_start: start, reset_end: end, bounds: [start, end] });
    drawSeen(drawn);
  }

  // Only candles in sight are given to the panels: prices and volumes then follow the time that is looked at.
  function drawSeen(drawn) {
    const { start, end } = drawn.get_model_by_name("time");
    const at = chosen.find(([name]) => name === "at")[1];
    const first = at.findIndex((instant) => instant >= start);
    const after = at.findIndex((instant) => instant > end);
    // A range whose panel was zoomed into would stay as it is.
    for (const name of ["price range", "volume range", "spread range"]) drawn.get_model_by_name(name).reset();
    const seen = (column) => column.slice(first < 0 ? at.length : first, after < 0 ? at.length : after);
    drawn.get_model_by_name("candles").data = Object.fromEntries(chosen.map(([name, column]) => [name, seen(column)]));
  }

  function choose(drawn, tab) {
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      panelOf(each).hidden = each !== tab;
    }
    fill(drawn, JSON.parse(panelOf(tab).querySelector(".columns").textContent));
  }

  function listen(drawn) {
    tabs.forEach((tab, place) => {
      tab.addEventListener("click", () => choose(drawn, tab));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = tabs[(place + step + tabs.length) % tabs.length];
        next.focus();
        choose(drawn, next);
      });
    });
    choose(drawn, tabs[0]);
    const time = drawn.get_model_by_name("time");
    let waiting = 0;
    for (const edge of [time.properties.start, time.properties.end]) {
      // Later, since a tool that moves the time sets the ranges of its own panel after it.
      time.connect(edge.change, () => { waiting = waiting || setTimeout(() => { waiting = 0; drawSeen(drawn); }); });
    }
    document.getElementById("plot").dataset.drawn = "true";
  }

  const panels = JSON.parse(document.getElementById("panels").textContent);
  Bokeh.embed.embed_item(panels, document.getElementById("plot")).then((views) => listen(views.roots[0].model.document));
})();
