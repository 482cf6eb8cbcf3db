/** What is on the page, by its id. */

/** The element of this id and type; a page without it is another page, so it throws. */
export function byId<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`the page has no ${type.name} #${id}`);
  return found;
}

/** An element, by default without a special type. */
export const element = (id: string): HTMLElement => byId(id, HTMLElement);

/** A button. */
export const button = (id: string): HTMLButtonElement => byId(id, HTMLButtonElement);

/** Shows an element or hides it. */
export function show(e: HTMLElement, on: boolean): void {
  e.hidden = !on;
}

/** Shows a text in an element, which is hidden without one. */
export function tell(e: HTMLElement, text: string | undefined): void {
  e.textContent = text ?? '';
  show(e, text !== undefined && text !== '');
}

/** Makes an element with a text. Text never becomes markup. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = ''): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  e.textContent = text;
  return e;
}

/** Draws a picture of the page's set into a button. */
export function draw(b: HTMLElement, icon: string): void {
  b.querySelector('use')?.setAttribute('href', `#i-${icon}`);
}

/** Says something to those who listen to the page instead of looking at it. */
export function announce(text: string): void {
  element('status').textContent = text;
}
