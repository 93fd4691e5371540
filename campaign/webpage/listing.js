// What pages that list rows have in common: folding of text for a search, pages of rows, keys, and parts of a row.
const listing = (() => {
  const {counted, element, number, words} = bubbles;
  const ROWS_ON_A_PAGE = 50;
  const MOST_PRINTED = 1000;  // rows: of 300 characters each, 250 sheets of paper
  const byId = (id) => document.getElementById(id);

  // ---- columns as a spreadsheet program names them

  function letter(position) {
    const rest = Math.floor(position / 26);
    return (rest ? letter(rest - 1) : "") + String.fromCharCode(65 + position % 26);
  }

  function header(headers, position) {
    return headers[position] || `Column ${letter(position)}`;
  }

  function columnOptions(choices, headers) {
    return [
      ...Object.entries(choices).map(([value, text]) => new Option(text, value)),
      ...headers.map((_, position) => new Option(header(headers, position), position)),
    ];
  }

  // ---- search

  // “nguyen” finds “Nguyễn” as well; “đ” has no decomposition.
  function fold(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("đ", "d");
  }

  function texts(value) {
    return typeof value === "object" && value ? Object.values(value).flatMap(texts) : [String(value ?? "")];
  }

  // What a search looks for, in words; "" for nothing.
  function searchFor(wanted, column) {
    const text = wanted.value.trim();
    return text && `“${text}” in ${column.selectedOptions[0].text}`;
  }

  // ---- parts of a row

  function cell(name, text, bad) {
    const title = words("th", "", name);
    title.scope = "row";
    return element("tr", bad ? "bad" : "", title, text ? words("td", "", text) : element("td", "blank", "blank"));
  }

  function cells(headers, found, isBad = () => false) {
    const made = found.map((text, position) => cell(header(headers, position), text, isBad(position)));
    return element("table", "cells", element("tbody", "", ...made));
  }

  // A long destination can break between its parts.
  function destination(text) {
    const parts = text.split("/").flatMap((part, index) => index ? ["/", element("wbr"), part] : [part]);
    return element("p", "to", ...parts);
  }

  function article(row, name, facts, content) {
    const title = element("h2", "", name ? `Row ${row} · ${name}` : `Row ${row}`);
    title.id = `row-${row}`;
    const made = element("article", "", element("div", "", title, ...facts), content);
    made.tabIndex = -1;
    made.setAttribute("aria-labelledby", title.id);
    return made;
  }

  // ---- pages of rows, and the keys that go through them

  // `draw` makes a row, `nothing` says that there is none, and `filter` which rows are looked for.
  function pages(draw, nothing, filter) {
    const list = byId("messages"), previous = byId("previous"), next = byId("next"), printed = element("p", "printed");
    let found = [], page = 0, suffix = "";
    let screen = null;  // what is on it, while all rows are shown to be printed

    function showPlace() {
      const first = page * ROWS_ON_A_PAGE, shown = Math.min(ROWS_ON_A_PAGE, found.length - first);
      byId("place").textContent = shown > 0
        ? `${number(first + 1)}–${number(first + shown)} of ${counted(found.length, "row", "rows")}${suffix}`
        : suffix ? "Searching…" : "No rows";
      previous.hidden = next.hidden = found.length <= ROWS_ON_A_PAGE;
      previous.disabled = page === 0;
      next.disabled = first + ROWS_ON_A_PAGE >= found.length;
    }

    function showPage(wanted) {
      page = wanted;
      screen = null;
      const first = page * ROWS_ON_A_PAGE, shown = found.slice(first, first + ROWS_ON_A_PAGE);
      list.replaceChildren(...shown.map(draw));
      if (!shown.length && !suffix) list.append(element("p", "empty", nothing()));
      showPlace();
    }

    // `unfinished`: what is said of the count while a search goes on.
    function show(rows, unfinished = "") {
      found = rows;
      suffix = unfinished;
      showPage(0);
    }

    // The rows shown before are the first of these.
    function grow(rows, unfinished = "") {
      if (found.length < ROWS_ON_A_PAGE && found.length < rows.length || !rows.length) {
        show(rows, unfinished);
      } else {
        found = rows;
        suffix = unfinished;
        showPlace();
      }
    }

    // ---- a print has the rows of all pages

    function whatIsPrinted() {
      const about = filter(), all = counted(found.length, "row", "rows") + suffix + (about && `: ${about}`);
      const rest = found.length - MOST_PRINTED;
      if (rest <= 0) return all;
      return `The first ${number(MOST_PRINTED)} of ${all}. ${number(rest)} more are left out; search or filter to print them.`;
    }

    function showToPrint() {
      printed.textContent = whatIsPrinted();
      if (screen || !found.length) return;
      const rows = [...list.children], first = page * ROWS_ON_A_PAGE;
      const closed = [...document.querySelectorAll("details:not([open])")].filter((each) => !list.contains(each));
      screen = {rows, closed, focused: document.activeElement, top: window.scrollY};
      closed.forEach((each) => { each.open = true; });
      list.replaceChildren(...found.slice(0, MOST_PRINTED).map((row, at) => rows[at - first] ?? draw(row)));
    }

    function showAsBefore() {
      if (!screen) return;
      const {rows, closed, focused, top} = screen;
      screen = null;
      closed.forEach((each) => { each.open = false; });
      list.replaceChildren(...rows);
      focused?.focus({preventScroll: true});
      window.scrollTo(0, top);
    }

    function turn(by) {
      showPage(page + by);
      list.scrollIntoView();
    }

    function step(by) {
      const [sibling, first, button] = by > 0
        ? ["nextElementSibling", "firstElementChild", next]
        : ["previousElementSibling", "lastElementChild", previous];
      const current = document.activeElement.closest("article");
      const following = current ? current[sibling] : list.firstElementChild;
      if (following) {
        following.focus();
      } else if (!button.hidden && !button.disabled) {
        turn(by);
        list[first].focus();
      }
    }

    const KEYS = {j: () => step(1), k: () => step(-1), "/": () => byId("wanted").focus()};

    function press(event) {
      const act = KEYS[event.key];
      if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target.closest("input[type=search], select")) return;
      event.preventDefault();
      act();
    }

    function pressInSearch(event) {
      if (event.key === "Enter") {
        list.querySelector("article")?.focus();
      } else if (event.key === "Escape" && event.target.value) {
        event.preventDefault();
        event.target.value = "";
        event.target.dispatchEvent(new Event("input"));
      }
    }

    previous.addEventListener("click", () => turn(-1));
    next.addEventListener("click", () => turn(1));
    document.addEventListener("keydown", press);
    byId("wanted").addEventListener("keydown", pressInSearch);
    window.addEventListener("beforeprint", showToPrint);
    window.addEventListener("afterprint", showAsBefore);
    list.before(printed);
    return {grow, show};
  }

  return {article, byId, cells, columnOptions, destination, fold, letter, pages, searchFor, texts};
})();
