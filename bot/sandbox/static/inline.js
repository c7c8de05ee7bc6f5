// Inline queries: typed after the bot's name, answered with things to send.

import { make } from "./messages.js";
import { act, fileUrl } from "./server.js";
import { say } from "./words.js";

const $ = (id) => document.getElementById(id);
const PAUSE_MS = 350; // a person still typing does not want an answer to half a word

/** Watches what is typed. `chat` has: bot, room, refused, command. */
export class InlineQuery {
  #chat;
  #timer;
  #asked = null; // {query, room} of what is shown or on its way
  #more = "";
  #loading = false;

  constructor(chat) {
    this.#chat = chat;
    const list = $("offers-list");
    list.addEventListener("scroll", () => {
      const near = list.scrollTop + list.clientHeight > list.scrollHeight - 120;
      if (near && this.#more && !this.#loading) this.#load(this.#more);
    });
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  get open() {
    return !$("offers").hidden;
  }

  /** The text in the message field has changed; whether it is an inline query. */
  typed(text) {
    const start = new RegExp(`^@${this.#chat.bot().username}\\s`, "i").exec(text);
    if (!start) {
      this.close();
      return false;
    }
    const query = text.slice(start[0].length).trim();
    const room = this.#chat.room();
    if (this.#asked?.query === query && this.#asked.room === room) return true;
    this.#asked = { query, room };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), PAUSE_MS);
    return true;
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked = null;
    $("offers").hidden = true;
    $("offers-list").replaceChildren();
  }

  #begin() {
    $("offers").hidden = false;
    $("offers-title").textContent = `@${this.#chat.bot().username}`;
    $("offers-list").replaceChildren();
    this.#load("");
  }

  async #load(offset) {
    const asked = this.#asked;
    this.#loading = true;
    $("offers-status").textContent = say("searching");
    try {
      const fields = { chat_id: asked.room.chat.id, query: asked.query, offset };
      const answer = await act("inline", fields);
      if (asked === this.#asked) this.#show(answer);
    } catch (error) {
      this.#chat.refused(error);
    } finally {
      this.#loading = false;
    }
  }

  #show(answer) {
    const list = $("offers-list");
    this.#more = answer.next_offset;
    if (answer.button && !list.childElementCount) list.append(this.#startButton(answer.button));
    answer.results.forEach((result) => list.append(this.#offer(answer.query_id, result)));
    const any = list.querySelector(".offer");
    $("offers-status").textContent = say(!answer.in_time ? "late" : any ? "found" : "nothing");
  }

  #offer(queryId, result) {
    const number = $("offers-list").querySelectorAll(".offer").length + 1;
    const title = result.title ?? say("untitled", { number });
    const label = result.description ? `${title}, ${result.description}` : title;
    const properties = { type: "button", className: "offer", ariaLabel: label, title: label };
    const button = make("button", properties);
    const address = `/offers/${[queryId, result.id].map(encodeURIComponent).join("/")}`;
    const picture = result.photo ? fileUrl(result.photo.at(-1)) : result.by_address && address;
    // as Telegram's apps do: what cannot be shown is not offered
    if (picture) button.append(make("img", { src: picture, alt: "", onerror: () => button.remove() }));
    else button.append(make("span", {}, make("b", {}, title), make("small", {}, result.description ?? "")));
    button.onclick = async () => {
      const room = this.#asked?.room;
      if (!room) return;
      this.close();
      this.#chat.picked();
      await act("pick", { chat_id: room.chat.id, query_id: queryId, result_id: result.id })
        .catch((error) => this.#chat.refused(error));
    };
    return button;
  }

  #startButton(button) {
    const go = () => {
      this.close();
      this.#chat.picked();
      this.#chat.start(button.start_parameter);
    };
    return make("button", { type: "button", className: "offers-start", onclick: go }, button.text);
  }

  #walk(event) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key === "Escape") $("text").focus();
    if (!(event.key in steps)) return;
    const all = [...$("offers-list").querySelectorAll("button")];
    const next = all[all.indexOf(document.activeElement) + steps[event.key]];
    event.preventDefault();
    (next ?? $("text")).focus();
  }
}
