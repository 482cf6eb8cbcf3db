import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  Contacts, EndedError, EndReason, Identity, SignalError, StateError, type Call, type Contact, type Incoming,
} from '../client/index.ts';
import { Queue } from '../client/call/queue.ts';
import { MemoryStore } from '../client/contacts/store.ts';
import { run } from './page.ts';
import { Session } from './session.ts';
import { fakePage, type FakeElement } from './testing-dom.ts';

const choices = { name: undefined, relayOnly: false, ringFor: undefined };
const hour = 3_600_000;

let at: (id: string) => FakeElement;
let reload: ReturnType<typeof vi.fn>;
let replaceState: ReturnType<typeof vi.fn>;
let delivers: () => Promise<void>;
let dials: () => Promise<Call>;
let contacts: Contacts;
let rings: Queue<Incoming>;

/** Somebody's contacts. */
async function book(name: string): Promise<Contacts> {
  const c = await Contacts.open(await Identity.generate(), new MemoryStore());
  await c.setProfile({ name, relays: ['wss://h/v1'] });
  return c;
}

/** A session whose network is the test's. */
function session(): Session {
  const client = { deliver: () => delivers(), dial: () => dials(), incoming: () => rings };
  const relay = Object.assign(new EventTarget(), { state: 'connected' });
  return new (Session as unknown as new (...parts: unknown[]) => Session)(contacts.identity, contacts, relay, client);
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  at = fakePage();
  reload = vi.fn();
  replaceState = vi.fn();
  vi.stubGlobal('location', { hash: '', pathname: '/', search: '?name=x', reload });
  vi.stubGlobal('history', { replaceState });
  delivers = () => Promise.resolve();
  rings = new Queue();
  contacts = await book('Me');
  vi.spyOn(Session, 'open').mockImplementation(async () => session());
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const view = (): string | undefined => at('body').dataset.view;
const press = (id: string): void => at(id).onclick?.();

/** The view of a link that is wrong: the next try begins without it. */
async function isRefused(link: string, kind: string, title: string): Promise<void> {
  await run('/worker.js', choices, link);
  expect([view(), at('fault').dataset.kind, at('fault-title').textContent]).toEqual(['fault', kind, title]);
  press('fault-again');
  expect([view(), reload.mock.calls, replaceState.mock.calls]).toEqual(['nobody', [], []]);
}

describe('an invitation that the page cannot use', () => {
  test('because its link was cut or changed', async () => {
    const uri = (await (await book('Ada')).invite(hour)).uri();
    for (const link of [uri.slice(0, -3), uri.replace('name=Ada', 'name=Eve'), 'section-2']) {
      await isRefused(link, 'link', 'This link is not complete');
    }
  });

  test('because it is of somebody who is blocked, though a contact', async () => {
    const ada = await book('Ada');
    await contacts.add(ada.card());
    await contacts.block(ada.identity.id);
    await isRefused((await ada.invite(hour)).uri(), 'blocked', 'Blocked');
  });

  test('because the network is away: the next try uses it again', async () => {
    const uri = (await (await book('Ada')).invite(hour)).uri();
    delivers = () => Promise.reject(new SignalError('unavailable'));
    await run('/worker.js', choices, uri);
    expect([view(), at('fault').dataset.kind]).toEqual(['fault', 'relay-lost']);
    const again = delivers = vi.fn(() => Promise.resolve());
    press('fault-again');
    await vi.waitFor(() => expect([view(), at('contact-name').textContent]).toEqual(['contact', 'Ada']));
    expect(again).toHaveBeenCalledOnce();
  });

  test('because the page did not come so far: it is kept for the next try', async () => {
    vi.mocked(Session.open).mockRejectedValue(new SignalError('unavailable'));
    await run('/worker.js', choices, 'sotto:invite/x#s');
    press('fault-again');
    expect(replaceState).toHaveBeenCalledWith(null, '', '/?name=x#sotto:invite/x%23s');
    expect(reload).toHaveBeenCalledOnce();
  });
});

describe('an invitation', () => {
  /** Somebody who is a contact already, and confirmed. */
  async function friend(): Promise<Contacts> {
    const ada = await book('Ada');
    await contacts.add(ada.card());
    return ada;
  }

  // Fails if it is left alone: a contact that admits us no more could not be rung again by any link.
  test('of a contact is used too', async () => {
    const ada = await friend();
    const delivered = delivers = vi.fn(() => Promise.resolve());
    await run('/worker.js', choices, (await ada.invite(hour)).uri());
    await vi.waitFor(() => expect(delivered).toHaveBeenCalledOnce());
    expect([view(), at('contact').dataset.contact, at('contact-note').hidden]).toEqual(['contact', 'confirmed', true]);
  });

  test('of a contact that is no good any more, or does not arrive, is no fault', async () => {
    const uri = (await (await friend()).invite(hour)).uri();
    const lost = delivers = vi.fn(() => Promise.reject(new SignalError('unavailable')));
    await run('/worker.js', choices, uri);
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce());
    expect(view()).toBe('contact');
    vi.setSystemTime(Date.now() + 2 * hour);
    const delivered = delivers = vi.fn(() => Promise.resolve());
    const used = vi.spyOn(contacts, 'use');
    await run('/worker.js', choices, uri);
    await expect(used.mock.results[0]!.value).rejects.toMatchObject({ refusal: 'invitation' });
    expect([view(), at('contact').dataset.contact, delivered.mock.calls.length]).toEqual(['contact', 'confirmed', 0]);
  });

  // Fails if the address is not looked at again: nothing tells of what was put there before.
  test('that is put into the address while the page starts is used', async () => {
    const uri = (await (await book('Ada')).invite(hour)).uri();
    vi.mocked(Session.open).mockImplementation(async () => {
      location.hash = `#${uri.replace('#', '%23')}`;
      return session();
    });
    void run('/worker.js', choices, undefined);
    await vi.waitFor(() => expect([view(), at('contact-name').textContent]).toEqual(['contact', 'Ada']));
  });

  // Fails if only a change of the contacts brings it to be confirmed.
  test('of ours that was used just before the page was loaded again is confirmed', async () => {
    const ada = await book('Ada');
    const request = await ada.use(await contacts.invite(hour));
    await contacts.handle(await contacts.identity.mailbox().open(request.sealed, contacts.identity.id));
    const delivered = delivers = vi.fn(() => Promise.resolve());
    await run('/worker.js', choices, undefined);
    await vi.waitFor(() => expect(delivered).toHaveBeenCalledOnce());
    expect(contacts.get(ada.identity.id)).toMatchObject({ name: 'Ada', state: 'confirmed' });
  });

  // Fails if it is told as used up: whoever tries their own link would throw it away.
  test('of our own is told as that', async () => {
    await isRefused((await contacts.invite(hour)).uri(), 'own', 'This is your own link');
  });

  // Fails if the page says for ever that it waits: nothing asks again after it was loaded anew.
  test('that was never confirmed is told when the page is loaded again', async () => {
    const uri = (await (await book('Ada')).invite(hour)).uri();
    void run('/worker.js', choices, uri);
    await vi.waitFor(() => expect(at('contact-note').textContent).toMatch(/^Waiting for Ada/));
    await run('/worker.js', choices, undefined);
    expect([at('call-video').disabled, at('contact-note').textContent]).toEqual(
      [true, expect.stringMatching(/^Ada has not confirmed. Open the link again.*ask for a new one/)]);
  });
});

