/** A capture file that grows: read on as octets come, as `tail -F` does; begun again where it is emptied or replaced. */

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import type { CaptureReader } from '../capture/capture-reader.ts'
import { InputError } from './arguments.ts'
import { headOf, packingOf } from './packing.ts'

/** How long the file is left alone before it is looked at again. */
const INTERVAL_MS = 200

export interface Following {
  /** A reader for the file as it is now: the first, and another where it begins again. */
  readonly open: () => CaptureReader
  readonly isEnough: () => boolean
  /** All that is there has been read. */
  readonly onPause: () => Promise<void>
}

/**
 * Reads until it is enough.
 * @returns the last reader.
 * @throws InputError
 */
export async function followCapture(path: string, following: Following): Promise<CaptureReader> {
  for (;;) {
    const reader = following.open()
    const file = openSync(path, 'r')
    try {
      if (packingOf(headOf(file)) !== null) throw new InputError(`${path}: is packed; -f follows plain files`)
      const why = await readOn(path, file, reader, following)
      if (why === null) return reader
      process.stderr.write(`${path}: ${why}: reading it from its start\n`)
    } finally {
      closeSync(file)
    }
  }
}

/** @returns why the file has to be read again from its start, or null where it is enough. */
async function readOn(
  path: string,
  file: number,
  reader: CaptureReader,
  { isEnough, onPause }: Following,
): Promise<string | null> {
  let position = 0
  for (;;) {
    const room = reader.room()
    const octets = readSync(file, room, 0, room.length, position)
    position += octets
    reader.filled(octets)
    if (isEnough()) return null
    if (reader.error !== null) throw new InputError(`${path}: ${reader.error.message}`)
    if (octets > 0) continue
    reader.pause()
    await onPause()
    if (isEnough()) return null
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
    if (fstatSync(file).size < position) return 'became shorter'
    if (fstatSync(file).size === position && isReplaced(path, file)) return 'is another file now'
  }
}

/** A name that leads nowhere for a moment may lead to a file again. */
function isReplaced(path: string, file: number): boolean {
  const own = fstatSync(file)
  const there = statSync(path, { throwIfNoEntry: false })
  return there !== undefined && (there.ino !== own.ino || there.dev !== own.dev)
}
