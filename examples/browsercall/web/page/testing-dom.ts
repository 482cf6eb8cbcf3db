// For tests: as much of a browser's page as the modules of this folder touch. Elements are there when they are asked for.

import { vi } from 'vitest';

/** Stands for an element of every type but a video. */
export class FakeElement extends EventTarget {
  hidden = false;
  open = false;
  disabled = false;
  value = '';
  srcObject: unknown = null;
  dataset: Record<string, string> = {};
  children: (FakeElement | string)[] = [];
  onclick: (() => void) | null = null;
  readonly style = { setProperty: () => undefined };

  get textContent(): string {
    return this.children.map((c) => (typeof c === 'string' ? c : c.textContent)).join('');
  }

  set textContent(text: string) {
    this.children = text === '' ? [] : [text];
  }

  append(...children: (FakeElement | string)[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: (FakeElement | string)[]): void {
    this.children = children;
  }

  showModal(): void {
    this.open = true;
  }

  close(): void {
    this.open = false;
  }

  remove(): void {}
  focus(): void {
    Object.assign(document, { activeElement: this });
  }

  select(): void {}
  play = () => Promise.resolve();
  querySelector = () => new FakeElement();
  setAttribute(): void {}
}

class FakeVideo extends FakeElement {}

/** Puts it in place until the test's globals are restored, and gives elements by their ids. */
export function fakePage(): (id: string) => FakeElement {
  const all = new Map<string, FakeElement>();
  const element = (id: string): FakeElement => {
    if (!all.has(id)) all.set(id, new FakeVideo());
    return all.get(id)!;
  };
  vi.stubGlobal('document', Object.assign(new EventTarget(), {
    getElementById: element, body: element('body'), title: 'Sotto',
    createElement: (tag: string) => (tag === 'video' ? new FakeVideo() : new FakeElement()),
  }));
  for (const type of ['', 'Button', 'Input', 'Form', 'Dialog']) vi.stubGlobal(`HTML${type}Element`, FakeElement);
  vi.stubGlobal('HTMLVideoElement', FakeVideo);
  vi.stubGlobal('MediaStream', class { getVideoTracks = () => []; });
  vi.stubGlobal('navigator', { mediaDevices: {} });
  vi.stubGlobal('addEventListener', () => undefined);
  return element;
}
