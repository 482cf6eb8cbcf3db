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
  #busy = false;

  /** say speaks to those who listen; failed explains what did not work; lost says that a device has gone. */
  constructor(
    say: (text: string) => void, failed: (e: unknown, doing: string) => void, lost: (text: string) => void,
  ) {
    this.#say = say;
    this.#failed = failed;
    this.#lost = lost;
    button('mute').onclick = () => void this.#pressMute();
    button('camera').onclick = () => void this.#once(() => this.#switchCamera(), 'use the camera');
    button('screen').onclick = () => void this.#once(() => this.#switchScreen(), 'share the screen');
  }

  /** Shows the tracks with which a call begins. */
  start(d: Devices): void {
    this.#microphone = d.tracks.find((t) => t.kind === 'audio');
    this.#camera = d.tracks.find((t) => t.kind === 'video');
    this.#cameraCtx = this.#camera && cameraCtx;
    this.#muted = false;
    this.#cameraOff = !this.#camera;
    this.#stale = false;
    this.#watch();
    this.#show();
  }

  /** The call to which they belong. */
  belongs(call: Call): void {
    this.#call = call;
  }

  /** The call is connected: tells the other side what was turned off before, and sends a camera opened meanwhile. */
  connected(): void {
    this.#show();
    if (this.#muted) void this.#call?.setMuted('audio', true).catch(() => undefined);
    void this.#once(() => this.#catchUp(), 'use the camera');
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
      await this.#call?.replaceTrack(microphoneCtx, track);
      await this.mute(false);
    }, 'use the microphone');
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
      void this.#once(() => this.#turnCameraOff(), 'use the camera');
      this.#lost('Your camera is gone: nobody sees you. Plug one in, and press Camera on.');
    };
  }

  /** Lets go of everything. */
  stop(): void {
    close([this.#microphone, this.#camera, this.#screen?.track].filter((t) => t !== undefined));
    this.#microphone = this.#camera = this.#screen = this.#call = this.#cameraCtx = undefined;
    this.#view.srcObject = null;
  }

  async #switchCamera(): Promise<void> {
    if (!this.#camera) return this.#addCamera();
    if (this.#cameraOff) return this.#reopenCamera();
    return this.#turnCameraOff();
  }

  async #turnCameraOff(): Promise<void> {
    if (!this.#camera) return;
    this.#cameraOff = true;
    close([this.#camera]); // its light goes out at once, whatever the network does
    this.#say('Camera off');
    this.#show();
    if (this.#live()) await this.#call?.setMuted(this.#cameraCtx ?? cameraCtx, true);
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
    if (this.#live()) await this.#catchUp();
  }

  /** Makes the call send what the buttons say: what was pressed before it was connected could not be told. */
  async #catchUp(): Promise<void> {
    const [call, track, ctx] = [this.#call, this.#camera, this.#cameraCtx ?? cameraCtx];
    if (!call || !track) return;
    if (this.#cameraOff) return call.setMuted(ctx, true);
    if (!this.#stale) return;
    await call.replaceTrack(ctx, track);
    await call.setMuted(ctx, false);
    this.#stale = false;
  }

  /** Adds a camera to a call that began without one. */
  async #addCamera(): Promise<void> {
    const call = this.#call;
    if (!call || !this.#live()) return;
    const track = await openCamera();
    try {
      this.#cameraCtx = (await call.addTrack(track, 'camera')).ctx;
    } catch (e) {
      close([track]);
      throw e;
    }
    if (this.#call !== call) return close([track]);
    this.#camera = track;
    this.#watch();
    this.#cameraOff = this.#stale = false;
    this.#say('Camera on');
  }

  async #switchScreen(): Promise<void> {
    if (this.#screen) return this.#unshare();
    if (!this.#call || !this.#live()) return;
    const track = await openScreen();
    if (!track) return;
    track.onended = () => void this.#once(() => this.#unshare(), 'end sharing the screen');
    try {
      this.#screen = { track, ctx: (await this.#call.addTrack(track, 'screen')).ctx };
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
    this.#busy = true;
    this.#show();
    try {
      await f();
    } catch (e) {
      if (this.#call?.state !== 'ended') this.#failed(e, doing);
    } finally {
      this.#busy = false;
      this.#show();
    }
    if (this.#screen?.track.readyState === 'ended') { // it was, while something else was under way
      await this.#once(() => this.#unshare(), 'end sharing the screen');
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
      !this.#busy && (this.#camera !== undefined || live));
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
