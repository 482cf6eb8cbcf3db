/** The other side's sound and pictures. */
import type { TrackInfo } from '../client/index.ts';
import { element, make, show } from './dom.ts';

/** Plays the tracks of one call. The last picture that was added is the large one: a screen is added to a camera. */
export class Remote {
  readonly #videos = element('remote-videos');
  readonly #players = new Map<string, HTMLMediaElement>();
  readonly #muted = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #heldBack: (play: () => void) => void;

  /** heldBack is called when the browser wants a press of a button before it makes a sound. */
  constructor(heldBack: (play: () => void) => void) {
    this.#heldBack = heldBack;
    this.clear();
  }

  /** Plays a track. */
  add(track: MediaStreamTrack, info: TrackInfo): void {
    this.remove(info.mid);
    const player = make(info.kind === 'video' ? 'video' : 'audio');
    player.autoplay = true;
    player.dataset.mid = info.mid;
    if (player instanceof HTMLVideoElement) {
      player.playsInline = true;
      player.muted = true; // its sound is a track of its own, and a silent picture may always play
      player.ariaLabel = 'What the other side shows';
      player.onresize = () => {
        player.dataset.size = `${player.videoWidth}x${player.videoHeight}`;
      };
    }
    player.srcObject = new MediaStream([track]);
    this.#players.set(info.mid, player);
    this.#videos.append(player);
    this.#play(player);
    this.#arrange();
  }

  /** Lets go of a track. */
  remove(mid: string): void {
    const player = this.#players.get(mid);
    if (!player) return;
    player.srcObject = null;
    player.remove();
    this.#players.delete(mid);
    this.#muted.delete(mid);
    this.#arrange();
  }

  /** Hides what the other side has turned off: its last picture would look like a frozen one. */
  mute(mid: string, on: boolean): void {
    if (on) this.#muted.add(mid);
    else this.#muted.delete(mid);
    this.#arrange();
  }

  /** Hides what does not open any more, likewise. */
  refuse(mid: string, on: boolean): void {
    if (on) this.#refused.add(mid);
    else this.#refused.delete(mid);
    this.#arrange();
  }

  /** Whether something that the other side shows or says is refused. */
  get refuses(): boolean {
    return [...this.#players.keys()].some((mid) => this.#refused.has(mid) && !this.#muted.has(mid));
  }

  /** Says what there is instead of a picture. */
  note(text: string): void {
    element('remote-note').textContent = text;
  }

  /** Whether a picture is shown. */
  get shows(): boolean {
    return this.#pictures().length > 0;
  }

  /** Lets go of everything. */
  clear(): void {
    for (const mid of [...this.#players.keys()]) this.remove(mid);
    this.#muted.clear(); // also of what was declared and never came
    this.#refused.clear();
    this.#arrange();
  }

  #pictures(): HTMLMediaElement[] {
    const shown = [...this.#players].filter(([mid]) => !this.#muted.has(mid) && !this.#refused.has(mid));
    return shown.map(([, p]) => p).filter((p) => p instanceof HTMLVideoElement);
  }

  #arrange(): void {
    const shown = this.#pictures();
    for (const p of this.#players.values()) show(p, shown.includes(p));
    shown.forEach((p, i) => (p.dataset.role = i === shown.length - 1 ? 'main' : 'aside'));
    show(element('remote-blank'), shown.length === 0);
    element('remote').dataset.pictures = String(shown.length);
  }

  #play(player: HTMLMediaElement): void {
    player.play().catch((e: unknown) => {
      if (!(e instanceof DOMException && e.name === 'NotAllowedError')) return;
      this.#heldBack(() => void player.play().catch(() => undefined));
    });
  }
}
