/** A capture in one file, or in several of a size, of which the oldest may be written over. */

import {
  type CaptureSource,
  type CaptureWriter,
  captureWriter,
  type WrittenFormat,
} from '../capture/capture-writer.ts'
import type { CaptureRecord } from '../capture/record.ts'
import { OutputFile } from './capture-output.ts'

export class FileRing {
  readonly #path: string
  readonly #format: WrittenFormat
  readonly #mostOctets: number | null
  readonly #files: number | null
  #count = 0
  #file: OutputFile | null = null
  #writer: CaptureWriter | null = null
  #source: CaptureSource | null = null

  /** @param mostOctets after which the next file is begun; @param files how many there are before the first comes again. */
  constructor(path: string, format: WrittenFormat, mostOctets: number | null, files: number | null) {
    this.#path = path
    this.#format = format
    this.#mostOctets = mostOctets
    this.#files = files
  }

  /** Makes the first file, so that it is there before the first packet. @throws InputError */
  begin(source: CaptureSource): void {
    this.#source = source
    const file = new OutputFile(this.#nameOf(this.#count))
    this.#file = file
    this.#writer = captureWriter(this.#format, (octets) => file.put(octets))
  }

  /** @throws InputError, CaptureWriteError */
  write(record: CaptureRecord, source: CaptureSource): void {
    if (this.#mostOctets !== null && (this.#writer?.octets ?? 0) >= this.#mostOctets) {
      this.end()
      this.#count++
    }
    if (this.#writer === null) this.begin(source)
    this.#writer!.write(record, source)
  }

  flush(): void {
    this.#file?.flush()
  }

  end(): void {
    if (this.#source !== null) this.#writer?.end(this.#source)
    this.#file?.end()
    this.#file = null
    this.#writer = null
  }

  /** FILE, FILE1, FILE2; of a ring FILE00 to FILE99. */
  #nameOf(count: number): string {
    if (this.#files === null) return count === 0 ? this.#path : `${this.#path}${count}`
    const digits = String(this.#files - 1).length
    return `${this.#path}${String(count % this.#files).padStart(digits, '0')}`
  }
}
