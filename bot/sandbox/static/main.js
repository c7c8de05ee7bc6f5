// The page: chats on the left, one of them open, news from the server put in as they come.

import { Composer } from "./composer.js";
import { choosePlace, notice, toast, view } from "./dialogs.js";
import { InlineQuery } from "./inline.js";
import { draw, make, summary } from "./messages.js";
import { act, follow } from "./server.js";
import { clock, say, speak } from "./words.js";

const $ = (id) => document.getElementById(id);
const ACTION_SHOWN_MS = 5500; // Telegram forgets an action after 5 seconds
const NEAR_END_PX = 160;
const SHOWN_CALLS = 100;
const KEPT_MESSAGES = 500; // of one chat

const state = { you: null, bot: null, rooms: new Map(), open: null, unread: new Map(), spots: [] };
let actionTimer;
let greeted = false;

const room = () => state.rooms.get(state.open);
const refused = (error) => notice(error.message);
const isPrivate = (of) => of.chat.type === "private";
const roomName = (of) => (isPrivate(of) ? state.bot.first_name : of.chat.title);
const addressed = (command) => (isPrivate(room()) ? `/${command}` : `/${command}@${state.bot.username}`);

const inline = new InlineQuery({
  bot: () => state.bot,
  room,
  refused,
  picked: () => composer.clear(),
  start: (parameter) => {
    open([...state.rooms.values()].find(isPrivate).chat.id);
    composer.say(`/start ${parameter}`);
  },
});
const composer = new Composer({
  room,
  refused,
  addressed,
  typed: (text) => inline.typed(text),
  location: () => sendPlace(),
});
const chat = {
  get you() { return state.you; },
  get room() { return room(); },
  press,
  command: (text) => composer.say(text),
  reply: (message) => composer.reply(message),
  view: (message) => view(message, chat),
  move: (message) => sendPlace(message),
};

async function press(message, button, row, column) {
  const current = button.switch_inline_query_current_chat ?? button.switch_inline_query;
  if (current !== undefined) {
    composer.write(`@${state.bot.username} ${current}`);
    $("text").focus();
    return;
  }
  if (button.copy_text) {
    await navigator.clipboard.writeText(button.copy_text.text).then(() => toast(say("copied")), refused);
    return;
  }
  const answer = await act("press", { message_id: message.message_id, row, column })
    .catch((error) => ({ text: error.message, show_alert: true }));
  if (!answer) toast(say("unanswered"));
  else if (answer.url) window.open(answer.url, "_blank", "noopener");
  else if (answer.text && answer.show_alert) notice(answer.text);
  else if (answer.text) toast(answer.text);
}

/** Ask for a place and send it, or move a live one there; whether that was done. */
async function sendPlace(moved) {
  const shown = room().messages.filter((message) => message.location);
  const seen = shown.map((message) => {
    const { latitude, longitude } = message.location;
    return { title: message.venue?.title ?? `${latitude}, ${longitude}`, latitude, longitude };
  });
  const spots = new Map([...state.spots, ...seen.slice(-3)].map((spot) => [spot.title, spot]));
  const chosen = await choosePlace({
    spots: [...spots.values()],
    start: moved?.location ?? shown.at(-1)?.location ?? state.spots[0],
    moving: Boolean(moved),
  });
  if (!chosen) return false;
  const fields = { chat_id: room().chat.id, ...chosen, moved: moved?.message_id };
  return act("location", fields).then(() => true, refused);
}

// Rooms

function showRooms() {
  const items = [...state.rooms.values()].map((of) => {
    const last = of.messages.at(-1);
    const unread = state.unread.get(of.chat.id) ?? 0;
    const button = make(
      "button",
      { type: "button", className: "room", onclick: () => open(of.chat.id) },
      avatar(of),
      make(
        "span",
        { className: "room-text" },
        make("b", {}, roomName(of)),
        make("span", {}, last ? summary(last) : say("nothingYet")),
      ),
      make(
        "span",
        { className: "room-side" },
        make("small", {}, last ? clock(last.date) : ""),
        unread ? make("span", { className: "unread" }, String(unread)) : "",
      ),
    );
    if (of.chat.id === state.open) button.ariaCurrent = "true";
    return make("li", {}, button);
  });
  $("rooms").replaceChildren(...items);
}

function avatar(of) {
  const className = `avatar ${isPrivate(of) ? "" : "group"}`;
  return make("span", { className, ariaHidden: "true" }, roomName(of)[0]);
}

function open(chatId) {
  $("app").dataset.view = "chat";
  if (state.open !== chatId) composer.clear();
  state.open = chatId;
  state.unread.delete(chatId);
  $("title").textContent = roomName(room());
  $("avatar").textContent = roomName(room())[0];
  $("avatar").classList.toggle("group", !isPrivate(room()));
  showStatus();
  showRooms();
  showKeyboard();
  showAll();
}

function showStatus(words) {
  const usual = isPrivate(room()) ? say("bot") : say("group", { count: 2 });
  $("status").textContent = words ?? usual;
  $("status").classList.toggle("busy", words !== undefined);
}

function showKeyboard() {
  const keyboard = room().keyboard;
  $("keyboard").hidden = !keyboard;
  const rows = keyboard?.keyboard ?? [];
  $("keyboard").replaceChildren(...rows.map((row) =>
    make("div", { className: "row" }, ...row.map((button) => key(button, keyboard)))));
}

function key(button, keyboard) {
  const press = async () => {
    const done = button.request_location ? await sendPlace() : await composer.say(button.text);
    if (done && keyboard.one_time_keyboard) $("keyboard").hidden = true;
  };
  return make("button", { type: "button", className: "key", onclick: press }, button.text);
}

