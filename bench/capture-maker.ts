/** The captures that `npm run bench -- capture` reads: the same octets for the same numbers, written as they are made. */

import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { PacketWriter, pcapHeader } from './capture-packets.ts'

const CHUNK = 1 << 22
/** Connections that are open at once. */
const CROWD = 512
const SERVER_PORT = 443

/** Takes octets, and says when there are enough. */
export type Sink = (octets: Uint8Array) => void

/** What one connection does, a packet a step; each returns whether it goes on. */
class Connection {
  readonly #client: number
  readonly #port: number
  readonly #writer: PacketWriter
  #step = 0
  #clientSeq: number
  #serverSeq: number

  constructor(writer: PacketWriter, number: number) {
    this.#writer = writer
    this.#client = 0x0a00_0000 + 2 + Math.floor(number / 50_000)
    this.#port = 10_000 + (number % 50_000)
    this.#clientSeq = Math.imul(number, 0x9e3779b1)
    this.#serverSeq = Math.imul(number, 0x85ebca6b)
  }

  /** Handshake, request, an answer of two segments, both FINs: eleven packets, and one more in nine where one comes again. */
  next(chance: number): boolean {
    const step = this.#step++
    switch (step) {
      case 0:
        return this.#send(true, 'S', 0)
      case 1:
        return this.#send(false, 'SA', 0)
      case 2:
        return this.#send(true, 'A', 0)
      case 3:
        return this.#send(true, 'PA', 120)
      case 4:
        return this.#send(false, 'A', 0)
      case 5:
        return this.#send(false, 'A', 300)
      case 6:
        if (chance < 1 / 9) {
          this.#serverSeq = (this.#serverSeq - 300) | 0
          this.#step--
          return this.#send(false, 'A', 300) && this.#skip()
        }
        return this.#send(false, 'PA', 100)
      case 7:
        return this.#send(true, 'A', 0)
      case 8:
        return this.#send(true, 'FA', 0)
      case 9:
        return this.#send(false, 'FA', 0)
      default:
        this.#send(true, 'A', 0)
        return false
    }
  }

  /** What came again comes again once. */
  #skip(): boolean {
    this.#step = 7
    return this.#send(false, 'PA', 100)
  }

  #send(fromClient: boolean, flags: 'S' | 'SA' | 'A' | 'PA' | 'FA', length: number): boolean {
    const control = flags === 'S' || flags === 'SA' || flags === 'FA' ? 1 : 0
    const seq = fromClient ? this.#clientSeq : this.#serverSeq
    const ack = flags === 'S' ? 0 : fromClient ? this.#serverSeq : this.#clientSeq
    this.#writer.packet(fromClient, this.#client, this.#port, SERVER_PORT, seq, ack, flags, length)
    if (fromClient) this.#clientSeq = (seq + length + control) | 0
    else this.#serverSeq = (seq + length + control) | 0
    return true
  }
}

/** Many short connections, hundreds of them at once. @returns the packets. */
export function writeCrowd(sink: Sink, connections: number): number {
  const writer = new PacketWriter(sink, CHUNK)
  const open: Connection[] = []
  let started = 0
  let state = 1
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 2 ** 24
  }
  while (started < connections || open.length > 0) {
    if (started < connections && open.length < CROWD) open.push(new Connection(writer, started++))
    const index = Math.floor(random() * open.length)
    if (open[index]!.next(random())) continue
    open[index] = open.at(-1)!
    open.pop()
  }
  writer.end()
  return writer.packets
}

/** One connection that carries so many octets, an acknowledgment for every second segment. @returns the packets. */
export function writeBulk(sink: Sink, octets: number): number {
  const writer = new PacketWriter(sink, CHUNK)
  const TEXT = 1448
  const CLIENT = 0x0a00_0002
  let seq = 1000
  const server = 5000
  writer.packet(true, CLIENT, 40_000, SERVER_PORT, seq++, 0, 'S', 0)
  writer.packet(false, CLIENT, 40_000, SERVER_PORT, server, seq, 'SA', 0)
  writer.packet(true, CLIENT, 40_000, SERVER_PORT, seq, server + 1, 'A', 0)
  for (let sent = 0; sent < octets; sent += 2 * TEXT) {
    for (let k = 0; k < 2; k++) {
      writer.packet(true, CLIENT, 40_000, SERVER_PORT, seq, server + 1, 'A', TEXT)
      seq = (seq + TEXT) | 0
    }
    writer.packet(false, CLIENT, 40_000, SERVER_PORT, server + 1, seq, 'A', 0)
  }
  writer.end()
  return writer.packets
}

/** Makes a file where it is missing, so that an interrupted run leaves none. */
export function makeCapture(path: string, write: (sink: Sink) => void): number {
  if (!existsSync(path)) {
    const file = openSync(`${path}.part`, 'w')
    const sink = (octets: Uint8Array): void => {
      for (let at = 0; at < octets.length; ) at += writeSync(file, octets, at)
    }
    sink(pcapHeader())
    write(sink)
    closeSync(file)
    renameSync(`${path}.part`, path)
  }
  return statSync(path).size
}
