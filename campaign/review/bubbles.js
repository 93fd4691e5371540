"use strict";

// Draws a payload of either channel as chat bubbles, and what the pages around them have in common. What comes from a cell enters the page as text and never as
// markup; the one attribute that it reaches is a link's href, and only as an http or https address.
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

  // The file itself is not loaded: no request leaves the page until a link is followed.
  function media(kind, address) {
    const name = fileName(address), label = element("span", "bubble-media-kind", kind);
    const caption = element("figcaption", "", label);
    if (name) caption.append(words("span", "bubble-media-name", name));
    caption.append(link(address, "bubble-address", address));
    return element("figure", "bubble-media bubble-" + kind, icon(kind), caption);
  }

  // A message or a header: text, or a file; the API lets each carry the other's field as well.
  function content(part, kind) {
    if (part.type !== "text") return [media(part.type, part.url), ...(part.text ? [words("p", "", part.text)] : [])];
    return [words("p", kind, part.text), ...(part.url ? [link(part.url, "bubble-address", part.url)] : [])];
  }

  function button(made) {
    const opens = made.type === "web_url", does = opens ? made.url : made.payload;
    const label = words("span", "bubble-label", made.text);
    const detail = element("span", "bubble-detail", opens ? "opens " : "answers ", element("bdi", "", String(does)));
    const face = opens ? link(does, "bubble-button") : element("span", "bubble-button");
    face.append(label, detail);
    return element("li", "", face);
  }

  function card(part) {
    const made = element("div", "bubble");
    if (part.header) made.append(...content(part.header, "bubble-head"));
    if (part.body) made.append(words("p", "", part.body));
    if (part.footer) made.append(words("p", "bubble-foot", part.footer));
    if (part.buttons?.length) made.append(element("ul", "bubble-buttons", ...part.buttons.map(button)));
    return made;
  }

  function carousel(cards) {
    const made = element("div", "bubble-cards", ...cards.map(card));
    made.tabIndex = 0;
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", `${cards.length} cards, side by side`);
    return made;
  }

  function kitechat(made, payload) {
    const message = payload.message, template = message.template;
    made.append(words("p", "chat-sender", `Page ${payload.pageId}`));
    if (!template) {
      made.append(element("div", "bubble", ...content(message, "")));
      return;
    }
    const own = card(template);
    if (own.hasChildNodes()) made.append(own);
    if (template.cards?.length) made.append(carousel(template.cards));
  }

  // Rocket.Chat stores the message under the visitor's identity, whatever agent is named (its sendMessage.ts).
  function livechat(made, payload) {
    made.classList.add("chat-visitor");
    const agent = payload.agent ? `, agent ${payload.agent.username}` : "";
    made.append(words("p", "chat-sender", `Visitor${agent}`), element("div", "bubble", words("p", "", payload.msg)));
  }

  function draw(payload) {
    const made = element("div", "chat");
    ("rid" in payload ? livechat : kitechat)(made, payload);
    return made;
  }

  // What cannot be seen in a text is spelt out, as JSON allows: a pasted token may end in a zero-width space.
  function json(payload) {
    const invisible = /[\u00a0\u00ad\u061c\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;
    const spelt = (found) => "\\u" + found.charCodeAt().toString(16).padStart(4, "0");
    return element("pre", "", JSON.stringify(payload, null, 2).replace(invisible, spelt));
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
