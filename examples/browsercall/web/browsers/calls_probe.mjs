/**
 * Runs in a page before its own scripts: keeps its connections and workers, so that a test can ask the browser itself
 * what was sent, received and shown. It changes nothing of what they do.
 */
export function probe() {
  /** What a worker of frames has counted. */
  const count = (worker) => new Promise((resolve) => {
    const id = `probe ${Math.random()}`; // the page takes no answer that it did not ask for
    const hear = (e) => {
      if (e.data.id !== id) return;
      worker.removeEventListener('message', hear);
      resolve(e.data.stats);
    };
    worker.addEventListener('message', hear);
    worker.postMessage({ op: 'stats', id });
  });
  const peers = [];
  const workers = [];
  const sockets = [];
  const shown = new Map(); // video element → what it presented; the self view is none of them
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }
  };
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      workers.push(this);
      this.addEventListener('message', ({ data }) => {
        if (data.event === 'first') this.first ??= count(this);
      });
    }

    terminate() { // a call that was declined has one too, for a moment
      if (workers.includes(this)) workers.splice(workers.indexOf(this), 1);
      super.terminate();
    }
  };

  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  };

  const watch = (video) => {
    const seen = { first: 0, last: 0, times: [], freezes: 0, frozen: 0 };
    shown.set(video, seen);
    const pauses = [];
    let before;
    // As a browser's freezeCount: a pause longer than three times the mean of the 30 before, and than that and 150 ms.
    const pause = (ms) => {
      const mean = pauses.reduce((a, b) => a + b, 0) / 30;
      if (pauses.length === 30 && ms >= Math.max(3 * mean, mean + 150)) {
        seen.freezes++;
        seen.frozen += ms;
      }
      pauses.push(ms);
      if (pauses.length > 30) pauses.shift();
    };
    const next = (now, data) => {
      if (before !== undefined) pause(now - before);
      before = now;
      seen.first ||= data.presentedFrames;
      seen.last = data.presentedFrames;
      seen.times.push(data.rtpTimestamp ?? 0);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  };
  new MutationObserver((all) => {
    for (const { addedNodes } of all) {
      for (const node of addedNodes) {
        if (node instanceof HTMLVideoElement && node.id !== 'self-video') watch(node);
      }
    }
  }).observe(document, { childList: true, subtree: true });

  globalThis.probe = {
    /** Rows of the newest connection's getStats of these types, and its state. */
    async stats(...types) {
      const rows = [];
      (await peers.at(-1)?.getStats())?.forEach((row) => types.includes(row.type) && rows.push({ ...row }));
      return rows.sort((a, b) => Number(a.mid) - Number(b.mid)); // a browser's own order may change
    },
    /**
     * Asks again and again until the connection is closed; what it told last is in followed. Who hangs up sends no more,
     * and Firefox then forgets what it has received, too.
     */
    follow() {
      const peer = peers.at(-1);
      const decoded = (told) => told?.rows.find((r) => r.kind === 'video')?.framesDecoded ?? -1;
      const ask = async () => {
        const [rows, frames] = await Promise.all([window.probe.stats('inbound-rtp'), window.probe.frames()]);
        if (peer.signalingState === 'closed' || rows.length === 0 || !frames) return;
        if (decoded({ rows }) >= decoded(window.probe.followed)) window.probe.followed = { rows, frames };
        await ask();
      };
      void ask();
    },
    /** Ends a track that is sent, as when its device is unplugged. */
    unplug: (kind) => {
      const { track } = peers.at(-1).getSenders().find((s) => s.track?.kind === kind);
      track.stop();
      track.dispatchEvent(new Event('ended'));
    },
    /** Cuts every connection to the relay, as when a network goes; says how many there were. */
    cut: () => sockets.filter((s) => s.readyState === WebSocket.OPEN).map((s) => s.close(4000)).length,
    sockets: () => sockets.filter((s) => s.readyState === WebSocket.OPEN).length,
    /** What names the present ICE session of this side: it changes when ICE starts anew. */
    ice: () => /a=ice-ufrag:(\S+)/.exec(peers.at(-1)?.currentLocalDescription?.sdp ?? '')?.[1],
    connections: () => peers.length,
    /** Tells something to the worker of the newest call that has not ended. */
    tell: (message) => workers.at(-1).postMessage(message),
    /** The worker's own counters of the newest call that has not ended; early are frames without a key until one was opened. */
    frames: async () => {
      const worker = workers.at(-1);
      return worker && { ...await count(worker), early: (await worker.first)?.noEpoch };
    },
    /** What was presented of each video, in the order in which they came. */
    presented: () => [...shown.values()].map(({ first, last, times, freezes, frozen }) => (
      { frames: last, callbacks: times.length, first, times, freezes, frozen })),
  };
}

/**
 * In a page: the private keys that this browser keeps for it, by algorithm; whether they may be taken out, and whether it
 * can be done.
 */
export async function keptKeys() {
  const result = (request) => new Promise((yes, no) => {
    request.onsuccess = () => yes(request.result);
    request.onerror = () => no(request.error);
  });
  const db = await result(indexedDB.open('sotto'));
  const all = await Promise.all([...db.objectStoreNames].map((name) => result(db.transaction(name).objectStore(name).getAll())));
  db.close();
  const keys = [];
  const walk = (value) => {
    if (value instanceof CryptoKey) keys.push(value);
    else if (value && typeof value === 'object' && !ArrayBuffer.isView(value)) Object.values(value).forEach(walk);
  };
  walk(all);
  const out = (key) => Promise.any(['pkcs8', 'jwk', 'raw'].map((format) => crypto.subtle.exportKey(format, key)))
    .then(() => true, () => false);
  const kept = keys.filter((key) => key.type !== 'public');
  return Promise.all(kept.map(async (key) => [key.algorithm.name, key.extractable, await out(key)]));
}

/** Runs in a page before its own scripts: lends it a screen, for there is none without a window; a picture that moves. */
export function screen() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 450 });
    const to = canvas.getContext('2d');
    let n = 0;
    const timer = setInterval(() => {
      to.fillStyle = `hsl(${n++ * 5} 60% 50%)`;
      to.fillRect(0, 0, 800, 450);
      to.fillRect((n * 8) % 800, 100, 60, 250);
    }, 100);
    const stream = canvas.captureStream(10);
    const stop = stream.getTracks()[0].stop.bind(stream.getTracks()[0]);
    stream.getTracks()[0].stop = () => {
      clearInterval(timer);
      stop();
    };
    return stream;
  };
}
