// Elements. Text is only ever set as text.

/** Returns a new element with a class, and with text or elements in it. */
export function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content.filter((each) => each !== ''));
  return made;
}

export const byId = (id) => document.getElementById(id);

export const count = (number, word) =>
  `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
