// Runs the Python package in the browser. Everything comes from the page's own origin.

let evaluate = null;

const DEEPEST = 1024; // brackets: the browser's stack has room for about twice as many
const TOO_DEEP = 'Nested deeper than 1,024 levels: too deep for the browser.';

/** Whether the brackets of a text are nested deeper than the stack may take, roughly. */
function isTooDeep(text) {
  let depth = 0;
  for (let place = 0; place < text.length; place += 1) {
    const char = text.charCodeAt(place) | 32; // [ and {, ] and } differ in this bit only
    if (char === 123) {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (char === 125 && depth) {
      depth -= 1;
    }
  }
  return false;
}

async function start() {
  const { loadPyodide } = await import('./pyodide/pyodide.mjs');
  const base = new URL('./pyodide/', import.meta.url).href;
  const pyodide = await loadPyodide({ indexURL: base, packages: ['msgspec'] });
  const response = await fetch(`${base}packages.zip`);
  if (!response.ok) throw new Error(`packages.zip: ${response.status}`);
  pyodide.unpackArchive(await response.arrayBuffer(), 'zip', { extractDir: '/lib/playground' });
  evaluate = pyodide.runPython(`
import sys
sys.path.insert(0, "/lib/playground")
from filterpatterns.integrations.playground.evaluation import evaluate
evaluate
`);
}

onmessage = ({ data }) => {
  if (isTooDeep(data)) {
    postMessage({ error: TOO_DEEP });
    return;
  }
  try {
    postMessage({ answer: evaluate(data) });
  } catch (error) {
    const isFatal = error instanceof RangeError || Boolean(error.pyodide_fatal_error);
    const words = String(error.message ?? error).trim().split('\n').at(-1);
    postMessage({ error: isFatal ? TOO_DEEP : words, isFatal });
  }
};

start().then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ failed: String(error.message ?? error) }),
);
