/** Capture files that commands write: pcap or pcapng, plain, gzip or zstd by their names, or standard output. */

import { spawnSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { constants, gzipSync } from 'node:zlib'
import type { WrittenFormat } from '../capture/capture-writer.ts'
import { InputError, UsageError } from './arguments.ts'

/** Octets that are gathered before they are written, and before they are packed: each such piece is packed by itself. */
const PIECE = 256 * 1024
const PACKED_PIECE = 4 * 1024 * 1024

export const FORMATS: Readonly<Record<string, WrittenFormat | null>> = {
  pcap: 'pcap',
  'pcap-ns': 'pcap-ns',
  pcapng: 'pcapng',
}

/** pcap with nanoseconds only where the input has them: null leaves it to that. */
const EXTENSIONS: Readonly<Record<string, WrittenFormat>> = {
  pcapng: 'pcapng',
  ntar: 'pcapng',
  pcap: 'pcap',
  cap: 'pcap',
  dmp: 'pcap',
}

/**
 * What --to says, or the file's name, with .gz and .zst left out of it.
 * @returns whether the format leaves nanoseconds to the input.
 * @throws UsageError
 */
export function formatOf(
  path: string,
  to: string | undefined,
  flag = '--to',
): { format: WrittenFormat; isOpen: boolean } {
  if (to !== undefined) {
    const format = FORMATS[to]
    if (format === undefined || format === null) {
      throw new UsageError(`${flag}: expected ${Object.keys(FORMATS).join(', ')}, not "${to}"`)
    }
    return { format, isOpen: false }
  }
  const extension = /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(path)?.[1]?.toLowerCase() ?? ''
  const format = EXTENSIONS[extension]
  if (format === undefined) {
    throw new UsageError(
      `${path}: expected a name that ends in ${Object.keys(EXTENSIONS)
        .map((one) => `.${one}`)
        .join(', ')}, or ${flag}`,
    )
  }
  return { format, isOpen: format === 'pcap' }
}

type Packing = (octets: Uint8Array) => Uint8Array

/** A file that octets are put into; `end` writes what is still held. */
export class OutputFile {
  readonly path: string
  readonly #file: number
  readonly #packing: Packing | null
  #parts: Uint8Array[] = []
  #held = 0

  /** @param inputs files that must not be written over. @throws InputError */
  constructor(path: string, inputs: readonly string[] = []) {
    this.path = path
    this.#packing = packingOf(path)
    if (path === '-') {
      this.#file = process.stdout.fd
      return
    }
    if (inputs.some((input) => isSameFile(input, path))) {
      throw new InputError(`${path}: is the file that is read; write another`)
    }
    try {
      this.#file = openSync(path, 'w')
    } catch (error) {
      throw new InputError(`cannot write ${path}: ${(error as Error).message}`)
    }
  }

  put(octets: Uint8Array): void {
    this.#parts.push(octets)
    this.#held += octets.length
    if (this.#held >= (this.#packing === null ? PIECE : PACKED_PIECE)) this.flush()
  }

  /** Writes what is held. @throws InputError */
  flush(): void {
    if (this.#held === 0) return
    const piece = Buffer.concat(this.#parts)
    this.#parts = []
    this.#held = 0
    this.#write(this.#packing === null ? piece : this.#packing(piece))
  }

  end(): void {
    this.flush()
    if (this.path !== '-') closeSync(this.#file)
  }

  #write(octets: Uint8Array): void {
    for (let at = 0; at < octets.length; ) {
      try {
        at += writeSync(this.#file, octets, at)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        // A pipe that is full for the moment.
        if (code === 'EAGAIN') continue
        if (code === 'EPIPE') process.exit(0)
        throw new InputError(`cannot write ${this.path}: ${message}`)
      }
    }
  }
}

function packingOf(path: string): Packing | null {
  if (path.endsWith('.gz')) return (octets) => gzipSync(octets, { level: constants.Z_DEFAULT_COMPRESSION })
  return path.endsWith('.zst') ? packedWithZstd : null
}

/** By the program of that name: frames one after the other are one file. */
function packedWithZstd(octets: Uint8Array): Uint8Array {
  const run = spawnSync('zstd', ['-qc'], { input: octets, maxBuffer: 2 * PACKED_PIECE + octets.length })
  if (run.error !== undefined)
    throw new InputError('there is no program "zstd" to pack with: name the file .gz')
  if (run.status !== 0) throw new InputError(`zstd ended with exit code ${run.status}`)
  return run.stdout
}

function isSameFile(input: string, path: string): boolean {
  try {
    const [a, b] = [input === '-' ? fstatSync(0) : statSync(input), statSync(path)]
    return a.ino === b.ino && a.dev === b.dev && a.isFile()
  } catch {
    return false
  }
}
