// Messages in Bot API form, drawn.

import { fileUrl } from "./server.js";
import { clock, say } from "./words.js";

/** An element with properties, and children that are elements or text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  svg.ariaHidden = "true";
  return svg;
}

/** One line that tells what a message is about. */
export function summary(message) {
  const words = message.text ?? message.caption;
  if (words) return words.split("\n")[0];
  if (message.photo) return say("photo");
  if (message.document) return message.document.file_name ?? say("file");
  if (message.venue) return message.venue.title;
  if (message.location) return say("location");
  return "…";
}

/**
 * A message, or all messages of one album, as one bubble.
 * `chat` has: you, room, press, command, reply, view, move.
 */
export function draw(messages, chat) {
  const [first] = messages;
  const last = messages.at(-1);
  const mine = first.from?.id === chat.you.id;
  const name = mine ? say("you") : first.from?.first_name ?? first.chat.title;
  const bubble = make("div", { className: "bubble" });
  if (!mine && chat.room.chat.type !== "private") {
    bubble.append(make("p", { className: "name" }, name));
  }
  if (first.via_bot) bubble.append(viaBot(first.via_bot));
  if (first.reply_to_message) bubble.append(quote(first.reply_to_message, chat));
  bubble.append(...body(messages, chat), meta(last));
  const article = make(
    "article",
    { className: `message ${mine ? "mine" : "theirs"}`, id: `message-${first.message_id}` },
    bubble,
    keyboard(last, chat),
    make("button", {
      type: "button", className: "icon reply", title: say("reply"),
      ariaLabel: `${say("reply")}: ${summary(first)}`, onclick: () => chat.reply(first),
    }, icon("reply")),
  );
  article.ariaLabel = `${name}, ${clock(first.date)}`;
  if (isPictures(messages)) article.classList.add("pictures");
  return article;
}

