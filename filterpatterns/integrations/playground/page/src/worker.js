// Runs the Python package in the browser. Everything comes from the page's own origin.

let evaluate = null;

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
  try {
    postMessage({ answer: evaluate(data) });
  } catch (error) {
    postMessage({ error: String(error.message ?? error).trim().split('\n').at(-1) });
  }
};

start().then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ failed: String(error.message ?? error) }),
);
