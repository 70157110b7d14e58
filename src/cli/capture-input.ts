/** Capture files for the commands: plain, gzip or zstd, or standard input; read as streams, with progress on a terminal. */

import { spawn } from 'node:child_process'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CaptureReader } from '../capture/capture-reader.ts'
import type { RecordCallback } from '../capture/record.ts'
import { portOfName } from '../filter/port-names.ts'
import { counted } from '../trace/counted.ts'
import { InputError, UsageError } from './arguments.ts'
import { followCapture } from './capture-follow.ts'
import { headOf, isReadOnce, packingOf } from './packing.ts'
import { say } from './say.ts'
import { REWRITTEN_MS, TerminalLine } from './terminal-line.ts'

export interface ReadingOptions {
  /** Is given the reader before it tells of anything. */
  readonly onOpen?: (reader: CaptureReader) => void
  /** Goes on reading as the file grows, until it is enough, or SIGINT comes; told of each time all has been read. */
  readonly follow?: () => Promise<void>
  /** The file, where it can be opened only once and has been. */
  readonly opened?: Readable | null
}

/**
 * Reads a capture to its end, or until enough is read. `-` is standard input. What the reader had to make up, or passed
 * over, is said on stderr.
 * @throws InputError naming the file, and where in it something is wrong; the packets before it have been told.
 */
export async function readCaptureFile(
  path: string,
  onRecord: RecordCallback,
  isEnough: () => boolean = () => false,
  options: ReadingOptions = {},
): Promise<CaptureReader> {
  const open = (): CaptureReader => {
    const reader = captureReader(onRecord)
    options.onOpen?.(reader)
    return reader
  }
  let reader: CaptureReader | null = null
  try {
    // What is piped in is read as it comes, however long it takes.
    if (options.follow !== undefined && !isReadOnce(path)) {
      return await followUntilInterrupted(path, open, isEnough, options.follow)
    }
    reader = open()
    if (isReadOnce(path)) await readStream(options.opened ?? captureStream(path), reader, isEnough)
    else await readFile(path, reader, isEnough)
  } catch (error) {
    if (error instanceof InputError || error instanceof UsageError) throw error
    throw new InputError(`${path}: ${unreadable(error as NodeJS.ErrnoException, reader)}`)
  }
  if (isEnough()) return reader
  reader.end()
  sayNotes(path, reader.notes.sentences)
  if (reader.error !== null) throw new InputError(`${path}: ${reader.error.message}`)
  return reader
}

function unreadable({ code, message }: NodeJS.ErrnoException, reader: CaptureReader | null): string {
  if (code?.startsWith('Z_') !== true) return message
  return `gzip: ${message}, behind ${counted(reader?.offset ?? 0, 'octet')} that it unpacked`
}

/**
 * The same for what is told at the end: an error behind the first packet is given back, to be thrown when all that came before it
 * has been told.
 */
export async function readUpToError(
  path: string,
  onRecord: RecordCallback,
  options: ReadingOptions = {},
): Promise<{ drops: number | null; trouble: InputError | null }> {
  let reader = null as CaptureReader | null
  const onOpen = (opened: CaptureReader): void => {
    reader = opened
  }
  try {
    const { drops } = await readCaptureFile(path, onRecord, () => false, { ...options, onOpen })
    return { drops, trouble: null }
  } catch (error) {
    if (!(error instanceof InputError) || reader === null || reader.packets === 0) throw error
    return { drops: reader.drops, trouble: error }
  }
}

/** The file that a command was given. @throws UsageError where there is none. */
export function capturePath(path: string | undefined): string {
  if (path === undefined) throw new UsageError('expected a capture file, or - for standard input')
  return path
}

/** @param count the streams that there are. */
export function noSuchStream(path: string, stream: number, count: number): Error {
  const there =
    count === 0 ? 'no TCP connection (notes on the capture: `elko diagnose`)' : `streams 0 to ${count - 1}`
  return new Error(`${path}: there is no stream ${stream}; the file has ${there}`)
}

