/**
 * One reading of a capture in a process of its own: `node capture-measure.js NAME FILE` prints packets, seconds and KiB;
 * `capture-measure.js crowd 10000000` reads so many connections that are made on the way.
 */

import { closeSync, openSync, readSync } from 'node:fs'
import { CaptureReader } from '../src/capture/capture-reader.ts'
import type { CaptureRecord, RecordCallback } from '../src/capture/record.ts'
import { Dissector } from '../src/dissect/dissect.ts'
import { ConversationTable } from '../src/flows/conversation-table.ts'
import { FlowTracker } from '../src/flows/flow-tracker.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../src/flows/sequence-analysis.ts'
import { writeCrowd } from './capture-maker.ts'
import { pcapHeader } from './capture-packets.ts'

export interface Reading {
  readonly packets: number
  readonly seconds: number
  /** Of all cores, over the whole process. */
  readonly cpu: number
  /** Peak resident set, KiB. */
  readonly rss: number
}

/** What is done with each packet. */
const READINGS: Readonly<Record<string, () => RecordCallback>> = {
  loop: bareLoop,
  analysis() {
    const analysis = new SequenceAnalysis()
    const dissector = new Dissector((packet, tcp) => analysis.analyze(packet, tcp))
    return (record) => dissector.dissect(record)
  },
  conversations() {
    const analysis = new SequenceAnalysis()
    const table = new ConversationTable()
    const dissector = new Dissector((packet, tcp) => table.packet(packet, tcp, analysis.analyze(packet, tcp)))
    return (record) => {
      table.begin(record.seconds, record.nanoseconds)
      dissector.dissect(record)
    }
  },
  flows() {
    const analysis = new SequenceAnalysis()
    const tracker = new FlowTracker(() => {})
    const dissector = new Dissector((packet, tcp) =>
      tracker.packet(packet, tcp, analysis.analyze(packet, tcp)),
    )
    return (record) => dissector.dissect(record)
  },
}

/** The least that can be done: headers of Ethernet, IPv4 and TCP, and a table of flows by their ports and addresses. */
function bareLoop(): RecordCallback {
  const SLOTS = 1 << 21
  const slots = new Int32Array(4 * SLOTS)
  return ({ bytes, view, start, length }: CaptureRecord) => {
    if (length < 54 || view.getUint16(start + 12) !== 0x0800 || bytes[start + 23] !== 6) return
    const tcp = start + 14 + (bytes[start + 14]! & 15) * 4
    const source = view.getInt32(start + 26)
    const destination = view.getInt32(start + 30)
    const ports = view.getInt32(tcp)
    const isForward = source < destination
    const a = isForward ? source : destination
    const b = isForward ? destination : source
    const c = isForward ? ports : (ports << 16) | (ports >>> 16)
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)
    hash ^= hash >>> 15
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const at = 4 * slot
      if (slots[at + 3] === 0) {
        slots[at] = a
        slots[at + 1] = b
        slots[at + 2] = c
      } else if (slots[at] !== a || slots[at + 1] !== b || slots[at + 2] !== c) continue
      slots[at + 3]!++
      return
    }
  }
}

function read(name: string, path: string): Reading {
  const onRecord = READINGS[name]!()
  const reader = new CaptureReader(onRecord)
  const file = openSync(path, 'r')
  const start = performance.now()
  for (;;) {
    const room = reader.room()
    const octets = readSync(file, room, 0, room.length, null)
    if (octets === 0) break
    reader.filled(octets)
  }
  reader.end()
  const seconds = (performance.now() - start) / 1000
  closeSync(file)
  return readingOf(reader.packets, seconds)
}

function readingOf(packets: number, seconds: number): Reading {
  const { userCPUTime, systemCPUTime, maxRSS: rss } = process.resourceUsage()
  return { packets, seconds, cpu: (userCPUTime + systemCPUTime) / 1e6, rss }
}

/** Connections without a file, one after the other, hundreds at once: how the memory grows. */
function crowd(connections: number): Reading {
  const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
  const dissector = new Dissector((packet, tcp) => analysis.analyze(packet, tcp))
  const reader = new CaptureReader((record) => dissector.dissect(record))
  const start = performance.now()
  reader.push(pcapHeader())
  writeCrowd((octets) => reader.push(octets), connections)
  reader.end()
  const seconds = (performance.now() - start) / 1000
  return readingOf(reader.packets, seconds)
}

const [name, argument] = process.argv.slice(2)
console.log(JSON.stringify(name === 'crowd' ? crowd(Number(argument)) : read(name!, argument!)))
