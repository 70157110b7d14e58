/** `elko convert`: a capture in another format; several captures as one, in the order of their times. */

import { CaptureNotes } from '../capture/capture-notes.ts'
import type { CaptureReader } from '../capture/capture-reader.ts'
import {
  type CaptureSource,
  CaptureWriteError,
  type CaptureWriter,
  captureWriter,
  type WrittenFormat,
} from '../capture/capture-writer.ts'
import type { CaptureRecord } from '../capture/record.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINE, InputError, readArguments, UsageError } from './arguments.ts'
import { readCaptureFile } from './capture-input.ts'
import { mergeCaptures } from './capture-merge.ts'
import { formatOf, OutputFile } from './capture-output.ts'

export const HELP = `Usage: elko convert [--to FORMAT] IN... OUT

Writes a capture in the format that the name of OUT says: .pcap, .pcapng; packed
where .gz or .zst follows. IN is any capture that elko reads: pcap, pcapng, snoop,
tcpdump's lines, tshark's JSON, packed or not; "-" is standard input or output.
Several captures become one, packets in the order of their times.

pcapng keeps interfaces with their names, descriptions and filters, comments,
directions, counts of lost packets, names of addresses, secrets, and nanoseconds.
pcap keeps packets and times, with nanoseconds where the input has them.

Options:
  --to FORMAT      pcap (microseconds), pcap-ns, pcapng

Exit code 3 where IN cannot be read to its end; what came before the error has been
written.

Examples:
  elko convert listing.txt listing.pcapng
  elko convert --to pcap-ns capture.json.gz -
  elko convert client.pcap server.pcap both.pcapng.gz
`

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { to: { type: 'string' } } as const, MOST_FILES)
  const output = positionals.at(-1)
  const inputs = positionals.slice(0, -1)
  if (output === undefined || inputs.length === 0) {
    throw new UsageError('expected a capture file to read and one to write')
  }
  const { format, isOpen } = formatOf(output, values.to)
  const target = new CaptureTarget(output, format, isOpen, inputs)
  await target.fill(async (write) => {
    const [input] = inputs
    if (inputs.length > 1) await mergeCaptures(inputs, write)
    else await readWhole(input!, write)
  })
  process.stderr.write(`${counted(target.packets, 'packet')} to ${output}\n`)
  return EXIT_FINE
}

/** Gives all packets of a file, each with its reader. */
export async function readWhole(path: string, write: Write, isEnough = (): boolean => false): Promise<void> {
  let source: CaptureReader | null = null
  const onOpen = (reader: CaptureReader): void => {
    source = reader
  }
  await readCaptureFile(path, (record) => write(record, source!), isEnough, { onOpen })
}

const MOST_FILES = 1000

export type Write = (record: CaptureRecord, source: CaptureSource) => void

/**
 * A capture file that is being written: begun with the first packet, whole whatever happens. Where nothing can be read it is
 * not touched.
 */
export class CaptureTarget {
  readonly #path: string
  readonly #inputs: readonly string[]
  #file: OutputFile | null = null
  readonly #format: WrittenFormat
  readonly #isOpen: boolean
  #writer: CaptureWriter | null = null
  #source: CaptureSource | null = null

  constructor(path: string, format: WrittenFormat, isOpen: boolean, inputs: readonly string[]) {
    this.#path = path
    this.#inputs = inputs
    this.#format = format
    this.#isOpen = isOpen
  }

  get packets(): number {
    return this.#writer?.packets ?? 0
  }

  /** Writes what `read` gives, and ends the file. @throws InputError */
  async fill(read: (write: Write) => Promise<void>): Promise<void> {
    try {
      await read((record, source) => this.#write(record, source))
    } catch (error) {
      if (this.#writer !== null) this.#end()
      if (error instanceof CaptureWriteError) throw new InputError(error.message)
      throw error
    }
    this.#end()
  }

  #end(): void {
    const source = this.#source ?? { interfaces: [], notes: new CaptureNotes() }
    const writer = this.#writer ?? this.#begin(source)
    writer.end(source)
    this.#file!.end()
  }

  #write(record: CaptureRecord, source: CaptureSource): void {
    this.#source = source
    const writer = this.#writer ?? this.#begin(source)
    writer.write(record, source)
  }

  #begin({ interfaces }: CaptureSource): CaptureWriter {
    const file = new OutputFile(this.#path, this.#inputs)
    this.#file = file
    const isFine = this.#isOpen && interfaces.some(({ resolution }) => resolution !== 6)
    this.#writer = captureWriter(isFine ? 'pcap-ns' : this.#format, (octets) => file.put(octets))
    return this.#writer
  }
}
