/** Files beyond 4 GiB: places are exact, and the memory is that of the window. The octets are never made: only their headers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { pcapHeader } from '../../src/capture/pcap.ts'

const CAPTURED = 262_144
const RECORD = 16 + CAPTURED
const RECORDS = 17_000
/** Places of this many octets of each record's header: captured and original length. */
const LENGTHS_AT = 8

test('a pcap of 4.4 GB is read to a damaged record at its end, whose place is told', () => {
  const damagedAt = 24 + RECORDS * RECORD
  let packets = 0
  const reader = new CaptureReader((record) => {
    packets++
    assert.equal(record.length, CAPTURED)
  })
  reader.push(pcapHeader())
  let most = 0
  for (let at = 24; reader.error === null; ) {
    const room = reader.room()
    most = Math.max(most, room.buffer.byteLength)
    writeLengths(room, at, damagedAt)
    reader.filled(room.length)
    at += room.length
  }
  assert.equal(packets, RECORDS)
  assert.ok(damagedAt > 2 ** 32)
  assert.equal(reader.error.offset, damagedAt + LENGTHS_AT)
  assert.equal(reader.offset, damagedAt)
  assert.ok(most <= 16 << 20)
})

/** Puts the lengths of all records into a piece of the file that starts at `at`. */
function writeLengths(piece: Uint8Array, at: number, damagedAt: number): void {
  let k = Math.max(0, Math.floor((at - 24) / RECORD))
  for (; 24 + k * RECORD < at + piece.length; k++) {
    const header = 24 + k * RECORD
    const length = header === damagedAt ? 0xffff_ffff : CAPTURED
    for (let octet = 0; octet < 16; octet++) {
      const place = header + octet - at
      if (place < 0 || place >= piece.length) continue
      piece[place] = octet < LENGTHS_AT ? 0 : (length >>> (8 * (octet & 3))) & 0xff
    }
  }
}
