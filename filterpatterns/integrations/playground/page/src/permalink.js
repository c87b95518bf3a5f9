// The state of the page in the fragment of its URL, which is sent to no server.

const LONGEST = 32_000; // characters of a fragment that mail and chat programs still accept
const MOST = 32 << 20; // characters of a state that is unpacked

/** Returns a fragment for a state; null if it would be too long. */
export async function pack(state) {
  const stream = new Blob([JSON.stringify(state)]).stream();
  const packed = await new Response(stream.pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer();
  if (packed.byteLength > LONGEST) return null;
  const text = btoa(Array.from(new Uint8Array(packed), (byte) => String.fromCharCode(byte)).join(''));
  return `#1${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** Returns the state in a fragment; null if there is none. */
export async function unpack(fragment) {
  if (!fragment.startsWith('#1')) return null;
  try {
    const text = atob(fragment.slice(2).replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
    const decoder = new TextDecoder();
    let unpacked = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      unpacked += decoder.decode(value, { stream: true });
      if (unpacked.length > MOST) return null;
    }
    const state = JSON.parse(unpacked + decoder.decode());
    const names = ['pattern', 'records', 'source', 'dialect', 'mapping'];
    return Object.fromEntries(names.map((name) => [name, typeof state?.[name] === 'string' ? state[name] : '']));
  } catch {
    return null;
  }
}
