// The lower edge of the chat: text, attachments, reply, commands.

import { icon, make, summary } from "./messages.js";
import { act } from "./server.js";
import { say } from "./words.js";

const $ = (id) => document.getElementById(id);
const MAX_ALBUM = 10;

/** `chat` has: room, refused, typed, location. */
export class Composer {
  #chat;
  #files = []; // {file, url}
  #replyTo = null;

  constructor(chat) {
    this.#chat = chat;
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("text").addEventListener("input", () => this.#typed());
    $("text").addEventListener("keydown", (event) => this.#key(event));
    $("no-reply").onclick = () => this.reply(null);
    $("slash").onclick = () => this.#showCommands($("commands").hidden ? "" : null);
    this.#pickers();
    this.#dropping();
    document.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (files.length) {
        event.preventDefault();
        this.attach(files);
      }
    });
    document.addEventListener("click", (event) => {
      if (!event.target.closest(".attach")) this.#showAttach(false);
      if (!event.target.closest("#commands, #slash, #text")) this.#showCommands(null);
    });
  }

  /** Begin anew, as in another chat. */
  clear() {
    this.write("");
    this.reply(null);
    this.#drop();
  }

  write(text) {
    $("text").value = text;
    this.#typed();
  }

  reply(message) {
    this.#replyTo = message;
    $("replying").hidden = !message;
    if (message) {
      $("replying-to").textContent = summary(message);
      $("text").focus();
    }
  }

  /** Add files to what will be sent. */
  attach(files, { asFiles = false } = {}) {
    const room = MAX_ALBUM - this.#files.length;
    for (const file of files.slice(0, room)) {
      const url = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
      this.#files.push({ file, url });
    }
    $("as-files").checked = asFiles || this.#files.some(({ url }) => !url);
    this.#showTray();
    $("text").focus();
  }

  /** Send a text at once, as a reply if one has begun. */
  async say(text) {
    const fields = { text, reply_to: this.#replyTo?.message_id };
    this.reply(null);
    return this.#act("send", fields);
  }

  async #send() {
    const text = $("text").value.trim();
    const files = this.#files.map(({ file }) => file);
    if (!text && !files.length) return;
    const fields = { text, reply_to: this.#replyTo?.message_id, as_files: $("as-files").checked };
    const kept = { text: $("text").value, files: this.#files, replyTo: this.#replyTo };
    this.#files = [];
    this.clear();
    if (!(await this.#act("send", fields, files))) {
      this.#files = kept.files;
      this.write(kept.text);
      this.reply(kept.replyTo);
      this.#showTray();
    } else {
      kept.files.forEach(({ url }) => url && URL.revokeObjectURL(url));
    }
  }

  async #act(action, fields, files) {
    try {
      await act(action, { chat_id: this.#chat.room().chat.id, ...fields }, files);
      return true;
    } catch (error) {
      this.#chat.refused(error);
      return false;
    }
  }

  #typed() {
    const text = $("text").value;
    $("text").style.height = "auto";
    const height = $("text").scrollHeight; // 0 while the chat is not in view
    if (height) $("text").style.height = `${height}px`;
    const inline = this.#chat.typed(text);
    this.#showCommands(!inline && /^\/\w*$/.test(text) ? text.slice(1) : null);
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      this.#showCommands(null);
      if (this.#replyTo) this.reply(null);
      else this.#chat.typed("");
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const first = document.querySelector("#offers:not([hidden]) .offer, #commands:not([hidden]) button");
      if (first) {
        event.preventDefault();
        first.focus();
      }
    }
  }

  /** Commands that begin with `prefix`; null hides them. */
  #showCommands(prefix) {
    const menu = this.#chat.room()?.menu ?? [];
    const fitting = prefix === null ? [] : menu.filter(({ command }) => command.startsWith(prefix));
    $("commands").hidden = !fitting.length;
    $("slash").ariaExpanded = String(!$("commands").hidden);
    $("commands").replaceChildren(...fitting.map(({ command, description }) => {
      const label = [make("b", {}, `/${command}`), make("span", {}, description)];
      const button = make("button", { type: "button" }, ...label);
      button.onclick = () => {
        this.write("");
        this.say(this.#chat.addressed(command));
        $("text").focus();
      };
      return make("li", {}, button);
    }));
  }

  #showAttach(shown) {
    $("attach-menu").hidden = !shown;
    $("attach").ariaExpanded = String(shown);
  }

  #pickers() {
    $("attach").onclick = () => {
      this.#showAttach($("attach-menu").hidden);
      if (!$("attach-menu").hidden) $("pick-photo").focus();
    };
    $("attach-menu").addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.#showAttach(false);
        $("attach").focus();
      }
    });
    for (const [button, input, asFiles] of [
      ["pick-photo", "photo-input", false],
      ["pick-camera", "camera-input", false],
      ["pick-file", "file-input", true],
    ]) {
      $(button).onclick = () => {
        this.#showAttach(false);
        $(input).click();
      };
      $(input).onchange = () => {
        this.attach([...$(input).files], { asFiles });
        $(input).value = "";
      };
    }
    $("pick-place").onclick = () => {
      this.#showAttach(false);
      this.#chat.location();
    };
  }

  #dropping() {
    const area = $("conversation");
    let depth = 0; // dragenter and dragleave come for children, too
    const shown = () => $("drop").classList.toggle("shown", depth > 0);
    area.addEventListener("dragenter", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      depth += 1;
      shown();
    });
    area.addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      shown();
    });
    area.addEventListener("dragover", (event) => event.preventDefault());
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      shown();
      if (event.dataTransfer.files.length) this.attach([...event.dataTransfer.files]);
    });
  }

  #drop() {
    this.#files = [];
    this.#showTray();
  }

  #showTray() {
    $("tray").hidden = !this.#files.length;
    $("tray-items").replaceChildren(...this.#files.map((item, number) => {
      const remove = make("button", {
        type: "button", className: "icon", title: say("remove"),
        ariaLabel: `${say("remove")} ${item.file.name}`,
        onclick: () => {
          this.#files.splice(number, 1);
          this.#showTray();
        },
      }, icon("close"));
      const shown = item.url
        ? make("img", { src: item.url, alt: item.file.name })
        : make("span", { className: "tray-file" }, icon("file"), make("small", {}, item.file.name));
      return make("div", { className: "tray-item" }, shown, remove);
    }));
  }
}
