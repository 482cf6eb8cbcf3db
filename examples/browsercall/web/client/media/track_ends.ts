/** Listens for tracks of ours that end by themselves, as when sharing a screen is stopped or a camera unplugged. */
export class TrackEnds {
  readonly #ended: (track: MediaStreamTrack) => void;
  readonly #watched = new Map<MediaStreamTrack, () => void>();

  constructor(ended: (track: MediaStreamTrack) => void) {
    this.#ended = ended;
  }

  watch(track: MediaStreamTrack): void {
    this.unwatch(track);
    const listener = () => this.#ended(track);
    this.#watched.set(track, listener);
    track.addEventListener('ended', listener);
  }

  unwatch(track: MediaStreamTrack | undefined): void {
    const listener = track && this.#watched.get(track);
    if (track && listener) {
      track.removeEventListener('ended', listener);
      this.#watched.delete(track);
    }
  }

  clear(): void {
    for (const track of [...this.#watched.keys()]) {
      this.unwatch(track);
    }
  }
}