async function followUntilInterrupted(
  path: string,
  open: () => CaptureReader,
  isEnough: () => boolean,
  onPause: () => Promise<void>,
): Promise<CaptureReader> {
  let isInterrupted = false
  const interrupt = (): void => {
    isInterrupted = true
  }
  process.once('SIGINT', interrupt)
  try {
    return await followCapture(path, { open, isEnough: () => isInterrupted || isEnough(), onPause })
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/** A reader that knows the ports of services by name. */
export function captureReader(onRecord: RecordCallback): CaptureReader {
  return new CaptureReader(onRecord, { portOf: (name) => portOfName(name)?.port ?? null })
}

export function sayNotes(path: string, sentences: readonly string[]): void {
  for (const sentence of sentences) if (sentence !== '') say(`${path}: ${sentence}`)
}

/** Of standard input, or a pipe that has a name. */
export function streamReadOnce(path: string): Readable {
  return path === '-' ? process.stdin : createReadStream(path)
}

/** The octets of a file, unpacked. @throws Error where it cannot be opened. */
export function captureStream(path: string): AsyncIterable<Uint8Array> {
  if (isReadOnce(path)) return streamReadOnce(path)
  const file = openSync(path, 'r')
  try {
    const packing = packingOf(headOf(file))
    if (packing === 'zstd') return unpacked(path)
    const stream = createReadStream(path)
    if (packing === null) return stream
    const unzipped = createGunzip()
    stream.on('error', (error) => unzipped.destroy(error))
    return stream.pipe(unzipped)
  } finally {
    closeSync(file)
  }
}

async function readFile(path: string, reader: CaptureReader, isEnough: () => boolean): Promise<void> {
  const file = openSync(path, 'r')
  try {
    if (packingOf(headOf(file)) !== null) return await readStream(captureStream(path), reader, isEnough)
    readPlain(file, reader, isEnough)
  } finally {
    closeSync(file)
  }
}

function readPlain(file: number, reader: CaptureReader, isEnough: () => boolean): void {
  const total = fstatSync(file).size
  const progress = new ReadingProgress(total)
  while (reader.error === null && !isEnough()) {
    const room = reader.room()
    const octets = readSync(file, room, 0, room.length, null)
    if (octets === 0) break
    reader.filled(octets)
    progress.show(reader)
  }
  progress.end()
}

async function readStream(
  stream: AsyncIterable<Uint8Array>,
  reader: CaptureReader,
  isEnough: () => boolean,
): Promise<void> {
  for await (const chunk of stream) {
    reader.push(chunk)
    if (reader.error !== null || isEnough()) break
  }
}

/** zstd by the program of that name: Node has its own only from 22.15 on. */
async function* unpacked(path: string): AsyncGenerator<Uint8Array> {
  const child = spawn('zstd', ['-dcq', '--', path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null | Error>((resolve) => {
    child.once('error', resolve)
    child.once('close', resolve)
  })
  let isAtEnd = false
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    isAtEnd = true
  } finally {
    if (!isAtEnd) child.kill()
  }
  // What it unpacked has been given before it is told that there was to be more.
  const end = await ended
  if (end instanceof Error)
    throw new Error('is packed with zstd, and there is no program "zstd" to unpack it')
  if (end !== 0) throw new Error(`zstd ended with exit code ${end}`)
}

/** One line on a terminal's stderr: how far, how fast, how long still. */
export class ReadingProgress {
  readonly #total: number
  readonly #line = new TerminalLine()
  readonly #start = performance.now()
  #shownAt = this.#start

  constructor(total: number) {
    this.#total = total
  }

  show({ offset, packets }: Pick<CaptureReader, 'offset' | 'packets'>): void {
    const now = performance.now()
    if (!this.#line.isSeen || now - this.#shownAt < REWRITTEN_MS) return
    this.#shownAt = now
    const seconds = (now - this.#start) / 1000
    const part = this.#total === 0 ? 1 : offset / this.#total
    const rate = (packets / seconds / 1e6).toFixed(2)
    const left = Math.ceil(seconds / part - seconds)
    this.#line.show(`${Math.floor(100 * part)} %, ${rate} million packets/s, ${left} s left`)
  }

  end(): void {
    this.#line.end()
  }
}
