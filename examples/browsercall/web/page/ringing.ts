/** Somebody rings. */
import type { Contact, Incoming } from '../client/index.ts';
import { announce, button, byId, element, tell } from './dom.ts';
import { ring } from './tone.ts';
import { showPortrait, showTrust } from './trust.ts';

/** What the person said. ended: the caller gave up, or it rang out. */
export type Answer = 'video' | 'audio' | 'declined' | 'ended';

/** The dialog in which a call rings. */
export class Ringing {
  readonly #dialog = byId('ringing', HTMLDialogElement);

  /** Whether a call rings now: there is one at a time. */
  get open(): boolean {
    return this.#dialog.open;
  }

  /** Shows who rings, with a warning if there is one, and waits for what the person says. */
  async ask(i: Incoming, c: Contact, warning: string | undefined): Promise<Answer> {
    element('ringing-title').textContent = `${c.name} rings`;
    showTrust(element('ringing-trust'), c);
    showPortrait(element('ringing-portrait'), c);
    tell(element('ringing-warning'), warning);
    announce(`${c.name} rings`);
    const title = document.title;
    document.title = `☎ ${c.name} rings`;
    this.#dialog.showModal();
    element('ringing-title').focus(); // not Accept: a key that was meant for something else must not open the camera
    const silence = ring();
    this.#dialog.dataset.sound = silence ? 'tone' : 'none';
    const answer = await Promise.race([this.#pressed(), i.ended.then((): Answer => 'ended')]);
    silence?.();
    document.title = title;
    this.#dialog.close();
    return answer;
  }

  #pressed(): Promise<Answer> {
    return new Promise((resolve) => {
      button('accept').onclick = () => resolve('video');
      button('accept-audio').onclick = () => resolve('audio');
      button('decline').onclick = () => resolve('declined');
      this.#dialog.oncancel = (e) => {
        e.preventDefault(); // Escape says no, and says so to the caller
        resolve('declined');
      };
    });
  }
}
