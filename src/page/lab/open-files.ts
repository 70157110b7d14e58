/** Captures and scripts: dropped on the page, chosen, or pasted. */

import { button, make } from '../views/dom.ts'
import { openDialog } from './dialogs.ts'
import type { LabState } from './lab-state.ts'
import { OpenCapture } from './shown-capture.ts'
import { looksLikeLog, shownReplay } from './shown-replay.ts'
import { shownScript } from './shown-script.ts'

/** Larger files belong to the command line. */
const MOST_OCTETS = 500_000_000

const EXAMPLE = `// A listener that accepts, and a client that sends ten octets.
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0

  +0 < S 0:0(0) win 32792 <mss 1000>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 257
  +0 accept(3, ..., ...) = 4
 +.1 < P. 1:11(10) ack 1 win 257
  +0 read(4, ..., 1000) = 10`

export class OpenFiles {
  readonly #state: LabState
  readonly #onCapture: (capture: OpenCapture | null) => void
  readonly #onError: (message: string) => void

  constructor(
    state: LabState,
    onCapture: (capture: OpenCapture | null) => void,
    onError: (message: string) => void,
  ) {
    this.#state = state
    this.#onCapture = onCapture
    this.#onError = onError
    const { documentElement: root } = document
    addEventListener('dragover', (event) => {
      event.preventDefault()
      root.classList.add('dropping')
    })
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) root.classList.remove('dropping')
    })
    addEventListener('drop', (event) => {
      event.preventDefault()
      root.classList.remove('dropping')
      const [file] = event.dataTransfer?.files ?? []
      if (file !== undefined) void this.open(file)
    })
  }

  /** Asks for a file, or for the text of a script. */
  dialog(): void {
    const input = make('input', { type: 'file', id: 'open-file' })
    const text = make('textarea', { id: 'open-script', rows: 12, spellcheck: 'false' })
    text.value = EXAMPLE
    const close = openDialog(
      'Open',
      make(
        'div',
        { class: 'field tall' },
        make(
          'label',
          { for: 'open-file' },
          'A capture (pcap, pcapng, snoop, tcpdump’s text), a script (.pkt) or a log of elko sim --record; dropping it on the page does the same',
        ),
        input,
      ),
      make(
        'div',
        { class: 'field tall' },
        make('label', { for: 'open-script' }, 'Or a packetdrill script, here'),
        text,
      ),
      make(
        'div',
        { class: 'actions' },
        button(
          'Play the script',
          () => {
            close()
            this.script(text.value, 'script.pkt')
          },
          { class: 'primary' },
        ),
      ),
    )
    input.addEventListener('change', () => {
      const [file] = input.files ?? []
      close()
      if (file !== undefined) void this.open(file)
    })
  }

  async open(file: File): Promise<void> {
    try {
      if (file.size > MOST_OCTETS)
        throw new Error(`${file.name} has more than ${MOST_OCTETS} octets: use elko diagnose`)
      const octets = new Uint8Array(await file.arrayBuffer())
      if (file.name.endsWith('.pkt')) return this.script(new TextDecoder('latin1').decode(octets), file.name)
      if (looksLikeLog(octets)) {
        const shown = shownReplay(file.name, octets)
        this.#onCapture(null)
        return this.#state.show(shown)
      }
      const capture = new OpenCapture(file.name, octets)
      this.#onCapture(capture)
      this.#state.show(capture.stream(capture.streams[0]!.number))
    } catch (error) {
      this.#onError(error instanceof Error ? error.message : String(error))
    }
  }

  script(text: string, name: string): void {
    this.#onCapture(null)
    this.#state.show(shownScript(text, name))
  }
}