// Messages

/** Messages of one album together, all others alone. */
function bundles() {
  const found = [];
  for (const message of room().messages) {
    const album = message.media_group_id;
    if (album && found.at(-1)?.[0].media_group_id === album) found.at(-1).push(message);
    else found.push([message]);
  }
  return found;
}

function showAll() {
  const list = $("messages");
  const all = bundles();
  list.replaceChildren(...all.map((bundle) => draw(bundle, chat)));
  if (!all.length) list.append(welcome());
  list.scrollTop = list.scrollHeight;
}

function welcome() {
  const words = isPrivate(room()) ? say("emptyPrivate") : say("emptyGroup", { bot: state.bot.username });
  const start = isPrivate(room())
    ? make("button", { type: "button", className: "primary" }, say("start")) : null;
  if (start) start.onclick = () => composer.say("/start");
  const image = make("img", { src: "/page/favicon.svg", alt: "", width: 72, height: 72 });
  const title = make("h3", {}, roomName(room()));
  return make("div", { className: "welcome" }, image, title, make("p", {}, words), start);
}

/** Draw anew the bundle that a message of the open chat belongs to. */
function show(messageId) {
  const list = $("messages");
  const bundle = bundles().find((messages) => messages.some((m) => m.message_id === messageId));
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  list.querySelector(".welcome")?.remove();
  const drawn = draw(bundle, chat);
  const before = document.getElementById(drawn.id);
  if (before) before.replaceWith(drawn);
  else list.append(drawn);
  const mine = bundle[0].from?.id === state.you.id;
  if (atEnd || (mine && !before)) list.scrollTop = list.scrollHeight;
}

function take(message) {
  const of = state.rooms.get(message.chat.id);
  of.messages.push(message);
  if (of.messages.length > KEPT_MESSAGES) {
    of.messages.shift();
    if (of === room()) $("messages").firstElementChild.remove();
  }
  if (message.chat.id === state.open) {
    if (message.from?.id === state.bot.id) showStatus();
    show(message.message_id);
  } else {
    state.unread.set(of.chat.id, (state.unread.get(of.chat.id) ?? 0) + 1);
  }
  showRooms();
}

function change(message) {
  const of = state.rooms.get(message.chat.id);
  const at = of.messages.findIndex((m) => m.message_id === message.message_id);
  if (at < 0) return;
  of.messages[at] = message;
  if (message.chat.id === state.open) show(message.message_id);
  showRooms();
}

function remove({ chat_id: chatId, message_id: messageId }) {
  const of = state.rooms.get(chatId);
  of.messages = of.messages.filter((message) => message.message_id !== messageId);
  if (chatId === state.open) showAll();
  showRooms();
}

const ACTIONS = { typing: "typing", upload_photo: "uploading", find_location: "locating" };

function showAction({ chat_id: chatId, action }) {
  if (chatId !== state.open) return;
  showStatus(say(ACTIONS[action] ?? "typing"));
  clearTimeout(actionTimer);
  actionTimer = setTimeout(() => showStatus(), ACTION_SHOWN_MS);
}

// Under the hood

function showCall(call) {
  const good = call.status === 200;
  const row = make("li", { className: good ? "" : "bad" },
    make("code", {}, call.method), make("span", {}, good ? `${call.took_ms} ms` : String(call.status)),
    good ? "" : make("p", {}, call.description));
  $("calls-list").prepend(row);
  while ($("calls-list").childElementCount > SHOWN_CALLS) $("calls-list").lastElementChild.remove();
}

function toggleCalls(shown) {
  $("calls").hidden = !shown;
  $("calls-button").ariaExpanded = String(shown);
  (shown ? $("calls-close") : $("calls-button")).focus();
}

// Everything

/** Ask for this browser's language once; later the last to choose one decides. */
function greet({ you }) {
  if (greeted) return;
  greeted = true;
  const wanted = localStorage.getItem("language") ?? navigator.language.toLowerCase();
  if (wanted !== you.language_code) setLanguage(wanted);
}

function begin({ you, bot, rooms, calls }) {
  Object.assign(state, { you, bot, rooms: new Map(rooms.map((of) => [of.chat.id, of])) });
  speak(you.language_code ?? "en");
  $("language").value = [...$("language").options].some((o) => o.value === you.language_code)
    ? you.language_code : "en";
  $("calls-list").replaceChildren();
  calls.forEach(showCall);
  document.title = bot.first_name;
  $("app").classList.add("ready");
  open(state.rooms.has(state.open) ? state.open : rooms[0].chat.id);
}

let choosing = Promise.resolve();

function setLanguage(tag) {
  const offered = [...$("language").options].map((option) => option.value);
  const code = offered.find((o) => o === tag || o === tag.split("-")[0]) ?? "en";
  localStorage.setItem("language", code);
  // one after the other, so that the last choice is the one that stays
  choosing = choosing.then(() => act("language", { code })).catch(refused);
}

$("language").onchange = () => setLanguage($("language").value);
$("back").onclick = () => { $("app").dataset.view = "rooms"; };
$("calls-button").onclick = () => toggleCalls($("calls").hidden);
$("calls-close").onclick = () => toggleCalls(false);

follow({
  state: (everything) => {
    state.spots = everything.spots;
    begin(everything);
    greet(everything);
  },
  menu: begin,
  message: take,
  edited: change,
  deleted: remove,
  action: showAction,
  keyboard: ({ chat_id: chatId, keyboard }) => {
    state.rooms.get(chatId).keyboard = keyboard;
    showKeyboard();
  },
  call: showCall,
  lost: () => { if (room()) showStatus(say("offline")); },
});
