"use strict";

// Draws a message preview (campaign/channels/preview.py) as chat bubbles, with helpers for both pages. Text from a cell
// enters the page as text, never as markup; the only attribute that it sets is a link's href, and only to an http or
// https address.
const bubbles = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const ICONS = {
    image: "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15.5 9.5h.01",
    video: "M4 5h16v14H4z M10 9l5 3-5 3z",
    audio: "M4 10v4 M8 7v10 M12 4v16 M16 8v8 M20 10v4",
    document: "M6 3h8l4 4v14H6z M14 3v4h4 M9 12h6 M9 16h6",
  };

  function element(tag, kind, ...content) {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    made.append(...content);
    return made;
  }

  function words(tag, kind, text) {
    const made = element(tag, kind, String(text));
    made.dir = "auto";
    return made;
  }

  function webAddress(text) {
    try {
      return /^https?:\/\//i.test(text) ? new URL(text) : null;
    } catch {
      return null;
    }
  }

  function link(address, kind, ...content) {
    const parsed = webAddress(address);
    const made = element(parsed ? "a" : "span", kind, ...content);
    if (parsed) Object.assign(made, {href: parsed.href, target: "_blank", rel: "noopener noreferrer"});
    return made;
  }

  function icon(kind) {
    const made = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
    made.setAttribute("viewBox", "0 0 24 24");
    made.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[kind] || ICONS.document);
    made.append(path);
    return made;
  }

  function fileName(address) {
    const last = webAddress(address)?.pathname.split("/").pop() || "";
    try {
      return decodeURIComponent(last);
    } catch {
      return last;
    }
  }

  // The file is not loaded: the page makes no request until a link is followed.
  function media(kind, address) {
    const name = fileName(address), label = element("span", "bubble-media-kind", kind);
    const caption = element("figcaption", "", label);
    if (name) caption.append(words("span", "bubble-media-name", name));
    caption.append(link(address, "bubble-address", address));
    return element("figure", "bubble-media bubble-" + kind, icon(kind), caption);
  }

  const TEXT_CLASSES = {text: "", head: "bubble-head", foot: "bubble-foot"};

  function part([kind, value]) {
    if (kind in TEXT_CLASSES) return words("p", TEXT_CLASSES[kind], value);
    return kind === "link" ? link(value, "bubble-address", value) : media(kind, value);
  }

  function button([kind, label, value]) {
    const opens = kind === "link", face = opens ? link(value, "bubble-button") : element("span", "bubble-button");
    const detail = element("span", "bubble-detail", opens ? "opens " : "answers ", element("bdi", "", value));
    face.append(words("span", "bubble-label", label), detail);
    return element("li", "", face);
  }

  function bubble({parts, buttons}) {
    const made = element("div", "bubble", ...parts.map(part));
    if (buttons.length) made.append(element("ul", "bubble-buttons", ...buttons.map(button)));
    return made;
  }

  function carousel(cards) {
    const made = element("div", "bubble-cards", ...cards.map(bubble));
    made.tabIndex = 0;
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", `${cards.length} cards, side by side`);
    return made;
  }

  function draw({sender, side, bubbles, cards}) {
    const made = element("div", `chat chat-${side}`);
    made.append(words("p", "chat-sender", sender.join(", ")), ...bubbles.map(bubble));
    if (cards.length) made.append(carousel(cards));
    return made;
  }

  // Invisible characters are escaped, as JSON allows: a pasted token can end in a zero-width space.
  function json(payload) {
    const invisible = /[\u00a0\u00ad\u061c\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;
    const escaped = (found) => "\\u" + found.charCodeAt().toString(16).padStart(4, "0");
    return element("pre", "", JSON.stringify(payload, null, 2).replace(invisible, escaped));
  }

  function foldOut(summary, content) {
    const made = element("details", "", element("summary", "", summary));
    made.addEventListener("toggle", () => made.childElementCount === 1 && made.append(content()));
    return made;
  }

  const number = (value) => value.toLocaleString("en");
  const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

  return {counted, draw, element, foldOut, json, number, words};
})();
