// The preview page: search, pagination, and the details of each row. The rows are in the page as JSON.
(() => {
  const {counted, draw, element, foldOut, json, number, words} = bubbles;
  const ROWS_ON_A_PAGE = 50;
  const byId = (id) => document.getElementById(id);
  const list = byId("messages"), wanted = byId("wanted"), column = byId("column"), only = byId("only");
  const {headers, rows, findings} = JSON.parse(byId("data").textContent);
  const finding = byId("finding");
  const folded = new Map();
  let found = rows, page = 0;

  // ---- columns as a spreadsheet program names them

  function letter(position) {
    const rest = Math.floor(position / 26);
    return (rest ? letter(rest - 1) : "") + String.fromCharCode(65 + position % 26);
  }

  function header(position) {
    return headers[position] || `Column ${letter(position)}`;
  }

  // ---- search

  // “nguyen” finds “Nguyễn” as well; “đ” has no decomposition.
  function fold(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("đ", "d");
  }

  function texts(value) {
    return typeof value === "object" && value ? Object.values(value).flatMap(texts) : [String(value ?? "")];
  }

  const PLACES = {
    any: (row) => [row.row, row.to, row.note, ...row.problems, ...row.cells, row.payload].flatMap(texts).join("\n"),
    row: (row) => String(row.row),
    to: (row) => row.to,
    message: (row) => texts(row.payload).join("\n"),
  };

  // Folding 5,000 rows is too slow for a key stroke, so each column is folded once and cached.
  function textsOf(place) {
    if (!folded.has(place)) {
      const textOf = PLACES[place] || ((row) => row.cells[place] ?? "");
      folded.set(place, new Map(rows.map((row) => [row, fold(textOf(row))])));
    }
    return folded.get(place);
  }

  function search() {
    const needle = fold(wanted.value.trim());
    found = only.checked ? rows.filter((row) => row.problems.length) : rows;
    if (finding.value) found = found.filter((row) => row.findings.includes(finding.value));
    if (needle) {
      const among = textsOf(column.value);
      found = found.filter((row) => among.get(row).includes(needle));
    }
    show(0);
  }

  // ---- one row

  function cell(row, position, bad) {
    const name = words("th", "", header(position)), text = row.cells[position];
    name.scope = "row";
    return element("tr", bad ? "bad" : "", name, text ? words("td", "", text) : element("td", "blank", "blank"));
  }

  function cells(row) {
    const bad = new Set(row.problems.flatMap(([where]) => where.split(", ")));
    const made = row.cells.map((_, position) => cell(row, position, bad.has(letter(position) + row.row)));
    return element("table", "cells", element("tbody", "", ...made));
  }

  function problem([where, what, remedy]) {
    return element("li", "", element("b", "", where), remedy ? `${what}; ${remedy}` : what);
  }

  // A long destination can break between its parts.
  function destination(row) {
    const parts = row.to.split("/").flatMap((part, index) => index ? ["/", element("wbr"), part] : [part]);
    return element("p", "to", ...parts);
  }

  function facts(row) {
    const title = element("h2", "", row.label ? `Row ${row.row} · ${row.label}` : `Row ${row.row}`), made = element("div", "", title, destination(row));
    title.id = `row-${row.row}`;
    if (row.problems.length) {
      made.append(element("p", "chip bad", counted(row.problems.length, "problem", "problems")));
    }
    if (row.note) made.append(element("p", "chip note", row.note));
    row.findings.forEach((code) => made.append(element("p", "chip note", code)));
    return made;
  }

  function content(row) {
    const made = element("div", "content"), folds = element("div", "folds", foldOut("Cells", () => cells(row)));
    if (row.problems.length) made.append(element("ul", "problems", ...row.problems.map(problem)));
    if (row.payload) {
      made.append(draw(row.preview));
      folds.append(foldOut("JSON", () => json(row.payload)));
    } else {
      folds.firstChild.open = true;
    }
    made.append(folds);
    return made;
  }

  function article(row) {
    const made = element("article", "", facts(row), content(row));
    made.tabIndex = -1;
    made.setAttribute("aria-labelledby", `row-${row.row}`);
    return made;
  }

  // ---- pages

  function show(wantedPage) {
    page = wantedPage;
    const first = page * ROWS_ON_A_PAGE, shown = found.slice(first, first + ROWS_ON_A_PAGE);
    list.replaceChildren(...shown.map(article));
    const nothing = only.checked && !wanted.value.trim() ? "No row has a problem." : "No row matches.";
    if (!shown.length) list.append(element("p", "empty", nothing));
    byId("place").textContent = shown.length
      ? `${number(first + 1)}–${number(first + shown.length)} of ${counted(found.length, "row", "rows")}`
      : "No rows";
    byId("previous").hidden = byId("next").hidden = found.length <= ROWS_ON_A_PAGE;
    byId("previous").disabled = page === 0;
    byId("next").disabled = first + ROWS_ON_A_PAGE >= found.length;
  }

  function turn(by) {
    show(page + by);
    list.scrollIntoView();
  }

  function step(by) {
    const [sibling, first, button] = by > 0
      ? ["nextElementSibling", "firstElementChild", "next"]
      : ["previousElementSibling", "lastElementChild", "previous"];
    const current = document.activeElement.closest("article");
    const next = current ? current[sibling] : list.firstElementChild;
    if (next) {
      next.focus();
    } else if (!byId(button).hidden && !byId(button).disabled) {
      turn(by);
      list[first].focus();
    }
  }

  const KEYS = {j: () => step(1), k: () => step(-1), "/": () => wanted.focus()};

  function press(event) {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input[type=search], select")) return;
    event.preventDefault();
    act();
  }

  // ---- findings

  function findingLine(each) {
    const line = element("li", each.severity === "stop" ? "bad" : "", element("b", "", each.code), ` ${each.message}`);
    if (each.remedy) line.append(element("p", "", each.remedy));
    return line;
  }

  function showFindings() {
    if (!findings.length) return;
    const list = byId("findings"), about = new Set(rows.flatMap((row) => row.findings));
    list.hidden = false;
    list.append(element("h2", "", counted(findings.length, "finding", "findings")));
    list.append(element("ul", "", ...findings.map(findingLine)));
    if (!about.size) return;
    byId("finding-label").hidden = false;
    finding.append(new Option("all rows", ""), ...[...about].map((code) => new Option(code, code)));
    finding.addEventListener("change", search);
  }

  // ---- start

  function count() {
    const bad = rows.filter((row) => row.problems.length).length, skipped = rows.filter((row) => row.note).length;
    const counts = byId("counts");
    counts.append(element("li", "", counted(rows.length - bad - skipped, "message to send", "messages to send")));
    if (skipped) counts.append(element("li", "note", `${number(skipped)} to be skipped`));
    counts.append(bad
      ? element("li", "bad", counted(bad, "row with problems", "rows with problems"))
      : element("li", "", "no problems"));
  }

  const choices = {any: "any column", row: "row number", to: "destination", message: "message"};
  column.append(...Object.entries(choices).map(([value, text]) => new Option(text, value)));
  column.append(...headers.map((_, position) => new Option(header(position), position)));
  wanted.addEventListener("input", search);
  column.addEventListener("change", search);
  only.addEventListener("change", search);
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", press);
  count();
  showFindings();
  show(0);
})();
