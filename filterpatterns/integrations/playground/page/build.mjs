// Builds the page into ../static, or into the folder that is given.
import { build } from 'esbuild';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, '..', 'static'));

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { page: 'src/main.js', style: 'src/style.css', worker: 'src/worker.js' },
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  external: ['./pyodide/*'],
  logLevel: 'warning',
});
await copyFile(join(here, 'index.html'), join(out, 'index.html'));

// The licenses of what is bundled, which must go with it.
const lock = JSON.parse(await readFile(join(here, 'package-lock.json'), 'utf8'));
const parts = [];
for (const [path, { version }] of Object.entries(lock.packages)) {
  const name = path.replace('node_modules/', '');
  if (!/^(@codemirror|@lezer|@marijn|crelt|style-mod|w3c-keyname)/.test(name)) continue;
  parts.push(`${name} ${version}\n\n${await readFile(join(here, path, 'LICENSE'), 'utf8')}`);
}
await writeFile(join(out, 'licenses.txt'), parts.join('\n'));
