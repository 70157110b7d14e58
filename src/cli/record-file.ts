/** The record of a live stack in a file: written while it runs, so that there is one when the run does not end well. */

import { closeSync, writeSync } from 'node:fs'
import { InputLog } from '../stack/input-log.ts'
import { openFile } from './output.ts'

/** So much of a run is lost at most when its process is killed. */
const FLUSH_MS = 1000

export class RecordFile {
  readonly log: InputLog
  readonly #file: string
  readonly #descriptor: number
  readonly #timer: NodeJS.Timeout
  readonly #flush = (): void => this.log.flush()
  #isLost = false

  /** @throws InputError where the file cannot be written. */
  constructor(file: string) {
    this.#file = file
    this.#descriptor = openFile(file)
    this.log = new InputLog({ sink: (octets) => this.#write(octets) })
    this.#timer = setInterval(this.#flush, FLUSH_MS).unref()
    // A process that a defect ends has the most to tell.
    process.once('exit', this.#flush)
  }

  close(): void {
    clearInterval(this.#timer)
    process.off('exit', this.#flush)
    this.log.end()
    closeSync(this.#descriptor)
  }

  /** A full disk ends the record, not the connections. */
  #write(octets: Uint8Array): void {
    if (this.#isLost) return
    try {
      for (let at = 0; at < octets.length; ) at += writeSync(this.#descriptor, octets, at)
    } catch (error) {
      this.#isLost = true
      process.stderr.write(
        `elko: cannot write ${this.#file}: ${(error as Error).message}; it is not complete\n`,
      )
    }
  }
}
