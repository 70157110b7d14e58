/** Many lines to a stream, gathered into large writes. */

import type { Writable } from 'node:stream'

/** Characters that are gathered before they are written. */
const ENOUGH = 64 * 1024

export class LineWriter {
  readonly #out: Writable
  #text = ''

  constructor(out: Writable) {
    this.#out = out
  }

  write(line: string): void {
    this.#text += `${line}\n`
    if (this.#text.length >= ENOUGH) this.#pass()
  }

  /** Waits until all lines have been taken. */
  async flush(): Promise<void> {
    this.#pass()
    await new Promise<void>((resolve) => this.#out.write('', () => resolve()))
  }

  /** `flush`, and the exit code to go on with. */
  async end(code: number): Promise<number> {
    await this.flush()
    return code
  }

  #pass(): void {
    if (this.#text === '') return
    this.#out.write(this.#text)
    this.#text = ''
  }
}
