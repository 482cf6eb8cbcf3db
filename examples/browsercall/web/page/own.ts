/** What this side sends in a call: microphone, camera, screen, and the buttons for them. */
import type { Call } from '../client/index.ts';
import { button, byId, draw, element, tell } from './dom.ts';
import { close, openCamera, openMicrophone, openScreen, type Devices } from './devices.ts';

/** The stream numbers of a microphone and a camera (docs/PROTOCOL.md, section 7). */
const microphoneCtx = 0;
const cameraCtx = 1;

/** The own tracks of one call. They are stopped with it. */
export class Own {
  readonly #say: (text: string) => void;
  readonly #failed: (e: unknown, doing: string) => void;
  readonly #lost: (text: string) => void;
  readonly #view = byId('self-video', HTMLVideoElement);
  #call: Call | undefined;
  #microphone: MediaStreamTrack | undefined;
  #camera: MediaStreamTrack | undefined;
  #cameraCtx: number | undefined;
  #screen: { track: MediaStreamTrack; ctx: number } | undefined;
  #muted = false;
  #cameraOff = false;
  #stale = false; // the call does not send this camera's track yet, but the one before
  #unheard = false; // nor this microphone's
  #busy = false;
  #round = 0; // grows with each call: what one began is nothing to the next

  /** say speaks to those who listen; failed explains what did not work; lost says that a device has gone. */
  constructor(
    say: (text: string) => void, failed: (e: unknown, doing: string) => void, lost: (text: string) => void,
  ) {
    this.#say = say;
    this.#failed = failed;
    this.#lost = lost;
    button('mute').onclick = () => void this.#pressMute();
    button('camera').onclick = () => void this.#pressCamera();
    button('screen').onclick = () => void this.#once(() => this.#switchScreen(), 'share the screen');
  }

  /** Shows the tracks with which a call begins. */
  start(d: Devices): void {
    this.#microphone = d.tracks.find((t) => t.kind === 'audio');
    this.#camera = d.tracks.find((t) => t.kind === 'video');
    this.#cameraCtx = this.#camera && cameraCtx;
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
    void this.#attempt(() => this.#sendMicrophone(), 'use the microphone');
    void this.#attempt(() => this.#sendCamera(), 'use the camera');
  }

  /** Turns the microphone off or on. The track falls silent at once, whatever the network does. */
  async mute(on: boolean): Promise<void> {
    if (!this.#microphone) return;
    this.#muted = on;
    this.#microphone.enabled = !on;
    this.#show();
    this.#say(on ? 'Microphone off' : 'Microphone on');
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
    }, 'use the microphone');
  }

  /** Makes the call send the microphone that was opened last. */
  async #sendMicrophone(): Promise<void> {
    const [call, track] = [this.#call, this.#microphone];
    if (!call || !track || !this.#unheard) return;
    await call.replaceTrack(microphoneCtx, track);
    this.#unheard = this.#microphone !== track;
  }

  /** Notices devices that end by themselves. A track that we stop says nothing. */
  #watch(): void {
    const [microphone, camera] = [this.#microphone, this.#camera];
    if (microphone) microphone.onended = () => {
      if (this.#microphone !== microphone) return;
      void this.mute(true);
      this.#lost('Your microphone is gone: nobody hears you. Plug one in, and press Unmute.');
    };
    if (camera) camera.onended = () => {
      if (this.#camera !== camera || this.#cameraOff) return;
      void this.#attempt(() => this.#turnCameraOff(), 'use the camera');
      this.#lost('Your camera is gone: nobody sees you. Plug one in, and press Camera on.');
    };
  }

  /** Lets go of everything. */
  stop(): void {
    close([this.#microphone, this.#camera, this.#screen?.track].filter((t) => t !== undefined));
    this.#microphone = this.#camera = this.#screen = this.#call = this.#cameraCtx = undefined;
    this.#busy = false;
    this.#round++;
    this.#view.srcObject = null;
  }

  /** Turns the camera off whatever else is under way, or on when it is its turn. */
  async #pressCamera(): Promise<void> {
    if (!this.#cameraOff) return this.#attempt(() => this.#turnCameraOff(), 'use the camera');
    await this.#once(() => (this.#camera ? this.#reopenCamera() : this.#addCamera()), 'use the camera');
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
    this.#camera = track;
    this.#watch();
    this.#cameraOff = false;
    this.#stale = true;
    this.#say('Camera on');
    this.#show();
    if (this.#live()) await this.#sendCamera();
  }

  /**
   * Makes the call send what the button says: what was pressed before it was connected, or before the other side had taken
   * the camera, could not be told.
   */
  async #sendCamera(): Promise<void> {
    const [call, track, ctx] = [this.#call, this.#camera, this.#cameraCtx];
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
    this.#camera = track;
    this.#watch();
    this.#cameraOff = this.#stale = false;
    this.#say('Camera on');
    this.#show();
    try {
      const { ctx } = await call.addTrack(track, 'camera');
      if (this.#call === call) this.#cameraCtx = ctx;
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
    track.onended = () => void this.#once(() => this.#unshare(), 'end sharing the screen');
    try {
      const { ctx } = await call.addTrack(track, 'screen');
      if (this.#call !== call) return close([track]);
      this.#screen = { track, ctx };
    } catch (e) {
      close([track]);
      throw e;
    }
    this.#say('Your screen is shared');
  }

  async #unshare(): Promise<void> {
    const shared = this.#screen;
    if (!shared) return;
    this.#screen = undefined;
    close([shared.track]);
    this.#say('Your screen is not shared any more');
    if (this.#live()) await this.#call?.removeTrack(shared.ctx);
  }

  /** Runs one change at a time: a second press while the first is under way is none. */
  async #once(f: () => Promise<void>, doing: string): Promise<void> {
    if (this.#busy) return;
    const round = this.#round;
    this.#busy = true;
    this.#show();
    await this.#attempt(f, doing);
    if (this.#round !== round) return;
    this.#busy = false;
    this.#show();
    if (this.#screen?.track.readyState === 'ended') { // it was, while something else was under way
      await this.#once(() => this.#unshare(), 'end sharing the screen');
    }
  }

  /** Runs a change, and says so if it fails before its call is over. */
  async #attempt(f: () => Promise<void>, doing: string): Promise<void> {
    const round = this.#round;
    try {
      await f();
    } catch (e) {
      if (this.#round === round && this.#call?.state !== 'ended') this.#failed(e, doing);
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
    const picture = this.#screen?.track ?? (this.#cameraOff ? undefined : this.#camera);
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