// Fails if the page tells to reload it, which ends the call that comes.
test('who is about to ring is not called, and the page says why', async () => {
  await contacts.add((await book('Ada')).card());
  dials = () => Promise.reject(new StateError('they ring already'));
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: async () => ({ getTracks: () => [] }) } });
  void run('/worker.js', choices, undefined);
  await vi.waitFor(() => expect(document.activeElement).toBe(at('contact-name')));
  press('call-audio');
  await vi.waitFor(() => expect(at('ended-text').textContent).toBe('Ada just rang: take that, or try again.'));
});

describe('somebody rings', () => {
  /** A contact rings; gaveUp ends that. What the page makes of it is in ended. */
  async function rung(
    decline = vi.fn(() => Promise.resolve()),
  ): Promise<{ answer: ReturnType<typeof vi.fn>; gaveUp: (e: EndedError) => void }> {
    const ada = await book('Ada');
    void run('/worker.js', choices, (await ada.invite(hour)).uri());
    await vi.waitFor(() => expect(document.activeElement).toBe(at('contact-name')));
    let gaveUp: (e: EndedError) => void = () => undefined;
    const ended = new Promise<EndedError>((resolve) => (gaveUp = resolve));
    const answer = vi.fn();
    rings.put({ caller: contacts.get(ada.identity.id), ended, answer, decline } as unknown as Incoming);
    await vi.waitFor(() => expect(at('ringing').open).toBe(true));
    return { answer, gaveUp };
  }

  test('and no key that was meant for something else accepts', async () => {
    await rung();
    expect(document.activeElement).toBe(at('ringing-title'));
  });

  // Fails if the page waits for the relay to have the Decline: then it would put the contact over what came meanwhile.
  test('and is declined, which hides nothing that comes after', async () => {
    let lost: (e: Error) => void = () => undefined;
    const decline = vi.fn(() => new Promise<void>((_, reject) => (lost = reject)));
    const getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
    await rung(decline);
    press('decline');
    await vi.waitFor(() => expect(decline).toHaveBeenCalledOnce());
    press('call-audio');
    await vi.waitFor(() => expect([view(), at('ended-title').textContent]).toEqual(['ended', 'No permission']));
    lost(new Error('the relay is away'));
    await new Promise((resolve) => setTimeout(resolve));
    expect(view()).toBe('ended');
  });

  test.each([
    [EndReason.TimedOut, 'Missed'], [EndReason.Cancelled, 'Missed'], [EndReason.AnsweredElsewhere, 'Taken elsewhere'],
  ])('and it ends (%i) while the browser asks for the camera', async (reason, title) => {
    const stop = vi.fn();
    let grant: (s: unknown) => void = () => undefined;
    const asking = new Promise((resolve) => (grant = resolve));
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => asking } });
    const { answer, gaveUp } = await rung();
    press('accept');
    await vi.waitFor(() => expect(view()).toBe('call'));
    gaveUp(new EndedError(reason, true));
    await vi.waitFor(() => expect([view(), at('ended-title').textContent]).toEqual(['ended', title]));
    grant({ getTracks: () => [{ kind: 'video', stop }] });
    await vi.waitFor(() => expect(stop).toHaveBeenCalled());
    expect(answer).not.toHaveBeenCalled();
  });
});

