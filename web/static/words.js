// Every sentence of the page, in Russian and English.

const POSSIBLE = 0.15; // the share from where on, as the bot says it

export const WORDS = {
  ru: {
    title: "Гид по городу", ask: "Что это за место?", drop: "Перетащите сюда фотографию места",
    choose: "Выбрать фото", camera: "Сделать снимок", words: "Или опишите место словами", find: "Найти",
    browse: "Места", city: "Город", category: "Категория", all: "все", more: "Ещё", close: "Закрыть",
    language: "Язык", dark: "Тёмная тема", key: "Этому гиду нужен ключ", enter: "Войти",
    looking: "Ищу…", confident: "Похоже, это", unsure: "Не уверен. Похожие места", found: "Нашлось",
    nothing: "Ничего не нашлось. Попробуйте другие слова.", failed: "Сервер не отвечает. Попробуйте ещё раз.",
    map: "Карта найденных мест", closer: "Приблизить", farther: "Отдалить",
    privacy: "Что хранится", forget: "Забыть мои вопросы", forgotten: (n) => `Удалено вопросов: ${n}`,
    kept: (days) => "Вопросы: время, язык, слова и ответ, а вместо вашего адреса код, который может "
      + `вычислить только этот сервер. Через ${days} дн. они удаляются. Сами фотографии не сохраняются, координаты `
      + "из них нужны только для ответа. «Забыть» удаляет всё, о чём спрашивали с вашего нынешнего адреса в сети: "
      + "его могут делить несколько человек, а вопросы с прежних адресов исчезнут сами.",
    perhaps: (share) => (share >= POSSIBLE ? "возможно" : "маловероятно"),
    similar: "Похожие места", done: "Готово", asked: "Ваша фотография", total: (n) => `Мест: ${n}`,
    problems: {
      401: "Нужен верный ключ.", 408: "Фотография шла слишком долго.", 413: "Фотография слишком большая.",
      415: "Это не фотография.", 422: "Не получилось разобрать. Попробуйте другую фотографию или другие слова.",
      429: "Слишком много запросов. Подождите немного.", 503: "Сейчас много вопросов. Попробуйте ещё раз.",
    },
  },
  en: {
    title: "City guide", ask: "What is this place?", drop: "Drop a photo of a sight here",
    choose: "Choose a photo", camera: "Take a photo", words: "Or describe a place in words", find: "Find",
    browse: "Places", city: "City", category: "Category", all: "all", more: "More", close: "Close",
    language: "Language", dark: "Dark theme", key: "This guide asks for a key", enter: "Enter",
    looking: "Looking…", confident: "This looks like", unsure: "Not sure. Similar places", found: "Found",
    nothing: "Nothing fits. Try other words.", failed: "The server does not answer. Please try again.",
    map: "Map of the places found", closer: "Zoom in", farther: "Zoom out",
    privacy: "What is stored", forget: "Forget my questions", forgotten: (n) => `Questions deleted: ${n}`,
    kept: (days) => "Questions: the time, the language, the words and the answer, and in place of your address a code "
      + `that only this server can make. They are deleted after ${days} ${days === 1 ? "day" : "days"}. Photos are not stored, and coordinates `
      + "in them serve only to answer. “Forget” deletes all that was asked from the network address you have now: "
      + "several people may share one, and what you asked from an earlier one goes by itself.",
    perhaps: (share) => (share >= POSSIBLE ? "possibly" : "unlikely"),
    similar: "Similar places", done: "Done", asked: "Your photo", total: (n) => `Places: ${n}`,
    problems: {
      401: "The right key is needed.", 408: "The photo took too long.", 413: "The photo is too big.",
      415: "This is not a photo.", 422: "This could not be read. Try another photo or other words.",
      429: "Too many requests. Please wait a little.", 503: "Many people are asking. Please try again.",
    },
  },
};
