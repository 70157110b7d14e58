/** What a whole capture says of its connections, in one call. */

import type { CaptureError } from '../../capture/capture-file.ts'
import { CaptureReader } from '../../capture/capture-reader.ts'
import { CaptureDiagnoser, type CaptureReport } from './capture-diagnoser.ts'

export interface CaptureFileReport extends CaptureReport {
  /** What is wrong with the file and where; the report is of the packets before it. null: nothing. */
  readonly error: CaptureError | null
}

/**
 * Diagnoses the connections of a capture of any format that `elko/capture` reads. Of a file that does not fit into memory
 * give the records to a `CaptureDiagnoser` one by one.
 */
export function diagnoseCapture(octets: Uint8Array): CaptureFileReport {
  const diagnoser = new CaptureDiagnoser()
  const reader = new CaptureReader((record) => diagnoser.take(record))
  reader.readWhole(octets)
  diagnoser.noteDrops(reader.drops)
  return { ...diagnoser.report(), error: reader.error }
}
