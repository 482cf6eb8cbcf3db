/** The page's first lines: says what the browser lacks, while all that a call needs is loaded. */
import { choices, reload, takeInvitation } from './address.ts';
import { showFault } from './cards.ts';
import { byId } from './dom.ts';
import { missing, trustWorker } from './environment.ts';

const loading = import('./page.ts');
loading.catch(() => undefined); // start says so, unless there is something worse to say

const invitation = takeInvitation();
const again = (): void => reload(invitation);

async function start(): Promise<void> {
  const lacking = await missing();
  if (lacking) return showFault(lacking, again);
  const workerURL = new URL(byId('worker', HTMLMetaElement).content, location.href).href;
  trustWorker(workerURL);
  const { run } = await loading;
  await run(workerURL, choices(), invitation);
}

start().catch((e: unknown) => showFault({
  kind: 'incomplete', title: 'The page did not load', text: 'A part of it is missing. The program that serves it may ' +
    'have ended, or the network is away.', ...(e instanceof Error && { detail: e.message }),
}, again));
