/** Captures and scripts: dropped on the page, chosen, or pasted. */

import { button, make } from '../views/dom.ts'
import { openDialog } from './dialogs.ts'
import type { LabState } from './lab-state.ts'
import { type NamedOctets, OpenCapture, type OpenStreams, OpenTwoCaptures } from './shown-capture.ts'
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
  readonly #onCapture: (capture: OpenStreams | null) => void
  readonly #onError: (message: string) => void

  constructor(
    state: LabState,
    onCapture: (capture: OpenStreams | null) => void,
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
      void this.openAll([...(event.dataTransfer?.files ?? [])])
    })
  }

  /** Asks for a file, or for the text of a script. */
  dialog(): void {
    const input = make('input', { type: 'file', id: 'open-file', multiple: true })
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
          'A capture (pcap, pcapng, snoop, tcpdump’s text), two captures of the same connection, a script (.pkt), or a log of a run; dropping it on the page does the same',
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
      const files = [...(input.files ?? [])]
      close()
      void this.openAll(files)
    })
  }

  /** Two captures are the two ends of one connection; of other files the first is opened, which is told. */
  async openAll([first, ...others]: readonly File[]): Promise<void> {
    if (first === undefined) return
    const problem = others.length === 1 ? await this.#openBoth(first, others[0]!) : ''
    if (problem === null || !(await this.open(first)) || others.length === 0) return
    const names = others.map(({ name }) => name).join(', ')
    const told = `${first.name} was opened; one at a time: ${names} ${others.length === 1 ? 'was' : 'were'} not.`
    this.#onError(`${problem} ${told}`.trim())
  }

  /** @returns null where it could be done; else why two captures do not go together, '' where these are not two captures. */
  async #openBoth(first: File, second: File): Promise<string | null> {
    try {
      const files = [await named(first), await named(second)] as const
      if (files.some(({ name, octets }) => isScript(name) || looksLikeLog(octets))) return ''
      this.#show(new OpenTwoCaptures(files))
      return null
    } catch (error) {
      return wordsOf(error)
    }
  }

  /** @returns whether it could be. */
  async open(file: File): Promise<boolean> {
    try {
      const { name, octets } = await named(file)
      if (isScript(name)) this.script(new TextDecoder('latin1').decode(octets), name)
      else if (looksLikeLog(octets)) {
        const shown = shownReplay(name, octets)
        this.#onCapture(null)
        this.#state.show(shown)
      } else this.#show(new OpenCapture(name, octets))
      return true
    } catch (error) {
      this.#onError(wordsOf(error))
      return false
    }
  }

  #show(capture: OpenStreams): void {
    const shown = capture.stream(capture.streams[0]!.number)
    this.#onCapture(capture)
    this.#state.show(shown)
  }

  script(text: string, name: string): void {
    this.#onCapture(null)
    this.#state.show(shownScript(text, name))
  }
}

/** @throws Error where it is too large. */
async function named(file: File): Promise<NamedOctets> {
  if (file.size > MOST_OCTETS)
    throw new Error(`${file.name} has more than ${MOST_OCTETS} octets: use elko diagnose`)
  return { name: file.name, octets: new Uint8Array(await file.arrayBuffer()) }
}

function isScript(name: string): boolean {
  return name.endsWith('.pkt')
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
