/** The screen of one call. */
import type { Call, CallEvent, Contact, State, TrackInfo } from '../client/index.ts';
import { Chat } from './chat.ts';
import type { Devices } from './devices.ts';
import { announce, button, element, make, show, tell } from './dom.ts';
import { Own, type About } from './own.ts';
import { Remote } from './remote.ts';
import type { Session } from './session.ts';
import { showPortrait, showTrust } from './trust.ts';
import { Verify } from './verify.ts';
import { endWords, faultWords, refusedWords, untakenWords, type Words } from './words.ts';

const states: Record<State, string> = {
  new: 'Calling', dialing: 'Calling', ringing: 'Ringing', connecting: 'Making keys',
  connected: 'Connected', reconnecting: 'Looking for another way', ended: 'Ended',
};

const what = ({ kind }: TrackInfo): string => (kind === 'video' ? 'picture' : 'sound');

/** Shows calls, one at a time. */
export class Talk {
  readonly #session: Session;
  readonly #chat = new Chat();
  readonly #own = new Own((text) => announce(text), (about, what) => this.#device(about, what));
  readonly #remote = new Remote((play) => this.#heldBack(play));
  readonly #verify: Verify;
  #peer: Contact | undefined;
  #call: Call | undefined;
  #since = 0;
  readonly #notes = new Map<string, string>(); // by what they are about, the latest last
  #lock: WakeLockSentinel | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#verify = new Verify(session);
    setInterval(() => this.#tick(), 1000);
    button('emoji').onclick = button('verify-open').onclick = () => this.compare();
    button('hangup').onclick = () => void this.#call?.hangup();
    session.contacts.addEventListener('change', () => this.#who());
    document.addEventListener('visibilitychange', () => void this.#stayAwake());
    addEventListener('online', () => this.#call?.restart());
  }

  /** Whether there is a call on the screen. */
  get busy(): boolean {
    return this.#peer !== undefined;
  }

  /**
   * Shows the call screen while a call is being made, or answered: then it is connecting. hangUp is what its button does
   * until there is a call. When the devices are there it is called again, which leaves the chat and the keyboard alone.
   */
  open(c: Contact, d: Devices, first: 'dialing' | 'connecting', hangUp: () => void): void {
    if (!this.busy) {
      this.#verify.close(); // it may be about somebody else
      this.#chat.start((text) => this.#call?.send(text) ?? Promise.reject(new TypeError('there is no call')));
      button('hangup').onclick = () => (this.#call ? void this.#call.hangup() : hangUp());
      show(element('emoji'), false);
      show(element('home'), false);
      show(element('call'), true);
      document.body.dataset.view = 'call';
      button('hangup').focus();
    }
    this.#peer = c;
    this.#since = 0;
    this.#remote.clear();
    this.#own.start(d);
    this.#notes.clear();
    this.#banner(d.tracks.some((t) => t.kind === 'video') ? 'microphone' : 'camera', d.note);
    this.#who();
    this.#state(first);
  }

  /** Follows a call to its end, and says in words why it ended. */
  async follow(call: Call): Promise<Words> {
    this.#call = call;
    this.#own.belongs(call);
    this.#state(call.state);
    let words = endWords(0, false, this.#name);
    for await (const e of call.events()) {
      if (e.type === 'ended') words = endWords(e.reason, e.remote, this.#name, e.cause, this.#since > 0);
      else this.#event(e, call);
    }
    return words;
  }

  /** Puts everything away: devices, pictures, dialogs. */
  close(): void {
    this.#state('ended');
    this.#own.stop();
    this.#remote.clear();
    this.#verify.close();
    this.#notes.clear();
    this.#notice();
    void this.#lock?.release().catch(() => undefined);
    this.#peer = this.#call = this.#lock = undefined;
  }

  /** Ends the call, if there is one: the page goes. */
  leave(): void {
    void this.#call?.hangup();
  }

  /** Opens the comparison with this contact, or with the one of the call. */
  compare(c: Contact | undefined = this.#peer): void {
    if (c) this.#verify.open(this.#session.contacts.get(c.id) ?? c, this.#call?.emoji());
  }

  #event(e: CallEvent, call: Call): void {
    switch (e.type) {
      case 'trackAdded':
        this.#remote.add(e.track, e.info);
        break;
      case 'trackEnded':
        if (!e.sent) this.#remote.remove(e.info.mid);
        else if (e.error) this.#banner(e.info.kind, `${this.#name} cannot take your ${what(e.info)}.`);
        break;
      case 'takenChanged':
        this.#device('taken');
        if (e.taken) announce(`${this.#name} takes your ${what(e.info)} now`);
        break;
      case 'muteChanged':
        this.#remote.mute(e.info.mid, e.muted);
        announce(`${this.#name}: ${e.info.kind === 'audio' ? 'microphone' : 'camera'} ${e.muted ? 'off' : 'on'}`);
        break;
      case 'holdChanged':
        this.#banner('hold', e.held ? `${this.#name} has put the call on hold.` : undefined);
        break;
      case 'refusedChanged':
        this.#remote.refuse(e.info.mid, e.refused);
        break;
      case 'message':
        this.#chat.received(this.#name, e.data);
        break;
      case 'keysChanged':
        element('call').dataset.epoch = String(e.epoch);
        break;
      case 'participantJoined':
        this.#emoji(call);
        break;
      case 'connected':
        this.#connected(call);
    }
    this.#state(call.state);
    this.#notice();
  }

  #connected(call: Call): void {
    this.#since ||= Date.now();
    element('call').dataset.epoch = String(call.epoch);
    this.#emoji(call);
    this.#state('connected');
    this.#own.connected();
    void this.#stayAwake();
  }

  /** Keeps the screen on in a call, where the browser can. It lets go by itself when the page is hidden. */
  async #stayAwake(): Promise<void> {
    const held = this.#lock && !this.#lock.released;
    if (!this.#call || held || document.visibilityState === 'hidden') return;
    const call = this.#call;
    const lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
    if (this.#call === call && (!this.#lock || this.#lock.released)) this.#lock = lock;
    else await lock?.release();
  }

  #emoji(call: Call): void {
    const all = call.emoji();
    if (!all) return;
    const e = element('emoji');
    const pictures = all.map(({ symbol, name }) => {
      const s = make('span', symbol);
      s.role = 'img';
      s.ariaLabel = name;
      return s;
    });
    e.replaceChildren(e.firstElementChild!, ...pictures);
    e.title = all.map(({ name }) => name).join(', ');
    show(e, true);
  }

  get #name(): string {
    return this.#peer?.name ?? 'The other side';
  }

  #who(): void {
    const c = this.#peer && (this.#session.contacts.get(this.#peer.id) ?? this.#peer);
    if (!c) return;
    this.#peer = c;
    element('call-name').textContent = c.name;
    showTrust(element('call-trust'), c);
    showPortrait(element('remote-portrait'), c);
  }

  #state(s: State): void {
    const text = states[s];
    if (document.body.dataset.callState !== s) announce(`${this.#name}: ${text}`);
    document.body.dataset.callState = s;
    element('call-state').textContent = text;
    const none = this.#remote.refuses ? '' : `${this.#name} shows no picture`;
    this.#remote.note(s === 'connected' ? none : `${text} …`);
    this.#tick();
  }

  #tick(): void {
    const e = element('call-time');
    if (!this.#since || !this.busy) return tell(e, undefined);
    const s = Math.floor((Date.now() - this.#since) / 1000);
    const minutes = Math.floor(s / 60) % 60;
    const two = (n: number): string => String(n).padStart(2, '0');
    tell(e, s < 3600 ? `${minutes}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}`);
  }

  #heldBack(play: () => void): void {
    const text = 'The browser holds the sound back: press anywhere to hear.';
    this.#banner('sound', text);
    const once = new AbortController();
    const pressed = (): void => {
      once.abort();
      play();
      this.#banner('sound');
    };
    for (const press of ['pointerdown', 'keydown']) addEventListener(press, pressed, { signal: once.signal });
  }

  /** What became of a device of ours: a text, an error, or that all is well. */
  #device(about: About, what?: unknown): void {
    const text = about === 'taken' ? untakenWords(this.#name, this.#call?.streams() ?? []) :
      what === undefined || typeof what === 'string' ? what : faultWords(what, `use the ${about}`).title;
    this.#banner(about, text);
  }

  /** Says something about this, in the place of what was said about it before; nothing without a text. */
  #banner(about: string, text?: string): void {
    this.#notes.delete(about);
    if (text) this.#notes.set(about, text);
    this.#notice();
  }

  /** That nothing opens is said before all else, for as long as it is so. What stands there is not said again. */
  #notice(): void {
    const text = this.#remote.refuses ? refusedWords(this.#name) : [...this.#notes.values()].at(-1);
    const e = element('notice');
    if (e.textContent !== (text ?? '')) tell(e, text);
  }
}
