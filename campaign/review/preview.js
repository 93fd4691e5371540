// The preview page: search, pagination, and the details of each row. The rows are in the page as JSON.
(() => {
  const {counted, draw, element, foldOut, json, number} = bubbles;
  const {article, byId, cells, columnOptions, destination, fold, letter, pages, searchFor, texts} = listing;
  const wanted = byId("wanted"), column = byId("column"), only = byId("only"), finding = byId("finding");
  const {headers, rows, findings} = JSON.parse(byId("data").textContent);
  const folded = new Map();
  const nothing = () => only.checked && !wanted.value.trim() ? "No row has a problem." : "No row matches.";
  const shown = pages(drawRow, nothing, filter);

  // ---- search

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
    let found = only.checked ? rows.filter((row) => row.problems.length) : rows;
    if (finding.value) found = found.filter((row) => row.findings.includes(finding.value));
    if (needle) {
      const among = textsOf(column.value);
      found = found.filter((row) => among.get(row).includes(needle));
    }
    shown.show(found);
  }

  function filter() {
    const about = [only.checked && "only rows with problems", finding.value, searchFor(wanted, column)];
    return about.filter(Boolean).join("; ");
  }

  // ---- one row

  function cellsOf(row) {
    const bad = new Set(row.problems.flatMap(([where]) => where.split(", ")));
    return cells(headers, row.cells, (position) => bad.has(letter(position) + row.row));
  }

  function problem([where, what, remedy]) {
    return element("li", "", element("b", "", where), remedy ? `${what}; ${remedy}` : what);
  }

  function facts(row) {
    const made = [destination(row.to)];
    if (row.problems.length) {
      made.push(element("p", "chip bad", counted(row.problems.length, "problem", "problems")));
    }
    if (row.note) made.push(element("p", "chip note", row.note));
    row.findings.forEach((code) => made.push(element("p", "chip note", code)));
    return made;
  }

  function content(row) {
    const made = element("div", "content"), folds = element("div", "folds", foldOut("Cells", () => cellsOf(row)));
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

  function drawRow(row) {
    return article(row.row, row.label, facts(row), content(row));
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
  column.append(...columnOptions(choices, headers));
  wanted.addEventListener("input", search);
  column.addEventListener("change", search);
  only.addEventListener("change", search);
  count();
  showFindings();
  shown.show(rows);
})();
