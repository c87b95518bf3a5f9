// What is on the right: a row for each record, the funnel, and the ways to write the pattern.
import { byId, count, element } from './dom.js';

const VERDICTS = { match: '✓ match', drop: '✗ drop', error: '! error' };

/** Shows a row for each record; `onSelect` gets the number of the chosen record. */
export function showRows(answer, selected, onSelect) {
  const { rows, counts } = answer;
  const made = rows.map((row) => {
    const button = element(
      'button', `row ${row.result ?? ''}`,
      element('span', 'number', String(row.number)),
      element('span', 'verdict', VERDICTS[row.result] ?? '–'),
      element('span', 'detail', row.detail ? element('span', '', row.detail) : '', element('span', 'id', row.id ?? '')),
    );
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-checked', String(row.number === selected));
    button.setAttribute('aria-label', `Record ${row.number}: ${row.result ?? 'no verdict'}${row.detail ? `, ${row.detail}` : ''}`);
    button.tabIndex = row.number === selected ? 0 : -1;
    button.dataset.number = row.number;
    button.title = row.detail;
    button.addEventListener('click', () => onSelect(row.number));
    return button;
  });
  if (made.length && !made.some((row) => row.tabIndex === 0)) made[0].tabIndex = 0;
  if (counts.records > rows.length) {
    made.push(element('p', 'message row', `${count(counts.records - rows.length, 'more record')}`));
  }
  const hadFocus = byId('rows').contains(document.activeElement);
  byId('rows').replaceChildren(...made);
  if (hadFocus) byId('rows').querySelector('[tabindex="0"]')?.focus();
}

/** Returns a summary of the verdicts. */
export function summary({ counts }) {
  const { records, match, drop, error } = counts;
  if (!records) return 'no records yet';
  if (!match && !drop && !error) return count(records, 'record');
  const parts = [`${match.toLocaleString('en')} match`, `${drop.toLocaleString('en')} drop`];
  if (error) parts.push(`${error.toLocaleString('en')} not a record`);
  return `${count(records, 'record')}: ${parts.join(', ')}`;
}

/** Returns a table for each filter: how many records are left after each condition. */
export function funnel(funnels) {
  if (!funnels.length) return [element('p', 'message', 'Enter a valid pattern and records to see how many records each condition drops.')];
  return funnels.map((each) => {
    const table = element('table', 'funnel');
    const filters = funnels.length > 1 ? `Filter ${each.filter}, ` : '';
    table.createCaption().append(`${filters}${count(each.records, 'record')} of ${each.source}, ${each.kept.toLocaleString('en')} kept`);
    const head = table.createTHead().insertRow();
    for (const [words, name] of [['Condition', 'path'], ['Records left', 'shape'], ['', 'count'], ['Alone', 'count']]) {
      const cell = element('th', name, words);
      cell.scope = 'col';
      head.append(cell);
    }
    const body = table.createTBody();
    for (const stage of each.stages) {
      const row = body.insertRow();
      const name = element('th', 'path', stageName(stage), ...notes(stage));
      name.scope = 'row';
      const filled = element('span', '');
      filled.style.width = `${each.records ? (100 * stage.left) / each.records : 0}%`;
      const bar = element('span', 'bar', filled);
      bar.setAttribute('aria-hidden', 'true');
      row.append(
        name,
        element('td', 'shape', bar),
        element('td', 'count', stage.left.toLocaleString('en'), stage.reach === stage.left ? '' : ` (−${(stage.reach - stage.left).toLocaleString('en')})`),
        element('td', 'count', stage.alone === undefined ? '' : stage.alone.toLocaleString('en')),
      );
    }
    return table;
  });
}

function stageName(stage) {
  if (stage.stage === 'format') return `format of ${stage.payload.join(' and ')}`;
  return stage.stage === '$or' ? '$or' : stage.path;
}

function notes(stage) {
  if (stage.stage === 'format') return stage.reasons.map((one) => element('small', '', `${one.count}: ${one.detail}`));
  if (stage.stage !== 'field' || stage.present || !stage.absent) return [];
  const near = stage.near.length ? `; there is ${stage.near.join(', ')}` : '';
  return [element('small', '', `absent from every record${near}`)];
}

/** Shows the ways to write the pattern, one at a time. */
export function showSnippets(snippets, chosen, onChoose, onCopy) {
  if (!snippets?.length) {
    byId('copy').replaceChildren(element('p', 'message', 'Enter a valid pattern to copy it for CloudFormation, CDK, Terraform or the AWS CLI.'));
    return;
  }
  const current = snippets.find((one) => one.name === chosen) ?? snippets[0];
  const select = element('select', '', ...snippets.map((one) => new Option(one.name, one.name, false, one === current)));
  select.id = 'snippet-name';
  select.addEventListener('change', () => {
    onChoose(select.value);
    byId('snippet-name').focus();
  });
  const label = element('label', '', 'Write it as', select);
  const copy = element('button', '', 'Copy');
  copy.type = 'button';
  copy.id = 'copy-snippet';
  copy.addEventListener('click', () => onCopy(current.text));
  const text = element('pre', 'snippet', current.text);
  text.tabIndex = 0;
  text.setAttribute('aria-label', current.name);
  byId('copy').replaceChildren(element('div', 'copy-head', label, copy), text);
}
