/** The page before and after a call: whom one can ring, what went wrong, and invitations. */
import { sameID, type Contact, type ID } from '../client/index.ts';
import { fill, only } from './cards.ts';
import { button, byId, element, make, show, tell } from './dom.ts';
import type { Session } from './session.ts';
import { namesakeWords, showPortrait, showTrust, trustOf, trustWords } from './trust.ts';
import type { Words } from './words.ts';

/** What a person may want from the home page. */
export interface HomeActions {
  call(c: Contact, camera: boolean): void;
  compare(c: Contact): void;
  /** What did not work. */
  failed(e: unknown, doing: string): void;
}

/** The home page. */
export class Home {
  readonly #session: Session;
  readonly #actions: HomeActions;
  #chosen: ID | undefined;
  #waits = 0;

  constructor(session: Session, actions: HomeActions) {
    this.#session = session;
    this.#actions = actions;
    button('call-video').onclick = () => this.#ring(true);
    button('call-audio').onclick = () => this.#ring(false);
    button('contact-compare').onclick = () => {
      const c = this.chosen;
      if (c) actions.compare(c);
    };
    button('invite-make').onclick = () => void this.#invite();
    button('invite-copy').onclick = () => void this.#copy();
    session.contacts.addEventListener('change', () => this.#contacts());
  }

  /** The contact that the page is about: who was chosen, or the latest. */
  get chosen(): Contact | undefined {
    const all = this.#session.contacts.list().filter((c) => !c.blocked);
    const latest = all.reduce<Contact | undefined>((a, b) => (a && a.since >= b.since ? a : b), undefined);
    return all.find((c) => this.#chosen && sameID(c.id, this.#chosen)) ?? latest;
  }

  /** Chooses a contact. */
  choose(id: ID): void {
    this.#chosen = id;
  }

  /** An invitation is being used: whoever has not confirmed may do so any moment. */
  waits(on: boolean): void {
    this.#waits += on ? 1 : -1;
    this.#contacts();
  }

  /** Shows the contacts. */
  open(): void {
    only(this.chosen ? 'contact' : 'nobody');
    show(element('invite'), true);
    element('own-name').textContent = this.#session.name;
    this.#contacts();
    element(this.chosen ? 'contact-name' : 'nobody-title').focus();
  }

  /** Shows why a call has ended. */
  ended(w: Words, again: () => void): void {
    only('ended');
    fill('ended', w);
    element('ended').dataset.kind = w.kind;
    button('ended-again').onclick = again;
    button('ended-back').onclick = () => this.open();
    this.#others();
    element('ended-title').focus();
  }

  #ring(camera: boolean): void {
    const c = this.chosen;
    if (c) this.#actions.call(c, camera);
  }

  #contacts(): void {
    const c = this.chosen;
    if (c) {
      if (!element('nobody').hidden) only('contact');
      const ready = c.state === 'confirmed';
      element('contact-name').textContent = c.name;
      showPortrait(element('contact-portrait'), c);
      showTrust(element('contact-trust'), c);
      tell(element('contact-warning'), namesakeWords(this.#session.contacts, c));
      element('contact').dataset.contact = c.state;
      button('call-video').disabled = button('call-audio').disabled = !ready;
      tell(element('contact-note'), ready ? undefined : this.#waits ? `Waiting for ${c.name} to confirm that you are ` +
        'connected …' : `${c.name} has not confirmed. Open the link again while their page or program runs. If ` +
        'somebody else has used this link, ask for a new one.');
    }
    this.#others();
  }

  #others(): void {
    const chosen = this.chosen;
    const others = this.#session.contacts.list().filter((c) => !c.blocked && chosen && !sameID(c.id, chosen.id));
    show(element('others'), others.length > 0);
    element('others-list').replaceChildren(...others.map((c) => this.#row(c)));
  }

  #row(c: Contact): HTMLElement {
    const [li, b, portrait, text] = [make('li'), make('button'), make('span'), make('span')];
    const trust = make('span', trustWords(c));
    portrait.className = 'portrait';
    portrait.ariaHidden = 'true';
    showPortrait(portrait, c);
    trust.className = 'small';
    trust.dataset.trust = trustOf(c);
    text.append(make('span', c.name), trust);
    const warning = make('span');
    warning.className = 'small';
    tell(warning, namesakeWords(this.#session.contacts, c));
    text.append(warning);
    b.append(portrait, text);
    b.onclick = () => {
      this.choose(c.id);
      this.open();
    };
    li.append(b);
    return li;
  }

  async #invite(): Promise<void> {
    try {
      byId('invite-link', HTMLInputElement).value = await this.#session.invite();
      show(element('invite-made'), true);
      byId('invite-link', HTMLInputElement).select();
    } catch (e) {
      this.#actions.failed(e, 'make an invitation');
    }
  }

  async #copy(): Promise<void> {
    const field = byId('invite-link', HTMLInputElement);
    field.select();
    const done = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    button('invite-copy').textContent = done ? 'Copied' : 'Press Ctrl+C';
  }
}
