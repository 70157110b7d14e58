/** Captures with a snap length: what `tcpdump -s` leaves of them. */

import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { captureWriter } from '../../src/capture/capture-writer.ts'

/** The capture as pcapng, with no more of a packet than `octetsOf` says for its number. */
export function snapped(capture: Uint8Array, octetsOf: (number: number) => number): Uint8Array {
  const parts: Uint8Array[] = []
  const writer = captureWriter('pcapng', (octets) => parts.push(octets.slice()))
  const reader: CaptureReader = new CaptureReader((record) => {
    record.length = Math.min(record.length, octetsOf(record.number))
    writer.write(record, reader)
  })
  reader.readWhole(capture)
  writer.end(reader)
  return Buffer.concat(parts)
}