test('an invitation without a name is used, and a second one gets a number', async () => {
  for (const label of ['unnamed', 'unnamed (2)']) {
    void run('/worker.js', choices, (await (await book('')).invite(hour)).uri());
    await vi.waitFor(() => expect(contacts.list().map((c) => c.name)).toContain(label));
  }
});

test('a new identity with the name of a verified contact is warned of, in the list and when it rings', async () => {
  const [ada, other] = [await book('Ada'), await book('Ada')];
  await contacts.add(ada.card());
  await contacts.verify(ada.identity.id, 'safety number');
  await new Promise((resolve) => setTimeout(resolve, 2));
  void run('/worker.js', choices, (await other.invite(hour)).uri());
  const warning = expect.stringMatching(/^You already know another “Ada”, with another key/) as string;
  await vi.waitFor(() => expect(at('contact-name').textContent).toBe('Ada (2)'));
  expect([at('contact-warning').hidden, at('contact-warning').textContent]).toEqual([false, warning]);
  expect(at('others-list').textContent).not.toContain('another key'); // who was verified

  const caller = contacts.get(other.identity.id) as Contact;
  let gaveUp: (e: EndedError) => void = () => undefined;
  const ended = new Promise<EndedError>((resolve) => (gaveUp = resolve));
  rings.put({ caller, ended } as unknown as Incoming);
  await vi.waitFor(() => expect(at('ringing').open).toBe(true));
  expect([at('ringing-title').textContent, at('ringing-warning').textContent]).toEqual(['Ada (2) rings', warning]);
  gaveUp(new EndedError(EndReason.Cancelled, true));
  await vi.waitFor(() => expect(view()).toBe('ended'));

  const row = at('others-list').children[0] as FakeElement;
  (row.children[0] as FakeElement).onclick?.(); // chooses Ada
  expect([at('contact-name').textContent, at('contact-warning').hidden]).toEqual(['Ada', true]);
  expect(at('others-list').textContent).toMatch(/Ada \(2\).*You already know another “Ada”/);
});
