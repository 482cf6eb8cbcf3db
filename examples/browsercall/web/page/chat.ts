/** Messages within a call. */
import { announce, button, byId, element, make, show } from './dom.ts';

/** How many messages stay on the page, and how much of one is shown: the other side decides how much it writes. */
const most = 500;
const longest = 4000;

/** The panel beside the call. */
export class Chat {
  readonly #panel = element('chat');
  readonly #list = element('messages');
  readonly #toggle = button('chat-toggle');
  readonly #field = byId('chat-text', HTMLInputElement);
  #send: (text: string) => Promise<void> = async () => undefined;
  #unread = 0;

  constructor() {
    this.#toggle.onclick = () => this.open(Boolean(this.#panel.hidden));
    button('chat-close').onclick = () => this.open(false);
    this.#panel.onkeydown = (e) => {
      if (e.key === 'Escape') this.open(false);
    };
    byId('chat-form', HTMLFormElement).onsubmit = (e) => {
      e.preventDefault();
      void this.#submit();
    };
  }

  /** Begins anew, for a call. */
  start(send: (text: string) => Promise<void>): void {
    this.#send = send;
    this.#list.replaceChildren();
    this.#field.value = '';
    this.#count(0);
    show(this.#panel, false);
    this.#toggle.ariaExpanded = 'false';
  }

  /** Opens the panel or closes it, and puts the keyboard where it was. */
  open(on: boolean): void {
    show(this.#panel, on);
    this.#toggle.ariaExpanded = String(on);
    if (on) this.#count(0);
    (on ? this.#field : this.#toggle).focus();
  }

  /** Shows what the other side wrote. */
  received(from: string, data: Uint8Array): void {
    this.#add('them', from, textOf(data));
    if (!this.#panel.hidden) return;
    this.#count(this.#unread + 1);
    announce(`${from} writes: ${textOf(data).slice(0, 200)}`);
  }

  async #submit(): Promise<void> {
    const text = this.#field.value.trim();
    if (text === '') return;
    this.#field.value = '';
    const li = this.#add('us', 'You', text);
    try {
      await this.#send(text);
    } catch {
      li.dataset.failed = '';
      li.append(make('b', 'Not sent: the call is over, or not yet there.'));
    }
  }

  #add(from: 'us' | 'them', name: string, text: string): HTMLElement {
    const li = make('li');
    li.dataset.from = from;
    li.append(make('b', name), text.length > longest ? `${text.slice(0, longest)} …` : text);
    this.#list.append(li);
    while (this.#list.childElementCount > most) this.#list.firstElementChild!.remove();
    this.#list.scrollTop = this.#list.scrollHeight;
    return li;
  }

  #count(n: number): void {
    this.#unread = n;
    const e = element('unread');
    e.textContent = String(Math.min(n, 99));
    show(e, n > 0);
    this.#toggle.ariaLabel = n > 0 ? `Chat, ${n} unread` : 'Chat';
  }
}

function textOf(data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return `(${data.length} bytes that are no text)`;
  }
}
