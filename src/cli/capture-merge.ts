/** Several captures as one: packets in the order of their times, interfaces side by side. */

import type { CaptureInterface } from '../capture/capture-file.ts'
import { CaptureNotes } from '../capture/capture-notes.ts'
import type { CaptureReader } from '../capture/capture-reader.ts'
import type { CaptureSource } from '../capture/capture-writer.ts'
import { CaptureRecord } from '../capture/record.ts'
import { InputError } from './arguments.ts'
import { captureReader, captureStream } from './capture-input.ts'

/** One of the files: packets that are read and not yet written. */
class Input {
  readonly path: string
  readonly reader: CaptureReader
  /** Index among all interfaces by its own. */
  readonly interfaces: number[] = []
  secrets = 0
  readonly #chunks: AsyncIterator<Uint8Array>
  #records: CaptureRecord[] = []
  #next = 0
  #isAtEnd = false

  constructor(path: string) {
    this.path = path
    this.reader = captureReader((record) => this.#records.push(kept(record)))
    this.#chunks = captureStream(path)[Symbol.asyncIterator]()
  }

  get first(): CaptureRecord | undefined {
    return this.#records[this.#next]
  }

  /** Goes on to the next packet. @throws InputError; the packets before the error have been given. */
  async advance(): Promise<void> {
    this.#next++
    while (this.#next >= this.#records.length && !this.#isAtEnd) {
      this.#records = []
      this.#next = 0
      const { done, value } = await this.#chunks.next()
      if (done === true) this.reader.end()
      else this.reader.push(value)
      this.#isAtEnd = done === true || this.reader.error !== null
    }
  }
}

/** The packet in memory of its own. */
function kept(record: CaptureRecord): CaptureRecord {
  const copy = new CaptureRecord()
  Object.assign(copy, record)
  copy.bytes = record.bytes.slice(record.start, record.start + record.length)
  copy.view = new DataView(copy.bytes.buffer)
  copy.start = 0
  return copy
}

/**
 * Gives all packets of the files, the earliest first; of those at the same time that of the earlier file.
 *
 * @throws InputError naming the file that cannot be read to its end, behind all packets of all files.
 */
export async function mergeCaptures(
  paths: readonly string[],
  write: (record: CaptureRecord, source: CaptureSource) => void,
): Promise<void> {
  const interfaces: CaptureInterface[] = []
  const source = { interfaces, notes: new CaptureNotes() }
  const inputs = await opened(paths)
  for (let number = 1; ; number++) {
    const input = earliest(inputs)
    if (input === null) break
    const record = input.first!
    describe(input, source)
    record.interfaceIndex = input.interfaces[record.interfaceIndex]!
    record.number = number
    write(record, source)
    await input.advance()
  }
  for (const { reader } of inputs) {
    for (const [address, names] of reader.notes.names)
      for (const name of names) source.notes.addName(address, name)
  }
  const broken = inputs.find(({ reader }) => reader.error !== null)
  if (broken !== undefined) throw new InputError(`${broken.path}: ${broken.reader.error!.message}`)
}

async function opened(paths: readonly string[]): Promise<Input[]> {
  const inputs: Input[] = []
  for (const path of paths) {
    try {
      const input = new Input(path)
      await input.advance()
      inputs.push(input)
    } catch (error) {
      throw new InputError(`${path}: ${(error as Error).message}`)
    }
  }
  return inputs
}

function earliest(inputs: readonly Input[]): Input | null {
  let best: Input | null = null
  for (const input of inputs) {
    if (input.first !== undefined && (best === null || isEarlier(input.first, best.first!))) best = input
  }
  return best
}

function isEarlier(a: CaptureRecord, b: CaptureRecord): boolean {
  return a.seconds !== b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds
}

/** Takes over interfaces and secrets that the file has told of since. */
function describe(input: Input, source: { interfaces: CaptureInterface[]; notes: CaptureNotes }): void {
  const { reader, interfaces } = input
  for (let index = interfaces.length; index < reader.interfaces.length; index++) {
    interfaces.push(source.interfaces.length)
    source.interfaces.push(reader.interfaces[index]!)
  }
  for (const { type, offset, octets } of reader.notes.secrets.slice(input.secrets)) {
    source.notes.addSecrets(type, offset, octets)
    input.secrets++
  }
}
