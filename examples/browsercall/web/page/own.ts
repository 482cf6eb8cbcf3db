/** What this side sends in a call: microphone, camera, screen, and the buttons for them. */
import type { Call, TrackRole } from '../client/index.ts';
import { button, byId, draw, element, tell } from './dom.ts';
import { close, openCamera, openMicrophone, openScreen, type Devices } from './devices.ts';

/** What a notice is about: a device, or what of it the other side takes. */
export type About = TrackRole | 'taken';

/** The own tracks of one call. They are stopped with it. */
export class Own {
  readonly #say: (text: string) => void;
  readonly #note: (about: About, what?: unknown) => void;
  readonly #view = byId('self-video', HTMLVideoElement);
  #call: Call | undefined;
  #microphone: MediaStreamTrack | undefined;
  #camera: MediaStreamTrack | undefined;
  #cameraSent = false; // the call knows a camera
  #screen: MediaStreamTrack | undefined;
  #muted = false;
  #cameraOff = false;
  #stale = false; // the call does not send this camera's track yet, but the one before
  #unheard = false; // nor this microphone's
  #busy = false;
  #round = 0; // grows with each call: what one began is nothing to the next

  /**
   * say speaks to those who listen; note shows a text, or explains an error, until it is called about the same without one,
   * since that works again.
   */
  constructor(say: (text: string) => void, note: (about: About, what?: unknown) => void) {
    this.#say = say;
    this.#note = note;
    button('mute').onclick = () => void this.#pressMute();
    button('camera').onclick = () => void this.#pressCamera();
    button('screen').onclick = () => void this.#once(() => this.#switchScreen(), 'screen');
  }

  /** Shows the tracks with which a call begins. */
  start(d: Devices): void {
    this.#microphone = d.tracks.find((t) => t.kind === 'audio');
    this.#camera = d.tracks.find((t) => t.kind === 'video');
    this.#cameraSent = this.#camera !== undefined;
    this.#muted = false;
    this.#cameraOff = !this.#camera;
    this.#stale = this.#unheard = false;
    this.#watch();
    this.#show();
  }

  /** The call to which they belong. */
  belongs(call: Call): void {
    this.#call = call;
  }