/** Formatted text as DOM nodes. Offsets count UTF-16 units, as strings do here. */
export function rich(text, entities, chat) {
  const nodes = [];
  let at = 0;
  for (const entity of outermost(entities ?? [])) {
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const end = entity.offset + entity.length;
    const within = (entities ?? [])
      .filter((e) => e !== entity && e.offset >= entity.offset && e.offset + e.length <= end)
      .map((e) => ({ ...e, offset: e.offset - entity.offset }));
    nodes.push(marked(entity, text.slice(entity.offset, end), within, chat));
    at = end;
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function outermost(entities) {
  const found = [];
  for (const entity of entities) {
    const previous = found.at(-1);
    if (!previous || entity.offset >= previous.offset + previous.length) found.push(entity);
  }
  return found;
}

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

function marked(entity, text, within, chat) {
  const inner = rich(text, within, chat);
  if (entity.type === "text_link" || entity.type === "url") return link(entity.url ?? text, inner);
  if (entity.type === "bot_command") {
    const command = make("button", { type: "button", className: "link" }, ...inner);
    command.onclick = () => chat.command(text);
    return command;
  }
  if (entity.type === "spoiler") {
    const spoiler = make("button", { type: "button", className: "spoiler" }, ...inner);
    spoiler.onclick = () => spoiler.classList.add("seen");
    return spoiler;
  }
  if (entity.type in TAGS) return make(TAGS[entity.type], {}, ...inner);
  return make("span", { className: "mark" }, ...inner);
}

function link(url, children) {
  const safe = /^(https?|mailto|tel):/i.test(url);
  const properties = { target: "_blank", rel: "noopener noreferrer" };
  return make("a", safe ? { href: url, ...properties } : {}, ...children);
}

function isPictures(messages) {
  return Boolean(messages[0].photo);
}

function body(messages, chat) {
  const [message] = messages;
  if (isPictures(messages)) return pictures(messages, chat);
  const parts = messages.filter((m) => m.document).map((m) => fileCard(m.document));
  if (message.location) parts.push(mapCard(message, chat));
  const text = message.text ?? message.caption;
  const entities = message.entities ?? message.caption_entities;
  if (text) parts.push(make("div", { className: "text" }, ...rich(text, entities, chat)));
  if (!parts.length) parts.push(make("div", { className: "text faint" }, say("unsupported")));
  return parts;
}

// How many pictures stand in each row of an album.
const ROWS = {
  1: [1], 2: [2], 3: [1, 2], 4: [2, 2], 5: [2, 3], 6: [3, 3], 7: [2, 2, 3], 8: [2, 3, 3],
  9: [3, 3, 3], 10: [2, 2, 3, 3],
};

function pictures(messages, chat) {
  const captioned = messages.filter((message) => message.caption);
  const shared = captioned.length === 1 ? captioned[0] : null;
  const widths = ROWS[Math.min(messages.length, 10)].flatMap((k) => Array(k).fill(k));
  const grid = make("div", { className: messages.length > 1 ? "album" : "picture" });
  messages.forEach((message, number) => {
    const largest = message.photo.at(-1);
    const image = make("img", {
      src: fileUrl(largest), width: largest.width, height: largest.height, loading: "lazy",
      alt: message.caption ? summary(message) : say("photo"),
    });
    const button = make("button", { type: "button", className: "photo" }, image);
    button.onclick = () => chat.view(message);
    if (messages.length > 1) button.dataset.row = String(widths[number]);
    if (message.caption && !shared) {
      button.append(make("span", { className: "photo-caption" }, summary(message)));
    }
    grid.append(button);
  });
  if (!shared) return [grid];
  const words = rich(shared.caption, shared.caption_entities, chat);
  return [grid, make("div", { className: "text" }, ...words)];
}

function fileCard(file) {
  const size = file.file_size < 100_000
    ? `${Math.ceil(file.file_size / 1000)} kB` : `${(file.file_size / 1e6).toFixed(1)} MB`;
  const name = file.file_name ?? say("file");
  return make(
    "a",
    { className: "card", href: fileUrl(file), download: name, ariaLabel: say("download", { name }) },
    make("span", { className: "card-icon" }, icon("file")),
    make("span", {}, make("b", {}, name), make("small", {}, size)),
  );
}

function mapCard(message, chat) {
  const { latitude, longitude, live_period: live } = message.location;
  const degrees = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const mine = message.from?.id === chat.you.id;
  const title = message.venue?.title ?? (live ? say("liveLocation") : say("location"));
  const there = `?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  const picture = make("span", { className: "map" }, icon("pin"));
  const open = link(`https://www.openstreetmap.org/${there}`, [picture]);
  open.ariaLabel = `${title}: ${say("openMap")}`;
  open.title = say("openMap");
  const move = make("button", { type: "button", className: "link" }, say("move"));
  move.onclick = () => chat.move(message);
  return make(
    "div",
    { className: "place" },
    open,
    make("b", {}, title),
    message.venue ? make("span", {}, message.venue.address) : null,
    make("small", {}, degrees),
    live && mine ? move : null,
  );
}

function viaBot(bot) {
  return make("p", { className: "via" }, `${say("via")} @${bot.username}`);
}

function quote(message, chat) {
  const mine = message.from?.id === chat.you.id;
  const preview = message.photo
    ? make("img", { src: fileUrl(message.photo[0]), alt: "", width: 36, height: 36 }) : null;
  const name = mine ? say("you") : message.from?.first_name ?? "";
  const words = make("span", {}, make("b", {}, name), make("span", {}, summary(message)));
  const button = make("button", { type: "button", className: "quote" }, preview, words);
  button.onclick = () => {
    const quoted = document.getElementById(`message-${message.message_id}`);
    quoted?.scrollIntoView({ block: "center" });
  };
  return button;
}

function meta(message) {
  const notes = [
    message.unseen ? say("unseen") : "",
    message.edit_date && !message.location ? say("edited") : "",
    clock(message.date),
  ];
  return make("p", { className: "meta" }, notes.filter(Boolean).join(" · "));
}

function keyboard(message, chat) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  const drawn = rows.map((buttons, row) => make("div", { className: "row" }, ...buttons.map(
    (button, column) => keyboardButton(message, button, row, column, chat))));
  return make("div", { className: "buttons-below" }, ...drawn);
}

function keyboardButton(message, button, row, column, chat) {
  if (button.url) {
    const anchor = link(button.url, [button.text]);
    anchor.className = "key";
    anchor.append(make("span", { className: "key-mark", ariaHidden: "true" }, "↗"));
    return anchor;
  }
  const key = make("button", { type: "button", className: "key" }, button.text);
  key.onclick = async () => {
    key.classList.add("waiting");
    await chat.press(message, button, row, column);
    key.classList.remove("waiting");
  };
  return key;
}
