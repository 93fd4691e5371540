// The report page: search, filters, pages, and the details of each row. The rows are in the page as lines of JSON in many
// elements. A line is parsed only when it is shown or searched, so that a long list opens at once.
(() => {
  const {counted, draw, element, foldOut, words} = bubbles;
  const {article, byId, cells, columnOptions, destination, fold, pages, searchFor, texts} = listing;
  const PAUSE_AFTER = 40;  // milliseconds of a search, after which the page handles input
  const wanted = byId("wanted"), column = byId("column"), state = byId("state"), chosen = byId("chosen");
  const {headers, fields, labels, forgotten} = JSON.parse(byId("data").textContent);
  const buttons = [...document.querySelectorAll("button[data-codes]")];
  let kind = null;  // of the reason that is chosen
  let searches = 0;
  const nothing = () => wanted.value.trim() ? "No row matches." : "No row is in this state.";
  const shown = pages(drawRow, nothing, filter);

  // ---- the rows

  let count = 0;
  const batches = [...document.querySelectorAll("script.rows")].map((holder) => {
    const batch = {holder, codes: holder.dataset.codes, first: count};
    count += batch.codes.length;
    return batch;
  });
  const everything = Array.from({length: count}, (_, place) => place);
  let last = {batch: null, lines: []};

  function linesOf(batch) {
    if (last.batch !== batch) last = {batch, lines: batch.holder.textContent.split("\n")};
    return last.lines;
  }

  function batchOf(place) {
    let low = 0, high = batches.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (batches[middle].first <= place) low = middle; else high = middle - 1;
    }
    return batches[low];
  }

  function parsed(line) {
    const values = JSON.parse(line);
    return Object.fromEntries(fields.map((name, position) => [name, values[position]]));
  }

  function rowAt(place) {
    const batch = batchOf(place), offset = place - batch.first;
    return {...parsed(linesOf(batch)[offset]), code: batch.codes[offset]};
  }

  // ---- search

  function messageTexts(message) {
    if (!message) return [];
    return [...message.bubbles, ...message.cards].flatMap(({parts, buttons}) => [
      ...parts.map(([, value]) => value), ...buttons.flatMap(([, ...values]) => values),
    ]);
  }

  const PLACES = {
    any: (row) => [
      row.row, row.to, row.reason, row.id, row.at, ...row.cells, ...messageTexts(row.message), row.attempts,
    ].flatMap(texts).join("\n"),
    row: (row) => String(row.row),
    to: (row) => row.to,
    message: (row) => messageTexts(row.message).join("\n"),
    reason: (row) => row.reason,
    id: (row) => row.id,
  };

  // The folded texts of one column are kept, so that only its first search reads every row.
  let folded = {place: null, batches: new Map()};

  function foldedTexts(batch, place) {
    if (folded.place !== place) folded = {place, batches: new Map()};
    if (!folded.batches.has(batch)) {
      const textOf = PLACES[place] || ((row) => row.cells[place] ?? "");
      folded.batches.set(batch, linesOf(batch).map((line) => fold(textOf(parsed(line)))));
    }
    return folded.batches.get(batch);
  }

  function matches(batch, {codes, needle, place, kind}) {
    const among = needle ? foldedTexts(batch, place) : null, lines = kind === null ? null : linesOf(batch), found = [];
    for (let offset = 0; offset < batch.codes.length; offset++) {
      if (codes && !codes.includes(batch.codes[offset])) continue;
      if (among && !among[offset].includes(needle)) continue;
      if (lines && parsed(lines[offset]).kind !== kind) continue;
      found.push(batch.first + offset);
    }
    return found;
  }

  const pause = () => new Promise((done) => setTimeout(done));

  async function search() {
    const mine = ++searches, found = [];
    const asked = {codes: state.value, needle: fold(wanted.value.trim()), place: column.value, kind};
    if (!asked.codes && !asked.needle) return shown.show(everything);
    let since = performance.now(), tell = shown.show;
    for (const batch of batches) {
      found.push(...matches(batch, asked));
      if (performance.now() - since < PAUSE_AFTER) continue;
      tell(found.slice(), " so far");
      tell = shown.grow;
      await pause();
      if (mine !== searches) return;
      since = performance.now();
    }
    tell(found);
  }

  // ---- filters

  function choose(codes, wantedKind, text) {
    state.value = codes;
    kind = wantedKind;
    chosen.hidden = !codes;
    chosen.firstElementChild.textContent = text;
    buttons.forEach((each) => {
      const pressed = codes !== "" && each.dataset.codes === codes && (each.dataset.kind ?? null) === kind;
      each.setAttribute("aria-pressed", pressed);
    });
    search();
  }

  function filter() {
    const about = state.value ? chosen.firstElementChild.textContent : "";
    return [about, searchFor(wanted, column)].filter(Boolean).join("; ");
  }

  function chooseAll() {
    wanted.value = "";
    choose("", null, "");
  }

  function press(button) {
    if (button.getAttribute("aria-pressed") === "true") return choose("", null, "");
    const reason = button.querySelector(".text")?.textContent;
    choose(codesOf(button), button.dataset.kind ?? null, reason ?? button.querySelector("span").textContent);
    byId("finder").scrollIntoView();
  }

  // Rows that were cut off are counted as pending; a reason names them alone, which no choice of the list does.
  function codesOf(button) {
    const codes = button.dataset.codes;
    if (![...state.options].some((option) => option.value === codes)) {
      const option = new Option(labels[codes][1], codes);
      state.append(option);
    }
    return codes;
  }

  // ---- one row

  function stateOf(row) {
    const [name, label] = labels[row.code];
    return element("p", `chip state-${name}`, label);
  }

  function facts(row) {
    const made = [stateOf(row)];
    if (row.at) made.push(element("p", "when", row.at));
    if (row.to) made.push(destination(row.to));
    return made;
  }

  function attempt([what, at, result, status, seconds, detail]) {
    const took = seconds === null ? "" : ` after ${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
    const http = status === null ? "" : ` · HTTP ${status}`;
    const made = element("li", "", element("b", "", what), ` · ${at} · ${result}${took}${http}`);
    if (detail) made.append(words("p", "", detail));
    return made;
  }

  function attempts(row) {
    const made = element("div", "attempts", element("ol", "", ...row.attempts.map(attempt)));
    if (row.id) made.append(element("p", "to", `Message ID ${row.id}`));
    return made;
  }

  function message(row) {
    if (row.message) return draw(row.message);
    const deleted = forgotten && labels[row.code][0] !== "invalid";
    return element("p", "blank", deleted ? "The message is not on record any more" : "No message");
  }

  function content(row) {
    const made = element("div", "content"), folds = element("div", "folds");
    const reason = row.reason || (row.message || row.attempts.length ? "" : labels[row.code][2]);
    if (reason) made.append(words("p", `reason-of state-${labels[row.code][0]}`, reason));
    made.append(message(row), folds);
    if (row.attempts.length) {
      folds.append(foldOut(counted(row.attempts.length, "attempt", "attempts"), () => attempts(row)));
    }
    folds.append(foldOut("Cells", () => cells(headers, row.cells)));
    return made;
  }

  function drawRow(place) {
    const row = rowAt(place);
    return article(row.row, row.label, facts(row), content(row));
  }

  // ---- start

  const choices = {
    any: "any column", row: "row number", to: "destination", message: "message", reason: "reason", id: "message ID",
  };
  column.append(...columnOptions(choices, headers));
  wanted.addEventListener("input", search);
  column.addEventListener("change", search);
  state.addEventListener("change", () => choose(state.value, null, state.selectedOptions[0].text));
  buttons.forEach((each) => each.addEventListener("click", () => press(each)));
  byId("all").addEventListener("click", chooseAll);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && event.target !== state && event.target !== column) chooseAll();
  });
  shown.show(everything);
})();