  /** The call is connected: tells the other side what was turned off before, and sends devices opened meanwhile. */
  connected(): void {
    this.#show();
    if (this.#muted) void this.#call?.setMuted('audio', true).catch(() => undefined);
    void this.#attempt(() => this.#sendMicrophone(), 'microphone');
    void this.#attempt(() => this.#sendCamera(), 'camera');
  }

  /** Turns the microphone off or on. The track falls silent at once, whatever the network does. */
  async mute(on: boolean): Promise<void> {
    if (!this.#microphone) return;
    this.#muted = on;
    this.#microphone.enabled = !on;
    this.#show();
    this.#say(on ? 'Microphone off' : 'Microphone on');
    if (!on) this.#note('microphone');
    if (this.#live()) await this.#call?.setMuted('audio', on).catch(() => undefined);
  }

  /** Mutes, or goes on; a microphone that was gone is looked for again. */
  async #pressMute(): Promise<void> {
    if (!this.#muted || this.#microphone?.readyState === 'live') return this.mute(!this.#muted);
    await this.#once(async () => {
      const before = this.#microphone;
      const track = await openMicrophone();
      if (this.#microphone !== before) return close([track]); // the call ended meanwhile
      this.#microphone = track;
      this.#watch();
      this.#unheard = true;
      if (this.#live()) await this.#sendMicrophone();
      await this.mute(false);
    }, 'microphone');
  }

  /** Makes the call send the microphone that was opened last. */
  async #sendMicrophone(): Promise<void> {
    const [call, track, ctx] = [this.#call, this.#microphone, this.#ctx('microphone')];
    if (!call || !track || ctx === undefined || !this.#unheard) return;
    await call.replaceTrack(ctx, track);
    this.#unheard = this.#microphone !== track;
  }

  /** The number of a stream: no fixed one, since a codec that the other side does not take leaves its number to nobody. */
  #ctx(role: TrackRole): number | undefined {
    return this.#call?.streams().find((s) => s.role === role)?.ctx;
  }

  /** Notices devices that end by themselves. A track that we stop says nothing. */
  #watch(): void {
    const [microphone, camera] = [this.#microphone, this.#camera];
    if (microphone) microphone.onended = () => {
      if (this.#microphone !== microphone) return;
      void this.mute(true);
      this.#note('microphone', 'Your microphone is gone: nobody hears you. Plug one in, and press Unmute.');
    };
    if (camera) camera.onended = () => {
      if (this.#camera !== camera || this.#cameraOff) return;
      void this.#attempt(() => this.#turnCameraOff(), 'camera');
      this.#note('camera', 'Your camera is gone: nobody sees you. Plug one in, and press Camera on.');
    };
  }

  /** Lets go of everything. */
  stop(): void {
    close([this.#microphone, this.#camera, this.#screen].filter((t) => t !== undefined));
    this.#microphone = this.#camera = this.#screen = this.#call = undefined;
    this.#busy = this.#cameraSent = false;
    this.#round++;
    this.#view.srcObject = null;
  }

  /** Turns the camera off whatever else is under way, or on when it is its turn. */
  async #pressCamera(): Promise<void> {
    if (!this.#cameraOff) return this.#attempt(() => this.#turnCameraOff(), 'camera');
    await this.#once(() => (this.#camera ? this.#reopenCamera() : this.#addCamera()), 'camera');
  }

  async #turnCameraOff(): Promise<void> {
    if (!this.#camera) return;
    this.#cameraOff = true;
    close([this.#camera]); // its light goes out at once, whatever the network does
    this.#say('Camera off');
    this.#show();
    if (this.#live()) await this.#sendCamera();
  }

  /** Opens the camera again, for the stream that it had. */
  async #reopenCamera(): Promise<void> {
    const before = this.#camera;
    const track = await openCamera();
    if (this.#camera !== before) return close([track]); // the call ended meanwhile
    this.#turnCameraOn(track, true);
    if (this.#live()) await this.#sendCamera();
  }

  #turnCameraOn(track: MediaStreamTrack, stale: boolean): void {
    this.#camera = track;
    this.#watch();
    this.#cameraOff = false;
    this.#stale = stale;
    this.#say('Camera on');
    this.#note('camera');
    this.#show();
  }

  /**
   * Makes the call send what the button says: what was pressed before it was connected, or before the other side had taken
   * the camera, could not be told.
   */
  async #sendCamera(): Promise<void> {
    const [call, track, ctx] = [this.#call, this.#camera, this.#cameraSent ? this.#ctx('camera') : undefined];
    if (!call || !track || ctx === undefined) return;
    if (this.#cameraOff) return call.setMuted(ctx, true);
    if (!this.#stale) return;
    await call.replaceTrack(ctx, track);
    if (this.#camera !== track || this.#cameraOff) return; // it was turned off meanwhile, and the other side told
    this.#stale = false;
    await call.setMuted(ctx, false);
  }

  /** Adds a camera to a call that began without one. It can be turned off before the other side has taken it. */
  async #addCamera(): Promise<void> {
    const call = this.#call;
    if (!call || !this.#live()) return;
    const track = await openCamera();
    if (this.#call !== call) return close([track]); // the call ended meanwhile
    this.#turnCameraOn(track, false);
    try {
      await call.addTrack(track, 'camera');
      if (this.#call === call) this.#cameraSent = true;
    } catch (e) {
      close([track]);
      if (this.#call === call) [this.#camera, this.#cameraOff] = [undefined, true];
      throw e;
    }
    if (this.#cameraOff) await this.#sendCamera();
  }

  async #switchScreen(): Promise<void> {
    if (this.#screen) return this.#unshare();
    const call = this.#call;
    if (!call || !this.#live()) return;
    const track = await openScreen();
    if (!track) return;
    if (this.#call !== call) return close([track]); // it was picked for a call that is over
    this.#note('screen');
    track.onended = () => void this.#once(() => this.#unshare(), 'screen');
    try {
      const { taken } = await call.addTrack(track, 'screen');
      if (this.#call !== call) return close([track]);
      this.#screen = track;
      if (taken) this.#say('Your screen is shared');
    } catch (e) {
      close([track]);
      throw e;
    }
  }

  async #unshare(): Promise<void> {
    const [shared, ctx] = [this.#screen, this.#ctx('screen')];
    if (!shared) return;
    this.#screen = undefined;
    close([shared]);
    this.#say('Your screen is not shared any more');
    if (ctx === undefined || !this.#live()) return;
    await this.#call?.removeTrack(ctx);
    this.#note('taken');
  }

  /** Runs one change at a time: a second press while the first is under way is none. */
  async #once(f: () => Promise<void>, about: About): Promise<void> {
    if (this.#busy) return;
    const round = this.#round;
    this.#busy = true;
    this.#show();
    await this.#attempt(f, about);
    if (this.#round !== round) return;
    this.#busy = false;
    this.#show();
    if (this.#screen?.readyState === 'ended') { // it was, while something else was under way
      await this.#once(() => this.#unshare(), 'screen');
    }
  }

  /** Runs a change, and says so if it fails before its call is over. */
  async #attempt(f: () => Promise<void>, about: About): Promise<void> {
    const round = this.#round;
    try {
      await f();
    } catch (e) {
      if (this.#round === round && this.#call?.state !== 'ended') this.#note(about, e);
    }
  }

  #live(): boolean {
    return this.#call?.state === 'connected' || this.#call?.state === 'reconnecting';
  }

  #show(): void {
    const live = this.#live();
    const has = this.#microphone !== undefined;
    const off = this.#cameraOff;
    const shared = this.#screen !== undefined;
    const canShare = live && 'getDisplayMedia' in navigator.mediaDevices;
    press('mute', this.#muted, this.#muted ? 'Unmute' : 'Mute', this.#muted ? 'mic-off' : 'mic', has);
    press('camera', off, off ? 'Camera on' : 'Camera off', off ? 'camera-off' : 'camera',
      !off || !this.#busy && (this.#camera !== undefined || live));
    press('screen', shared, shared ? 'Stop sharing' : 'Share screen', shared ? 'screen-off' : 'screen',
      !this.#busy && canShare);
    this.#showSelf();
  }

  #showSelf(): void {
    const picture = this.#screen ?? (this.#cameraOff ? undefined : this.#camera);
    element('self').dataset.shows = this.#screen ? 'screen' : picture ? 'camera' : 'nothing';
    tell(element('self-note'), picture ? undefined : this.#camera ? 'Your camera is off' : 'You send no picture');
    const shown = this.#view.srcObject instanceof MediaStream ? this.#view.srcObject.getVideoTracks()[0] : undefined;
    if (shown !== picture) this.#view.srcObject = picture ? new MediaStream([picture]) : null;
  }
}

function press(id: string, on: boolean, label: string, icon: string, enabled: boolean): void {
  const b = button(id);
  b.ariaPressed = String(on);
  b.disabled = !enabled;
  b.querySelector('span')!.textContent = label;
  draw(b, icon);
}
