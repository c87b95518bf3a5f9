// The two editors: CodeMirror with JSON, squiggles, and styles that the page's policy allows.
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import {
  bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import {
  drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers,
  placeholder,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { element } from './dom.js';

const COLORS = HighlightStyle.define([
  { tag: tags.propertyName, class: 'tok-name' },
  { tag: tags.string, class: 'tok-string' },
  { tag: tags.number, class: 'tok-number' },
  { tag: [tags.bool, tags.null], class: 'tok-atom' },
  { tag: [tags.separator, tags.squareBracket, tags.brace], class: 'tok-punctuation' },
]);

const THEME = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--paper)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--paper)', color: 'var(--quiet)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)',
  },
  '.cm-lintRange': { backgroundImage: 'none', paddingBottom: '0' },
  '.cm-lintRange-error': { textDecoration: 'underline wavy var(--fails) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--hint) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-active': { backgroundColor: 'var(--hint-ground)' },
  '.cm-tooltip, .cm-panels': {
    backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--rule)',
  },
  '.cm-diagnostic': { padding: '6px 10px' },
  '.cm-panels input, .cm-panels button': { color: 'var(--ink)', backgroundColor: 'var(--ground)', backgroundImage: 'none' },
  '.cm-placeholder': { color: 'var(--quiet)' },
});

/**
 * Returns an editor.
 * @param parent the element that it is put into
 * @param label what screen readers call it
 * @param empty what it shows while it is empty
 * @param onChange called after each change of the text
 */
export function editor(parent, label, empty, onChange) {
  const nonce = document.querySelector('meta[name="style-nonce"]').content;
  return new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
        EditorView.lineWrapping,
        EditorView.updateListener.of((update) => update.docChanged && onChange()),
        EditorState.tabSize.of(2),
        lineNumbers(),
        foldGutter(),
        lintGutter(),
        highlightSpecialChars(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        placeholder(empty),
        json(),
        syntaxHighlighting(COLORS),
        THEME,
        keymap.of([
          ...closeBracketsKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap,
          ...defaultKeymap, indentWithTab,
        ]),
      ],
    }),
  });
}

/** Replaces the text of an editor; it can be undone. */
export function setText(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

/** Shows what is wrong with an editor's text: objects with from, to, severity, code, message, hint. */
export function show(view, found) {
  const length = view.state.doc.length;
  const diagnostics = found.map((one) => ({
    from: Math.min(one.from, length),
    to: Math.min(Math.max(one.to, one.from), length),
    severity: one.severity,
    message: one.hint ? `${one.message}; hint: ${one.hint}` : one.message,
    renderMessage: () => tip(one),
  }));
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

/** Puts the cursor where a diagnostic is. */
export function goTo(view, position) {
  view.dispatch({ selection: { anchor: Math.min(position, view.state.doc.length) }, scrollIntoView: true });
  view.focus();
}

function tip(one) {
  return element(
    'div', 'tip',
    element('span', `code ${one.severity}`, one.code),
    element('span', '', one.message),
    one.hint ? element('span', 'hint', one.hint) : '',
  );
}
