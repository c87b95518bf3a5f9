// What answers the page's requests: the server that serves it, or Pyodide in a worker.
// Of several requests of one kind only the last is answered.

const PATIENCE = 30_000; // milliseconds after which the worker counts as stuck

/** Returns a function (kind, request) -> the answer, or null if a later request took its place. */
export function engine(onReady) {
  const kind = document.querySelector('meta[name="engine"]').content;
  return kind === 'pyodide' ? worker(onReady) : server(onReady);
}

function server(onReady) {
  const inFlight = new Map();
  onReady(null);
  return async (kind, request) => {
    inFlight.get(kind)?.abort();
    const control = new AbortController();
    inFlight.set(kind, control);
    try {
      const response = await fetch('evaluate', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(request),
        signal: control.signal,
      });
      if (!response.ok) throw new Error(await response.text());
      const answer = await response.json();
      return inFlight.get(kind) === control ? answer : null;
    } catch (error) {
      if (control.signal.aborted) return null;
      if (error instanceof TypeError) throw new Error('The server does not respond: is fp playground still running?');
      throw error;
    }
  };
}

function worker(onReady) {
  const waiting = new Map(); // kind -> { request, resolve, reject }
  let running = null;
  let thread = null;
  let isReady = false;
  let timer = 0;

  function start() {
    isReady = false;
    thread = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    thread.onmessage = ({ data }) => {
      if (data.ready) {
        isReady = true;
        onReady(null);
      } else if (data.failed) {
        onReady(data.failed);
      } else {
        clearTimeout(timer);
        const { resolve, reject } = running;
        running = null;
        if (data.error) reject(new Error(data.error));
        else resolve(JSON.parse(data.answer));
        if (data.isFatal) {
          thread.terminate();
          start();
        }
      }
      next();
    };
    thread.onerror = (event) => onReady(event.message || 'The worker cannot be loaded.');
  }

  function next() {
    if (!isReady || running || !waiting.size) return;
    const [kind, asked] = waiting.entries().next().value;
    waiting.delete(kind);
    running = asked;
    thread.postMessage(JSON.stringify(asked.request));
    timer = setTimeout(() => {
      thread.terminate();
      running = null;
      asked.reject(new Error('This takes too long in the browser: run fp on your own machine.'));
      start();
    }, PATIENCE);
  }

  start();
  return (kind, request) =>
    new Promise((resolve, reject) => {
      waiting.get(kind)?.resolve(null);
      waiting.delete(kind);
      waiting.set(kind, { request, resolve, reject });
      next();
    });
}
