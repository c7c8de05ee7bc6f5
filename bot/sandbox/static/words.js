// What the page says, in the languages it speaks.

const WORDS = {
  en: {
    sandbox: "Sandbox",
    about: "A Telegram of your own on this computer. The real bot answers; nothing leaves the machine.",
    chats: "Chats",
    language: "Language of your Telegram",
    back: "Back to the chats",
    hood: "Under the hood",
    hoodAbout: "What the bot asks of Telegram",
    messages: "Messages",
    offers: "Results of the inline query",
    commands: "Commands",
    message: "Message",
    send: "Send",
    attach: "Attach",
    photo: "Photo",
    camera: "Camera",
    file: "File",
    location: "Location",
    asFiles: "Send as files, not as photos",
    drop: "Drop photos here",
    close: "Close",
    cancel: "Cancel",
    ok: "OK",
    latitude: "Latitude",
    longitude: "Longitude",
    myPosition: "Use my position",
    live: "Live: you can move it for an hour",
    spots: "Known places",
    noPosition: "Your browser does not tell the position.",
    wrongPosition: "Write degrees, for example 55.751 and 37.618.",
    reply: "Reply",
    remove: "Remove",
    edited: "edited",
    unseen: "the bot does not see this",
    via: "via",
    bot: "bot",
    group: "group, {count} members",
    typing: "is typing…",
    uploading: "is sending a photo…",
    locating: "is looking for a place…",
    offline: "no connection to the sandbox…",
    you: "You",
    start: "Start",
    emptyPrivate: "Send a photo of a sight: drop it here, paste it or attach it. Or describe in words what you would like to see.",
    emptyGroup: "In groups the bot does not see everything. Type @{bot} and a few words to pick a photo, mention it in a photo's caption, or reply to a photo with /where@{bot}.",
    openMap: "Open in OpenStreetMap",
    move: "Move",
    liveLocation: "Live location",
    searching: "searching…",
    nothing: "nothing found",
    late: "the bot did not answer in time",
    found: "choose what to send",
    untitled: "Result {number}",
    unanswered: "The bot did not answer.",
    copied: "Copied",
    unsupported: "This kind of message is not shown here.",
    download: "Save {name}",
    nothingYet: "Nothing yet.",
  },
  ru: {
    sandbox: "Песочница",
    about: "Свой Telegram на этом компьютере. Отвечает настоящий бот, наружу ничего не уходит.",
    chats: "Чаты",
    language: "Язык вашего Telegram",
    back: "К списку чатов",
    hood: "Под капотом",
    hoodAbout: "Что бот просит у Telegram",
    messages: "Сообщения",
    offers: "Результаты инлайн-запроса",
    commands: "Команды",
    message: "Сообщение",
    send: "Отправить",
    attach: "Прикрепить",
    photo: "Фото",
    camera: "Камера",
    file: "Файл",
    location: "Геопозиция",
    asFiles: "Отправить файлами, а не как фото",
    drop: "Отпустите фото здесь",
    close: "Закрыть",
    cancel: "Отмена",
    ok: "Понятно",
    latitude: "Широта",
    longitude: "Долгота",
    myPosition: "Моё местоположение",
    live: "Транслировать: час можно перемещать",
    spots: "Известные места",
    noPosition: "Браузер не сообщает местоположение.",
    wrongPosition: "Напишите градусы, например 55.751 и 37.618.",
    reply: "Ответить",
    remove: "Убрать",
    edited: "изменено",
    unseen: "бот этого не видит",
    via: "через",
    bot: "бот",
    group: "группа, участников: {count}",
    typing: "печатает…",
    uploading: "отправляет фото…",
    locating: "ищет место…",
    offline: "нет связи с песочницей…",
    you: "Вы",
    start: "Начать",
    emptyPrivate: "Пришлите фото достопримечательности: перетащите его сюда, вставьте или прикрепите. Или опишите словами, что хотите увидеть.",
    emptyGroup: "В группах бот видит не всё. Напишите @{bot} и несколько слов, чтобы выбрать фото, упомяните его в подписи к фото или ответьте на фото командой /where@{bot}.",
    openMap: "Открыть в OpenStreetMap",
    move: "Переместить",
    liveLocation: "Трансляция геопозиции",
    searching: "ищу…",
    nothing: "ничего не нашлось",
    late: "бот не ответил вовремя",
    found: "выберите, что отправить",
    untitled: "Результат {number}",
    unanswered: "Бот не ответил.",
    copied: "Скопировано",
    unsupported: "Такие сообщения здесь не показываются.",
    download: "Сохранить {name}",
    nothingYet: "Пока ничего.",
  },
};

let language = "en";

/** Speak the language of an IETF tag; English where it is none of ours. */
export function speak(code) {
  const short = code.split("-")[0];
  language = short in WORDS ? short : "en";
  document.documentElement.lang = language;
  fill(document);
}

/** The words called `name`, with values put in for {names}. */
export function say(name, values = {}) {
  return WORDS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** A time of the day, from seconds since the epoch. */
export function clock(seconds) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Date(seconds * 1000).toLocaleTimeString(language, options);
}

function fill(root) {
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = say(element.dataset.word);
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.ariaLabel = say(element.dataset.label);
    if (element.matches("button")) element.title = element.ariaLabel;
  }
  for (const element of root.querySelectorAll("[data-placeholder]")) {
    element.placeholder = say(element.dataset.placeholder);
  }
}
