/** What all forms of `elko read` share: a file, the packets of it that are taken and shown, and how many. */

import type { CaptureReader } from '../capture/capture-reader.ts'
import type { CaptureRecord } from '../capture/record.ts'
import type { CaptureHead } from '../flows/field.ts'
import { wholeNumber } from './arguments.ts'
import { askedTunnels } from './asked-tunnels.ts'
import { capturePath, readCaptureFile } from './capture-input.ts'
import { FrameFilter } from './frame-filter.ts'
import { LineWriter } from './line-writer.ts'

/** More packets than any file has. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** A file, and the words of a filter. */
export const MOST_WORDS = 1000

export interface Out {
  /** Counts for -c. */
  readonly write: (line: string) => void
  readonly writeBeside: (line: string) => void
}

/** What a printer is given beside where it writes. */
export interface Source {
  readonly filter: FrameFilter
  /** What is read; null before. */
  readonly file: () => CaptureHead | null
  /** Whether -c has been reached. */
  readonly isEnough: () => boolean
}

/** Asks the filters itself: the analysis wants to see packets that are not printed, too. */
export type OnRecord = (record: CaptureRecord) => void

/**
 * @param words the file, and the filter behind it.
 * @param tail what is written behind them.
 */
export async function printPackets(
  words: readonly string[],
  values: { readonly c?: string; readonly d?: readonly string[]; readonly f?: boolean; readonly Y?: string },
  printer: (out: Out, source: Source) => OnRecord,
  tail = '',
): Promise<void> {
  const limit = wholeNumber('-c', values.c, 1, NO_LIMIT) ?? NO_LIMIT
  const [given, ...expression] = words
  const path = capturePath(given)
  const filter = new FrameFilter(expression, values.Y, askedTunnels(values))
  const lines = new LineWriter(process.stdout)
  let written = 0
  let reader: CaptureReader | null = null
  const isEnough = (): boolean => written >= limit
  const onRecord = printer(
    {
      write: (line) => {
        written++
        lines.write(line)
      },
      writeBeside: (line) => lines.write(line),
    },
    { filter, file: () => reader, isEnough },
  )
  try {
    await readCaptureFile(
      path,
      (record) => {
        if (!isEnough()) onRecord(record)
      },
      isEnough,
      {
        onOpen: (opened) => {
          reader = opened
        },
        ...(values.f === true ? { follow: () => lines.flush() } : {}),
      },
    )
  } finally {
    if (tail !== '') lines.write(tail)
    await lines.flush()
  }
}
