/** The cards of the page before and after a call: one is seen at a time. */
import { button, element, show, tell } from './dom.ts';
import type { Words } from './words.ts';

const cards = ['starting', 'fault', 'ended', 'nobody', 'contact'] as const;

/** Shows what went wrong, with a button to try again. */
export function showFault(w: Words, again: () => void): void {
  only('fault');
  fill('fault', w);
  element('fault').dataset.kind = w.kind;
  button('fault-again').onclick = again;
  element('fault-title').focus();
}

/** Writes words into a card. */
export function fill(card: 'fault' | 'ended', w: Words): void {
  element(`${card}-title`).textContent = w.title;
  element(`${card}-text`).textContent = w.text;
  tell(element(`${card}-detail`), w.detail && `For those who ask further: ${w.detail}`);
}

/** Shows one card of the home page, and the home page; while there is a call its screen, with its hang-up, stays. */
export function only(card: (typeof cards)[number]): void {
  const { view, callState } = document.body.dataset;
  if (view === 'call' && callState !== 'ended') return;
  for (const name of cards) show(element(name), name === card);
  show(element('home'), true);
  show(element('call'), false);
  document.body.dataset.view = card;
}
