/** The dialog in which two people make sure that nobody is in between. */
import { formatSafetyNumber, safetyNumber, type Contact, type Emoji, type ID } from '../client/index.ts';
import { announce, button, byId, element, make, show } from './dom.ts';
import type { Session } from './session.ts';
import { trustWords } from './trust.ts';

/** Compares emoji, in a call, and safety numbers. */
export class Verify {
  readonly #dialog = byId('verify', HTMLDialogElement);
  readonly #session: Session;
  #peer: ID | undefined;
  #emoji: Emoji[] | undefined;

  constructor(session: Session) {
    this.#session = session;
    button('verify-close').onclick = () => this.#dialog.close();
    button('verify-match').onclick = () => void this.#matched();
    button('verify-differ').onclick = () => void this.#differ();
  }

  /** Opens it for a contact; emoji are those of the call, if there is one. */
  open(c: Contact, emoji: Emoji[] | undefined): void {
    this.#peer = c.id;
    this.#emoji = emoji;
    element('verify-title').textContent = `Is it really ${c.name}?`;
    show(element('verify-emoji-part'), emoji !== undefined);
    element('verify-emoji').replaceChildren(...(emoji ?? []).map(picture));
    element('verify-number-text').textContent = emoji
      ? 'Or compare this number, by another way than this call. It is the same in every call of you two.'
      : `Compare this number with what ${c.name} has, by another way than this page: in person, say. It is the ` +
        `same in every call of you two.`;
    element('verify-number').textContent = '';
    void this.#number(c.id);
    this.#tell(`${trustWords(c)}.`, c.verified ? 'verified' : 'open');
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** Closes it, as at the end of a call. */
  close(): void {
    this.#dialog.close();
  }

  async #number(peer: ID): Promise<void> {
    const number = await safetyNumber(this.#session.identity.id, peer);
    if (this.#peer === peer) element('verify-number').textContent = formatSafetyNumber(number);
  }

  async #matched(): Promise<void> {
    const peer = this.#peer;
    if (!peer) return;
    try {
      await this.#session.contacts.verify(peer, this.#emoji ? 'emoji' : 'safety number');
      this.#tell('Verified. Later calls with this contact need no new comparison.', 'verified');
      announce('Verified');
      this.#dialog.close();
    } catch {
      this.#tell('That could not be stored. Is storage allowed for this site?', 'failed');
    }
  }

  async #differ(): Promise<void> {
    this.#tell('Then do not trust this call: somebody may be in between. Hang up, and speak by another way.', 'differ');
    announce('They differ. Do not trust this call.');
    if (this.#peer) await this.#session.contacts.unverify(this.#peer).catch(() => undefined);
  }

  #tell(text: string, state: string): void {
    const e = element('verify-state');
    e.textContent = text;
    e.dataset.state = state;
  }
}

/** A picture with its name beneath, for those who read it aloud. */
function picture(e: Emoji): HTMLElement {
  const li = make('li');
  const symbol = make('span', e.symbol);
  symbol.ariaHidden = 'true';
  li.append(symbol, make('small', e.name));
  return li;
}
