/** How a page tells that its policy was broken: its console is heard. */
const mark = 'the policy was broken:';

/** Runs in a page before its own scripts. */
export function policyTold() {
  addEventListener('securitypolicyviolation', (e) => {
    console.error('the policy was broken:', e.effectiveDirective, e.blockedURI, `${e.sourceFile}:${e.lineNumber}`);
  });
}

/** Watches a page: gives a list that grows with each request to an origin that is not its own, and each break of its policy. */
export function keepsToItself(page) {
  const broken = [];
  let own;
  page.on('request', (request) => {
    const { origin } = new URL(request.url().replace(/^ws/, 'http'));
    if (request.isNavigationRequest()) own = origin;
    else if (origin !== own) broken.push(`a request to ${request.url()}`);
  });
  page.on('console', (message) => {
    if (message.text().startsWith(mark)) broken.push(message.text());
  });
  return broken;
}
