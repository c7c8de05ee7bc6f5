// The server behind the page: what the person does goes there, news come from there.

/** Let the person do something; throws an Error that says why it was refused. */
export async function act(action, fields, files = []) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) form.append(name, String(value));
  }
  files.forEach((file, number) => form.append(`file${number}`, file, file.name || "photo.jpg"));
  const response = await fetch(`/do/${action}`, { method: "POST", body: form });
  const result = await response.json().catch(() => null);
  if (!response.ok) throw new Error(result?.description ?? response.statusText);
  return result;
}

/** Call `handlers[kind](content)` for all that happens; `handlers.lost()` while there is no server. */
export function follow(handlers) {
  const source = new EventSource("/events");
  for (const [kind, handle] of Object.entries(handlers)) {
    if (kind !== "lost") source.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  }
  source.addEventListener("error", () => handlers.lost());
}

/** Where the bytes of a file or of one size of a photo are. */
export const fileUrl = (file) => `/files/${encodeURIComponent(file.file_unique_id)}`;
