/** Dialogs: one element, opened as modal, closed by Escape, its button, or a choice. */

import { button, make } from '../views/dom.ts'

/** @returns what closes it. */
export function openDialog(title: string, ...children: readonly Node[]): () => void {
  const close = (): void => dialog.close()
  const heading = make('h2', { id: 'dialog-title' }, title)
  const head = make('div', { class: 'panel-head' }, heading, button('×', close, { 'aria-label': 'Close' }))
  const dialog = make('dialog', { 'aria-labelledby': 'dialog-title' }, head, ...children)
  dialog.addEventListener('close', () => dialog.remove())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) close()
  })
  document.body.append(dialog)
  dialog.showModal()
  return close
}

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['Space'], 'run or pause'],
  [['←', '→'], 'one event back or on; with Shift ten'],
  [['Home', 'End'], 'to the start, to the end'],
  [['+', '−'], 'faster, slower'],
  [['1', '…', '6'], 'diagram, graphs, states, events, compare, diagram and graph side by side'],
  [['/'], 'search the messages'],
  [['d'], 'drop the packet at the cursor, or let it pass again'],
  [['Enter'], 'more about the packet at the cursor'],
  [['c'], 'call: what a program does at the cursor'],
  [['f'], 'forge a segment'],
  [['l'], 'choose a lesson'],
  [['o'], 'open a capture or a script'],
  [['s'], 'share: a link to this very run'],
  [['?'], 'this list'],
]

export function helpDialog(): void {
  const rows = KEYS.map(([keys, what]) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, ...keys.map((key) => make('kbd', {}, key))),
      make('td', {}, what),
    ),
  )
  openDialog(
    'Keys',
    make('table', { class: 'keys' }, make('tbody', {}, ...rows)),
    make(
      'p',
      { class: 'note' },
      'Everything here is Elko’s own TCP (RFC 9293) in virtual time: the same configuration and seed give the same run, so going back is ' +
        'exact. Drop a capture (pcap, pcapng, tcpdump’s text) or a packetdrill script on the page to open it.',
    ),
  )
}
