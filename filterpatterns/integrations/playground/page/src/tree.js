// The tree of an explanation, from the lines that `fp explain` prints.
import { element } from './dom.js';

const MARKS = new Map([[true, '✓'], [false, '✗'], [null, '·']]);
const WORDS = new Map([[true, 'matches'], [false, 'does not match']]);

/** Returns a list of nested lists. */
export function tree(lines) {
  const root = element('ul', 'tree');
  const open = [{ level: -1, list: root, line: null, item: null }];
  lines.forEach((line, index) => {
    while (open.at(-1).level >= line.level) open.pop();
    const item = element('li', '');
    const isParent = lines[index + 1]?.level > line.level;
    const drawn = drawnLine(line, isParent && line.level > 0);
    open.at(-1).list.append(item);
    if (!isParent) {
      item.append(drawn);
      return;
    }
    const list = element('ul', '');
    if (line.level > 0) {
      const details = element('details', '', drawn, list);
      details.open = true;
      item.append(details);
    } else {
      item.append(drawn, list);
    }
    open.push({ level: line.level, list });
  });
  return root;
}

function drawnLine(line, isSummary) {
  const state = line.satisfied === null ? '' : line.satisfied ? ' holds' : ' fails';
  const mark = element('span', 'mark', line.kind === 'hint' ? '→' : MARKS.get(line.satisfied));
  mark.setAttribute('aria-hidden', 'true');
  const text = element('span', 'text');
  const spoken = line.kind === 'hint' ? 'hint: ' : WORDS.get(line.satisfied);
  if (spoken && line.kind !== 'verdict') {
    text.append(element('span', 'hidden', line.kind === 'hint' ? spoken : `${spoken}: `));
  }
  if (line.name) text.append(element('span', 'name', line.name), line.words ? ': ' : '');
  text.append(element('span', 'words', line.words));
  return element(isSummary ? 'summary' : 'div', `line ${line.kind}${state}`, mark, text);
}
