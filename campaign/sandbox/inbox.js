// The inbox page: polls the sandbox for messages and shows them, newest first. While a message is being read, the list
// does not move, and new messages wait behind a button.
(() => {
  const {counted, draw, element, foldOut, json, number} = bubbles;
  const POLL_MS = 1000, TYPING_MS = 250, TIMEOUT_MS = 30000;
  const byId = (id) => document.getElementById(id);
  const list = byId("list"), wanted = byId("wanted"), pause = byId("pause");
  let needle = "", begun = 0, newest = 0, atMost = 0, taken = 0;
  let startingOver = true, waiting = [], paused = false;
  let polling = new AbortController(), timer = 0, lostAt = null, backAt = null;

  const clock = (at) => at.toLocaleTimeString("en-GB");

  // Setting the same text again would make a screen reader repeat it.
  function setText(id, text) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }

  // ---- one message

  // A long destination may break between its parts.
  function destination([account, conversation]) {
    return element("p", "to", element("bdi", "", account), "/", element("wbr"), element("bdi", "", conversation));
  }

  function facts(entry) {
    const at = new Date(entry.time * 1000), time = element("time", "", clock(at));
    time.dateTime = at.toISOString();
    time.title = at.toLocaleString();
    const title = element("h2", "", time, element("span", "channel", entry.channel));
    title.id = `message-${entry.number}`;
    const id = element("p", "to id", "id ", element("bdi", "", entry.message_id));
    const made = element("div", "", title, destination(entry.destination), id);
    if (entry.method === "BY HAND") made.append(element("p", "chip note", "written by hand"));
    if (entry.fault) made.append(element("p", "chip note", `fault: ${entry.fault}`));
    return made;
  }

  function article(entry) {
    const content = element("div", "content", draw(entry.preview), element("div", "folds", foldOut("JSON", () => json(entry.body))));
    const made = element("article", "", facts(entry), content);
    made.tabIndex = -1;
    made.setAttribute("aria-labelledby", `message-${entry.number}`);
    return made;
  }

  // ---- the list

  function isScrolled() {
    return list.getBoundingClientRect().top < byId("bar").getBoundingClientRect().bottom;
  }

  // An unfolded message, or one reached by keyboard, has the focus.
  function isRead() {
    return paused || isScrolled() || list.contains(document.activeElement);
  }

  function showWaiting() {
    const arrived = waiting.map(article).reverse();
    arrived.forEach((each) => each.classList.add("arrived"));
    list.prepend(...arrived);
    while (list.childElementCount > atMost) list.lastElementChild.remove();
    waiting = [];
  }

  function showNew() {
    document.activeElement.blur();
    showWaiting();
    updateList();
    scrollTo(0, 0);
  }

  function updateWaiting() {
    const count = waiting.length, some = counted(count, "new message", "new messages");
    byId("waiting").hidden = !count;
    setText("waiting", count < atMost ? some : `${number(count)} or more new messages`);
  }

  function updateFound() {
    const count = list.childElementCount + waiting.length;
    const some = `${count ? number(count) : "No"} ${count > 1 ? "messages contain" : "message contains"}`;
    byId("found").hidden = !taken || !needle;
    setText("found", `${count < atMost ? some : `${number(atMost)} or more messages contain`} “${needle}”`);
  }

  function updateList() {
    updateWaiting();
    updateFound();
    byId("welcome").hidden = taken > 0;
    byId("older").hidden = list.childElementCount < atMost;
    setText("older", `Only the newest ${number(atMost)} are shown; use Find for the others.`);
  }

  // ---- polling

  function updateCounts(update) {
    setText("requests", counted(update.requests, "request", "requests"));
    setText("taken", counted(taken, "message taken", "messages taken"));
    document.title = taken ? `(${number(taken)}) Sandbox inbox` : "Sandbox inbox";
  }

  function take(update) {
    const isAnother = update.begun !== begun && newest > 0;
    ({begun, newest, taken, at_most: atMost} = update);
    if (isAnother) {
      startOver();
      return;
    }
    if (startingOver) {
      list.replaceChildren(...update.messages.map(article).reverse());
      waiting = [];
      startingOver = false;
    } else {
      waiting = [...waiting, ...update.messages].slice(-atMost);
      if (!isRead()) showWaiting();
    }
    mark(update.listed, "listed", "found by a look-up");
    mark(update.deleted, "deleted", "deleted");
    updateCounts(update);
    updateList();
  }

  // A message is looked up, or deleted, after it was shown.
  function mark(numbers, what, text) {
    for (const each of numbers) {
      const title = byId(`message-${each}`);
      if (title && !byId(`${what}-${each}`)) {
        const chip = element("p", "chip note", text);
        chip.id = `${what}-${each}`;
        title.parentElement.append(chip);
        title.closest("article").classList.add(what);
      }
    }
  }

  function updateState() {
    const live = backAt ? `Live; the connection was back at ${clock(backAt)}` : "Live";
    const followed = paused ? ["note", "Paused"] : ["good", live];
    const [kind, text] = lostAt ? ["bad", `Connection lost at ${clock(lostAt)}; trying again`] : followed;
    byId("state").className = `state ${kind}`;
    setText("state", text);
  }

  function noteConnection(isThere) {
    if (isThere && lostAt) backAt = new Date();
    lostAt = isThere ? null : lostAt || new Date();
    updateState();
  }

  async function fetchUpdate(signal) {
    const address = `sandbox/inbox?after=${newest}&find=${encodeURIComponent(needle)}`;
    const response = await fetch(address, {signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])});
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  }

  async function poll() {
    clearTimeout(timer);
    polling.abort();
    const own = new AbortController();
    polling = own;
    const update = await fetchUpdate(own.signal).catch(() => null);
    // Otherwise a newer request has been made in the meantime.
    if (own !== polling) return;
    timer = setTimeout(poll, POLL_MS);
    noteConnection(update !== null);
    if (update) take(update);
  }

  // The list stays until the response arrives: an empty list in between would flicker.
  function startOver() {
    needle = wanted.value.trim();
    newest = 0;
    startingOver = true;
    poll();
  }

  // ---- keyboard and mouse

  function search() {
    if (isScrolled()) list.scrollIntoView();
    startOver();
  }

  function togglePause() {
    paused = !paused;
    pause.textContent = paused ? "Resume" : "Pause";
    if (!isRead()) showWaiting();
    updateState();
    updateList();
  }

  function step(sibling) {
    const current = document.activeElement.closest("article");
    (current ? current[sibling] : list.firstElementChild)?.focus();
  }

  const KEYS = {
    j: () => step("nextElementSibling"),
    k: () => step("previousElementSibling"),
    n: showNew,
    p: togglePause,
    "/": () => wanted.focus(),
  };

  function press(event) {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input")) return;
    event.preventDefault();
    act();
  }

  let typed = 0;
  wanted.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(search, TYPING_MS);
  });
  pause.addEventListener("click", togglePause);
  byId("waiting").addEventListener("click", showNew);
  document.addEventListener("keydown", press);
  // Browsers suspend the timers of a hidden page.
  document.addEventListener("visibilitychange", () => document.hidden || poll());
  document.querySelectorAll(".origin").forEach((each) => { each.textContent = location.origin; });
  poll();
})();
